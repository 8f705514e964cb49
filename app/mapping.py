"""The embedding map of a cohort as a figure, with the ECG being read on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.cohort_labels import record_groups, record_titles
from app.components.palette import Palette
from app.components.scatter import colour_by_label, colour_by_value, mark_current
from app.resources import cohort, cohort_map, embedding_of
from app.state import MapState
from physioclr.errors import SignalError
from physioclr.physiology.measurements import MEASUREMENTS

if TYPE_CHECKING:
    from physioclr.datasets.store import Store
    from physioclr.records import EcgRecord

__all__ = ["DrawnMap", "Neighbour", "colour_choices", "draw_map"]

_MEASURED = ("heart_rate_bpm", "qrs_ms", "qtc_fridericia_ms")
_LABEL = "label:"
_N_NEIGHBOURS = 5


@dataclass(frozen=True)
class Neighbour:
    """One of the cohort's ECGs most like the one being read.

    Parameters
    ----------
    row : int
        In the cohort.
    title : str
        Its id and labels.
    similarity : float
        Cosine similarity of the two embeddings.
    """

    row: int
    title: str
    similarity: float


@dataclass(frozen=True)
class DrawnMap:
    """A map and what is said about it.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
    trustworthiness : float
        In [0, 1]; see `EmbeddingMap`.
    n_left_out : int
        ECGs of the cohort without an embedding.
    neighbours : tuple of Neighbour
        Of the ECG being read, the most similar first.
    off_manifold_pct : float or None
        How unlike the cohort the ECG being read is; see `EmbeddingMap.off_manifold`.
    problem : str or None
        Why the ECG being read has no place on it.
    """

    figure: go.Figure
    trustworthiness: float
    n_left_out: int
    neighbours: tuple[Neighbour, ...] = ()
    off_manifold_pct: float | None = None
    problem: str | None = None


def colour_choices(store: Store) -> Mapping[str, str]:
    """Return what a map of this cohort can be coloured by: key to name."""
    labels = {f"{_LABEL}{name}": f"Label: {name}" for name in store.label_sets}
    measured = {name: MEASUREMENTS[name].label for name in _MEASURED}
    return {**labels, **measured}


def draw_map(state: MapState, ecg: EcgRecord | None, palette: Palette) -> DrawnMap:
    """Draw the chosen cohort in the chosen colour, and the ECG being read among it.

    Parameters
    ----------
    state : MapState
    ecg : EcgRecord or None
        The one being read.
    palette : Palette

    Raises
    ------
    PhysioclrError
        If the cohort cannot be opened, embedded or mapped.
    """
    store = cohort(state.store_path)
    mapped = cohort_map(state.store_path)
    figure = _coloured(store, mapped.rows, mapped.layout.coordinates, state.colour, palette)
    said = (figure, mapped.layout.trustworthiness, len(store) - len(mapped.rows))
    if ecg is None:
        return DrawnMap(*said)
    try:
        embedding = embedding_of(ecg)[None]
    except SignalError as error:
        return DrawnMap(*said, problem=str(error))
    near, similarities = mapped.layout.neighbours(embedding, k=min(_N_NEIGHBOURS, len(mapped.rows)))
    at_xy = mapped.layout.project(embedding)[0]
    mark_current(figure, at_xy, mapped.layout.coordinates[near[0]], palette, name=ecg.record_id)
    titles = record_titles(store)
    rows = mapped.rows[near[0]]
    return DrawnMap(
        *said,
        neighbours=tuple(
            Neighbour(int(row), titles[row], float(similarity))
            for row, similarity in zip(rows, similarities[0], strict=True)
        ),
        off_manifold_pct=float(mapped.layout.off_manifold(embedding)[0]),
    )


def _coloured(
    store: Store,
    rows: NDArray[np.intp],
    coordinates: NDArray[np.float32],
    colour: str | None,
    palette: Palette,
) -> go.Figure:
    ids = [str(record_id) for record_id in store.records["record_id"].iloc[rows]]
    if colour is not None and colour.startswith(_LABEL):
        labels = record_groups(store, colour.removeprefix(_LABEL))
        return colour_by_label(coordinates, [labels[row] for row in rows], ids, palette, rows=rows)
    name = colour or _MEASURED[0]
    kind = MEASUREMENTS[name]
    return colour_by_value(
        coordinates,
        store.measurements[name].to_numpy()[rows],
        ids,
        palette,
        rows=rows,
        title=f"{kind.label} ({kind.unit})",
        unit=kind.unit,
        decimals=kind.decimals,
    )
