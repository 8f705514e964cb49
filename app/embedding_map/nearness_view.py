"""Whom an ECG is near, in the embedding and in physiology, and where the two disagree."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from app.components.html_table import html_table
from app.components.problems import literal
from physioclr.physiology.entry_titles import entry_title

if TYPE_CHECKING:
    from physioclr.explore.nearness import Disagreement, Nearness, Neighbour

__all__ = ["agreement_sentence", "show_nearness"]


def show_nearness(nearness: Nearness, titles: Mapping[int, str]) -> None:
    """Show both neighbourhoods side by side.

    Parameters
    ----------
    nearness : Nearness
    titles : mapping of int to str
        Of each row of the cohort that is near.
    """
    st.markdown(agreement_sentence(nearness, titles))
    embedding, physiology = st.columns(2, gap="large")
    with embedding:
        st.html(_table(nearness.in_embedding, titles, "Nearest in the embedding"))
    with physiology:
        if nearness.by_physiology:
            st.html(_table(nearness.by_physiology, titles, "Nearest in physiology"))
        else:
            st.caption("Its physiology cannot be compared with this cohort’s.")


def agreement_sentence(nearness: Nearness, titles: Mapping[int, str]) -> str:
    """Say in how far the embedding and physiology agree on whom an ECG is near."""
    if not nearness.by_physiology:
        return ""
    said = (
        f"**{nearness.n_shared} of its {len(nearness.in_embedding)} nearest in the embedding are "
        f"among the nearest in physiology** ({nearness.by_chance:.1f} by chance)."
    )
    return said + (_apart(nearness.apart, titles) if nearness.apart else "")


def _apart(apart: Disagreement, titles: Mapping[int, str]) -> str:
    near = apart.neighbour
    rank = f"{near.rank_by_physiology:,}" if near.rank_by_physiology else "no rank"
    return (
        f" They disagree most on {literal(titles[near.row])}: {_ordinal(near.rank_in_embedding)} "
        f"in the embedding, {rank} in physiology (similarity {_signed(near.similarity)}), for its "
        f"{apart.group}: {literal(entry_title(apart.entry))} {apart.other:.4g} {apart.unit} "
        f"against {apart.own:.4g}."
    )


def _table(near: tuple[Neighbour, ...], titles: Mapping[int, str], heading: str) -> str:
    rows = [
        [
            titles[one.row] + (" (same patient)" if one.same_patient else ""),
            _signed(one.cosine),
            f"{one.rank_in_embedding:,}",
            "–" if math.isnan(one.similarity) else _signed(one.similarity),
            f"{one.rank_by_physiology:,}" if one.rank_by_physiology else "–",
        ]
        for one in near
    ]
    header = [heading, "Cosine", "Rank", "Physiology", "Rank"]
    return html_table(header, rows, numeric=(1, 2, 3, 4), label=heading)


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _ordinal(rank: int) -> str:
    return {1: "nearest", 2: "second", 3: "third"}.get(rank, f"{rank}th")
