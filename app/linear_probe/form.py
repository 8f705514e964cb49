"""What is asked about the next run of probes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from physioclr.probe import FRACTIONS

if TYPE_CHECKING:
    from app.state import ProbeState

__all__ = ["choose_labels", "choose_run_settings"]

_MOST_SEEDS = 10


def choose_labels(state: ProbeState, label_sets: Mapping[str, Sequence[str]]) -> None:
    """Ask for one of the cohort's label sets."""
    names = list(label_sets)
    at = names.index(state.label_set) if state.label_set in names else 0
    state.label_set = st.selectbox(
        "Label set", names, at, format_func=lambda name: f"{name} ({len(label_sets[name])} labels)"
    )


def choose_run_settings(state: ProbeState, checkpoints: Sequence[str]) -> None:
    """Ask for checkpoints, the shares of the labels, and the number of seeds."""
    which, shares, seeds = st.columns([4, 4, 2], gap="medium")
    chosen = which.multiselect(
        "Checkpoints",
        checkpoints,
        list(state.checkpoints) or checkpoints[:1],
        accept_new_options=True,
        help="A known one, or the folder of another: type it. Beside them always: an untrained "
        "encoder of the same shape, the physiology vector, and the median beat.",
    )
    state.checkpoints = tuple(one.strip() for one in chosen)
    fractions = shares.pills(
        "Shares of the labelled patients",
        FRACTIONS,
        selection_mode="multi",
        default=[one for one in FRACTIONS if one in state.fractions],
        format_func=lambda share: f"{100 * share:g} %",
        help="For the label-efficiency curve. None: no curve, and the run is sooner done.",
    )
    state.fractions = tuple(fractions)
    number = seeds.number_input(
        "Seeds",
        1,
        _MOST_SEEDS,
        state.n_seeds,
        help="Each deals other folds, draws other resamples and makes another untrained encoder.",
    )
    state.n_seeds = int(number)
