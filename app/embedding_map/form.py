"""What is asked about a map: how it is laid out, its colour, a condition, an id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from physioclr.explore.map_layout import METHODS, METRICS, MapSettings

if TYPE_CHECKING:
    from app.state import MapState

__all__ = ["CLUSTER_SIZES", "layout_form", "view_inputs"]

CLUSTER_SIZES = (5, 500)
"""The fewest and most ECGs that a cluster can be asked to have at least."""


def layout_form(settings: MapSettings) -> MapSettings | None:
    """Ask how the map is to be laid out; return it once it is asked for.

    Parameters
    ----------
    settings : MapSettings
        As it is.
    """
    columns = st.columns([3, 3, 3, 3, 2, 3], gap="medium", vertical_alignment="bottom")
    at = list(METHODS).index(settings.method)
    method = columns[0].selectbox("Method", list(METHODS), at, METHODS.__getitem__)
    n_neighbors, min_dist = settings.n_neighbors, settings.min_dist
    perplexity = settings.perplexity
    if method == "umap":
        n_neighbors = columns[1].number_input(
            "Neighbours", 2, 200, n_neighbors, help="Few show small groups, many the whole."
        )
        min_dist = columns[2].number_input("Minimal distance", 0.0, 1.0, min_dist, step=0.05)
    elif method == "tsne":
        perplexity = columns[1].number_input(
            "Perplexity", 2.0, 200.0, perplexity, step=5.0, help="About how many are near each ECG."
        )
    metric = columns[3].selectbox("Distance", METRICS, METRICS.index(settings.metric))
    seed = columns[4].number_input("Seed", 0, 2**31 - 1, settings.seed)
    if not columns[5].button("Lay out", icon=":material/scatter_plot:", width="stretch"):
        return None
    return MapSettings(
        method=method,
        n_neighbors=int(n_neighbors),
        min_dist=float(min_dist),
        perplexity=float(perplexity),
        metric=metric,
        seed=int(seed),
    )


def view_inputs(state: MapState, choices: Mapping[str, str]) -> None:
    """Ask for a colour, a condition and an id, and keep them in the state."""
    colour, condition, sought = st.columns([3, 4, 2], gap="medium")
    names = list(choices)
    at = names.index(state.colour) if state.colour in names else 0
    chosen = colour.selectbox(
        "Colour", names, at, choices.__getitem__, key=f"map_colour_{state.opened}"
    )
    state.colour = chosen if chosen != names[0] else ""
    state.query = condition.text_input(
        "Only ECGs with",
        state.query,
        placeholder="age_years >= 65 and qrs_ms > 120 and acceptable",
        help="A condition over the columns of the cohort: what is stated (age_years, sex, fold, "
        "quality_score, acceptable), measurements (heart_rate_bpm, qrs_ms, …), and labels as "
        "`set/label` == 1, in backticks.",
        key=f"map_query_{state.opened}",
    ).strip()
    state.sought = sought.text_input(
        "Find an id",
        state.sought,
        placeholder="all or a part of it",
        key=f"map_sought_{state.opened}",
    ).strip()
    if state.colour == "cluster":
        state.cluster_size = int(
            st.number_input(
                "ECGs in a cluster, at least",
                *CLUSTER_SIZES,
                state.cluster_size,
                step=5,
                width=240,
                key=f"map_cluster_size_{state.opened}",
            )
        )
