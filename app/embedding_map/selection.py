"""What is selected on the map: its strips, what sets it apart, and where it goes from here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from app.components.ecg_paper import ecg_paper
from app.components.ecg_view import record_heading, show_paper
from app.components.palette import palette_for
from app.components.problems import literal, showing_problems
from app.components.strips import ecg_strip
from app.embedding_map.enrichment_table import enrichment_table
from app.embedding_map.maps import (
    open_saved_selection,
    save_rows,
    selection_csv,
    titles_of,
)
from app.embedding_map.nearness_view import show_nearness
from app.navigation import go_to
from app.resources import cohort, compared
from app.state import MapState, app_state
from physioclr.datasets.selection import saved_selections, selections_of, whole_fingerprint
from physioclr.explore.nearness import nearness_of_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from app.embedding_map.maps import InSight, MapShown
    from physioclr.datasets.store import Store

__all__ = ["show_selection"]

_STRIPS_A_PAGE = 6
_STRIP_LEADS = {"II": ("II",), "II, V1, V5": ("II", "V1", "V5")}


def show_selection(state: MapState, shown: MapShown, in_sight: InSight) -> None:
    """Show one selected ECG with its neighbours, or several with what sets them apart."""
    _offer_saved(state, shown.store)
    if not state.rows:
        st.info(
            "Click a point to see its ECG and whom it is near. Draw a lasso or a box to see the "
            "strips of many and what sets them apart."
        )
        return
    rows = in_sight.selected(state.rows)
    with showing_problems():
        if not rows:
            _heading(state, f"None of the {len(state.rows):,} ECGs selected meets the condition")
        elif len(rows) == 1:
            _show_ecg(state, shown, rows[0])
        else:
            _show_group(state, shown, in_sight, rows)


def _offer_saved(state: MapState, store: Store) -> None:
    names = list(selections_of(store))
    if not names:
        return
    at = names.index(state.selection) if state.selection in names else None
    name = st.selectbox(
        "Saved selection",
        names,
        at,
        placeholder="Show one that was saved",
        key=f"saved_{state.selection}_{hash(state.rows)}",
    )
    if name is not None and name != state.selection:
        open_saved_selection(state, store, name)
        st.rerun()


def _heading(state: MapState, text: str) -> None:
    said, clear = st.columns([6, 2], gap="medium", vertical_alignment="center")
    said.html(f'<div class="pc-facts"><b role="status">{text}</b></div>')
    clear.button(
        "Clear the selection",
        icon=":material/deselect:",
        width="stretch",
        on_click=partial(state.select, ()),
    )


def _open_to_read(state: MapState, store: Store, row: int) -> None:
    read = app_state().read
    read.open(store.record(row), demo_row=None if state.store_path else row)
    state.read_from = (read.opened, whole_fingerprint(store) or "")
    go_to("read")


def _show_ecg(state: MapState, shown: MapShown, row: int) -> None:
    store = shown.store
    record = store.record(row)
    (title,) = titles_of(store, [row])
    _heading(state, "1 ECG selected")
    heading, button = st.columns([6, 2], gap="medium", vertical_alignment="center")
    with heading:
        record_heading(record)
        st.caption(literal(title))
    if button.button("Open in “Read an ECG”", icon=":material/ecg:", width="stretch"):
        _open_to_read(state, store, row)
    near = nearness_of_row(row, store, shown.mapped)
    if near is not None:
        rows = [one.row for one in (*near.in_embedding, *near.by_physiology)]
        show_nearness(near, dict(zip(rows, titles_of(store, rows), strict=True)))
    show_paper(ecg_paper(record, palette_for(st.context.theme.type)), record, key="map")


def _show_group(state: MapState, shown: MapShown, in_sight: InSight, rows: tuple[int, ...]) -> None:
    within = shown.mapped.rows[in_sight.on(shown)]
    share = np.isin(within, rows).sum() / max(len(within), 1)
    of = "of those that meet the condition" if in_sight.condition else "of the map"
    n_hidden = len(state.rows) - len(rows)
    _heading(
        state,
        f"{len(rows):,} ECGs selected, {100 * share:.0f} % {of}"
        + (f"; {n_hidden:,} more do not meet it" if n_hidden else ""),
    )
    strips, apart, onward = st.tabs(["Strips", "What sets them apart", "Save, export, probe"])
    with strips:
        _strips(rows)
    with apart, showing_problems():
        _show_apart(shown.store, rows, within, in_sight.condition)
    with onward, showing_problems():
        _show_onward(state, shown.store, rows)


def _show_apart(
    store: Store, rows: tuple[int, ...], within: NDArray[np.intp], condition: str
) -> None:
    """Say what sets some ECGs apart from the others that are shown on the map."""
    table = compared(store, rows, tuple(map(int, within)))
    n_others = len(within) - int(np.isin(within, rows).sum())
    which = f" that meet the condition {literal(condition)}" if condition else ""
    st.caption(f"Compared with the {n_others:,} other ECGs of the map{which}.")
    everything = st.toggle("Also what does not differ", key="apart_everything")
    st.html(enrichment_table(table, everything=everything))
    st.download_button(
        "Download all comparisons as CSV",
        data=table.to_csv(index=False).encode(),
        file_name="comparisons.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


@st.fragment
def _strips(rows: tuple[int, ...]) -> None:
    """Show a page of strips; another page reads its own ECGs and runs nothing else."""
    state = app_state().map
    store = cohort(state.store_path)
    n_pages = -(-len(rows) // _STRIPS_A_PAGE)
    state.page = min(state.page, n_pages - 1)
    choice, page = st.columns([4, 4], gap="medium", vertical_alignment="bottom")
    names = list(_STRIP_LEADS)
    now = next((name for name, leads in _STRIP_LEADS.items() if leads == state.strip_leads), "II")
    with choice:
        leads = st.segmented_control("Leads", names, default=now, key="strip_leads") or now
    state.strip_leads = _STRIP_LEADS[leads]
    with page:
        _pager(state, n_pages)
    first = state.page * _STRIPS_A_PAGE
    for row in rows[first : first + _STRIPS_A_PAGE]:
        _show_strip(state, store, row)


def _pager(state: MapState, n_pages: int) -> None:
    def turn(by: int) -> None:
        state.page = (state.page + by) % n_pages

    back, said, on = st.columns([1, 3, 1], vertical_alignment="center")
    one_page = n_pages == 1
    back.button(
        "‹", key="strips_back", on_click=turn, args=(-1,), disabled=one_page, width="stretch"
    )
    on.button("›", key="strips_on", on_click=turn, args=(1,), disabled=one_page, width="stretch")
    said.html(
        f'<div style="text-align:center" class="pc-quiet">Page {state.page + 1:,} of '
        f"{n_pages:,}</div>"
    )


def _show_strip(state: MapState, store: Store, row: int) -> None:
    record = store.record(row)
    (title,) = titles_of(store, [row])
    said, button = st.columns([7, 1], gap="small", vertical_alignment="center")
    said.markdown(f"**{literal(title)}**{_age_and_sex(record.meta)}")
    if button.button("Open", key=f"open_{row}", help="Open in “Read an ECG”", width="stretch"):
        _open_to_read(state, store, row)
    with st.container(key=f"ecg_paper_strip_{row}"):
        st.html(ecg_strip(record, state.strip_leads, palette_for(st.context.theme.type)))


def _age_and_sex(meta: Mapping[str, Any]) -> str:
    age, sex = meta.get("age_years"), meta.get("sex")
    facts = [f"{age:.0f} years" if age is not None else "", str(sex or "")]
    return "".join(f" · {literal(fact)}" for fact in facts if fact)


def _show_onward(state: MapState, store: Store, rows: tuple[int, ...]) -> None:
    """Save the selection, send it to the probe, or take it away as a table."""
    name, save, probe = st.columns([4, 2, 2], gap="medium", vertical_alignment="bottom")
    chosen = name.text_input(
        "Name",
        state.selection,
        placeholder="as it is to be found again",
        key="selection_name",
    )
    is_saved = bool(state.selection) and chosen == state.selection and rows == state.rows
    saves = save.button("Save as a cohort", icon=":material/save:", width="stretch")
    probes = probe.button("Send to the probe", icon=":material/analytics:", width="stretch")
    if (saves or probes) and not is_saved:
        save_rows(store, rows, chosen)
        state.select(rows)
        state.selection = chosen.strip()
    if probes:
        _probe(state)
    if saves:
        st.rerun()
    if state.selection:
        st.caption(
            f"Saved as {literal(state.selection)}: every page that asks for a cohort has it."
        )
    st.download_button(
        "Download as CSV",
        data=partial(selection_csv, store, rows),
        file_name="selection.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def _probe(state: MapState) -> None:
    app_state().probe.store_path = saved_selections()[state.selection]
    go_to("probe")
