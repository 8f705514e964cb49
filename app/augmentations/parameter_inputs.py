"""Inputs for the parameters of an augmentation, drawn from its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from physioclr.augment import Parameter

__all__ = ["parameter_inputs"]


def parameter_inputs(
    parameters: Sequence[Parameter], values: Mapping[str, object], *, key: str
) -> dict[str, object]:
    """Ask for each parameter; return the values by name.

    Parameters
    ----------
    parameters : sequence of Parameter
    values : mapping of str to object
        What was chosen before; the default where absent.
    key : str
        The augmentation's.
    """
    return {
        parameter.name: _input(
            parameter, values.get(parameter.name, parameter.default), f"{key}_{parameter.name}"
        )
        for parameter in parameters
    }


def _input(parameter: Parameter, value: object, key: str) -> object:
    unit = f" ({parameter.unit})" if parameter.unit else ""
    if parameter.kind == "choice":
        options = dict(parameter.options or {})
        return st.selectbox(
            parameter.label,
            list(options),
            index=list(options).index(value),
            format_func=options.__getitem__,
            key=key,
        )
    return st.slider(
        f"{parameter.label}{unit}",
        float(parameter.low),
        float(parameter.high),
        float(str(value)),
        step=float(parameter.step),
        format="%g",
        key=key,
    )
