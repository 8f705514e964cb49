"""The sections of the page about pairs: is this pair a positive, and what δ does to a cohort."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from app.components.ecg_view import record_heading
from app.components.html_table import html_table
from app.components.palette import palette_for
from app.components.problems import showing_problems
from app.components.strips import ecg_strip
from app.inputs.cohort_choice import choose_cohort
from app.inputs.ecg import choose_ecg, current_ecg
from app.pair_inspector.figures import contribution_bars, positives_histogram
from app.resources import cohort, physiology_of, similarity_of
from app.state import app_state
from physioclr.physiology.entry_titles import entry_quantity, entry_title
from physioclr.physiology.explanation import explain_similarity

if TYPE_CHECKING:
    from app.state import PairState
    from physioclr.physiology.explanation import SimilarityExplanation
    from physioclr.records import EcgRecord

__all__ = ["choose_pair", "show_cohort", "show_pair"]

_MOST_ENTRIES = 8


def choose_pair(state: PairState) -> tuple[EcgRecord, EcgRecord] | None:
    """Ask for the ECG to pair with the one being read, and for δ; return both ECGs."""
    read = current_ecg()
    choose_ecg(state.other, key="pairs")
    _choose_delta(state)
    other = state.other.record
    if read is None or other is None:
        st.info("Upload or pick an ECG to pair with the one being read.", icon=":material/join:")
        return None
    return read, other


def _choose_delta(state: PairState) -> None:
    state.delta = st.slider(
        "δ: the similarity from which another ECG is a positive",
        -1.0,
        1.0,
        state.delta,
        0.05,
        key="pair_delta",
        help="Similarity is the cosine of two physiological vectors, robustly scaled and laid on "
        "principal components; 0.25 by default in the objective “physioclr”.",
    )


def show_pair(state: PairState, read: EcgRecord, other: EcgRecord) -> None:
    """Say whether two ECGs are a positive, and by what."""
    with showing_problems():
        _show_pair(state, read, other)


def _show_pair(state: PairState, read: EcgRecord, other: EcgRecord) -> None:
    found = explain_similarity(physiology_of(read), physiology_of(other))
    st.html(f'<div class="pc-facts"><b role="status">{_verdict(found, state.delta)}</b></div>')
    palette = palette_for(st.context.theme.type)
    columns = st.columns(2, gap="medium")
    for column, which, record in zip(columns, ("read", "other"), (read, other), strict=True):
        with column:
            record_heading(record)
            with st.container(key=f"ecg_paper_strip_pair_{which}"):
                st.html(ecg_strip(record, ["II"], palette))
    if not math.isfinite(found.similarity):
        return
    groups, entries = st.columns([4, 5], gap="medium")
    with groups:
        st.subheader("By which measurements")
        st.plotly_chart(
            contribution_bars(found.contributions, found.similarity, state.delta, palette),
            key="pair_groups",
            config={"displayModeBar": False},
        )
    with entries:
        st.subheader("Where they differ most")
        st.html(_entries(found))


def _verdict(found: SimilarityExplanation, delta: float) -> str:
    if not math.isfinite(found.similarity):
        return f"Neither a positive nor a negative: {found.reason}."
    at = f"similarity {found.similarity:+.2f}, δ {delta:+.2f}".replace("-", "−")
    if found.similarity >= delta:
        return f"A positive: {at}. Pretraining draws these two together."
    return f"A negative: {at}. Pretraining pushes these two apart."


def _entries(found: SimilarityExplanation) -> str:
    quantities = found.entries["entry"].map(entry_quantity)
    differing = found.entries[~quantities.duplicated()].head(_MOST_ENTRIES)
    rows = [
        [
            entry_title(row["entry"]),
            f"{row['a']:.3g}".replace("-", "−"),
            f"{row['b']:.3g}".replace("-", "−"),
            str(row["unit"]),
            f"{row['difference_sd']:+.1f}".replace("-", "−"),
        ]
        for row in differing.to_dict("records")
    ]
    return html_table(
        ["Entry", "Being read", "Other", "Unit", "SD apart"],
        rows,
        numeric=(1, 2, 4),
        caption="Of each quantity the beat or statistic that differs most. SD: robust standard "
        "deviation of the reference cohort; beyond 5 a value counts as 5.",
        label="Entries that differ most",
    )


@st.fragment
def show_cohort() -> None:
    """Show what δ does to a cohort: how many positives an ECG has, and whether they are alike."""
    from physioclr.explore.pairs import positives_at

    state = app_state().pairs
    st.subheader("In a cohort")
    where, what = st.columns([4, 4], gap="medium")
    with where:
        state.store_path = choose_cohort(state.store_path, key="pairs")
    with showing_problems():
        store = cohort(state.store_path)
        rows, similarity = similarity_of(store)
        sets = list(store.label_sets)
        targets = None
        if sets:
            at = sets.index(state.label_set) if state.label_set in sets else 0
            with what:
                state.label_set = st.selectbox("Labels to compare", sets, at, key="pairs_labels")
            targets = store.labels(state.label_set).to_numpy(np.float64)[rows]
        found = positives_at(similarity, state.delta, targets)
        n_others = len(rows) - 1
        none = 100 * float((found.per_anchor == 0).mean())
        facts = [
            f"<b>{np.median(found.per_anchor):,.0f}</b> positives an ECG in the median, of "
            f"{n_others:,} others",
            f"<b>{none:.0f} %</b> of the ECGs have none",
        ]
        if math.isfinite(found.share_alike):
            facts.append(
                f"<b>{100 * found.share_alike:.0f} %</b> of the positives share a label (all "
                f"pairs: {100 * found.share_by_chance:.0f} %)"
            )
        spans = "".join(f"<span>{fact}</span>" for fact in facts)
        st.html(f'<div class="pc-facts">{spans}</div>')
        st.plotly_chart(
            positives_histogram(found.per_anchor, palette_for(st.context.theme.type)),
            key="pair_positives",
            config={"displayModeBar": False},
        )
        compared = (
            f"{len(rows):,} of its {len(store):,} ECGs"
            if len(rows) < len(store)
            else (f"all its {len(store):,} ECGs")
        )
        st.caption(
            f"{'Simulated ECGs. ' if store.simulated else ''}Compared: {compared}, in the shipped "
            "reference space. A run fits a space of its own to its cohort, and a batch holds a few "
            "of these pairs."
        )
