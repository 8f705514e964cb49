"""The objectives by name, and a configuration from a name and settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from physioclr.objectives.cmsc import Cmsc
from physioclr.objectives.jepa import Jepa
from physioclr.objectives.mae import Mae
from physioclr.objectives.objective import Objective
from physioclr.objectives.physioclr import Physioclr
from physioclr.objectives.simclr import SimClr
from physioclr.objectives.supervised import Supervised
from physioclr.objectives.three_kg import ThreeKg
from physioclr.objectives.w2v_cmsc_rlm import W2vCmscRlm
from physioclr.runtime.plugins import PluginTable

__all__ = ["OBJECTIVES", "objective_config", "objective_name"]


def _objective(name: str, found: object) -> type[Objective]:  # noqa: ARG001
    if not (isinstance(found, type) and issubclass(found, Objective)):
        raise TypeError(f"a subclass of Objective, got {found!r}")
    if not is_dataclass(getattr(found, "Config", None)):
        raise TypeError("a subclass of Objective whose Config is a dataclass")
    if missing := [each for each in ("title", "citation") if not hasattr(found, each)]:
        raise TypeError(f"a subclass of Objective with a {missing[0]}")
    return found


OBJECTIVES: PluginTable[type[Objective]] = PluginTable(
    "physioclr.objectives",
    _objective,
    {
        "physioclr": Physioclr,
        "simclr": SimClr,
        "cmsc": Cmsc,
        "3kg": ThreeKg,
        "w2v_cmsc_rlm": W2vCmscRlm,
        "mae": Mae,
        "jepa": Jepa,
        "supervised": Supervised,
    },
)
"""Every objective by the name it has on the command line and in a checkpoint's card."""


def objective_name(config: object) -> str:
    """Return the name of the objective that a configuration is of.

    Parameters
    ----------
    config : object

    Returns
    -------
    str

    Raises
    ------
    TypeError
        If it is of none.
    """
    for name, objective in OBJECTIVES.items():
        if type(config) is objective.Config:
            return name
    raise TypeError(
        f"objective must be the Config of an objective, got {type(config).__name__}; use_plugin "
        "makes an objective known that is not installed"
    )


def objective_config(name: str, settings: Sequence[str] = ()) -> Any:
    """Make a configuration from what a shell can say.

    Parameters
    ----------
    name : str
        One of `OBJECTIVES`.
    settings : sequence of str
        Each as ``field=value``; ``none`` stands for None.

    Returns
    -------
    object
        An instance of the objective's `Config`, with its defaults where nothing is said.

    Raises
    ------
    ValueError
        If there is no such objective or field, or a value does not fit it.
    """
    if name not in OBJECTIVES:
        raise ValueError(OBJECTIVES.why_not(name))
    kind = OBJECTIVES[name].Config
    known = [field.name for field in fields(kind)]
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for setting in settings:
        field, equals, text = setting.partition("=")
        if not equals or field not in known:
            raise ValueError(
                f"a setting of {name} must be one of {', '.join(known)}, as name=value, "
                f"got {setting!r}"
            )
        value = None if text.lower() == "none" else text
        try:
            values[field] = TypeAdapter(hints[field]).validate_python(value)
        except ValidationError as error:
            problem = error.errors()[0]["msg"]
            raise ValueError(f"{field}: {problem}, got {text!r}") from error
    return kind(**values)
