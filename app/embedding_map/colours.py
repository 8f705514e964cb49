"""What a map can be coloured by, and the colour of each of its ECGs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from app.embedding_map.scatter import Groups, Numbers
from app.inputs.cohort_labels import NO_LABEL, SEVERAL_LABELS
from app.resources import map_clusters, map_predictions
from physioclr.interpretation.statement import STATES
from physioclr.interpretation.vocabulary import VOCABULARY
from physioclr.physiology.angles import ANGLES
from physioclr.physiology.measurements import MEASUREMENTS

if TYPE_CHECKING:
    from app.embedding_map.maps import MapShown
    from physioclr.datasets.store import Store
    from physioclr.encoders.card import HeadCard
    from physioclr.encoders.encoder import Encoder

__all__ = ["colour_choices", "colours_of"]

_NOT_STATED = "not stated"
_DEFAULT = "measurement/heart_rate_bpm"
# Of the table of records: name on screen, and unit where it is a number.
_STATED = {
    "age_years": ("Age", "years"),
    "sex": ("Sex", None),
    "quality_score": ("Signal quality", "%"),
    "acceptable": ("Acceptable signal", None),
    "source": ("Cohort", None),
    "fold": ("Fold", None),
}


def colour_choices(shown: MapShown) -> dict[str, str]:
    """Return what a map can be coloured by: key to name, the first by default."""
    store, by = shown.store, shown.predicting
    measured = {
        f"measurement/{name}": _titled(MEASUREMENTS[name].label, MEASUREMENTS[name].unit)
        for name in MEASUREMENTS
        if name in store.measurements and store.measurements[name].notna().any()
    }
    stated = {
        f"record/{name}": _titled(title, unit)
        for name, (title, unit) in _STATED.items()
        if name in store.records and store.records[name].notna().any()
    }
    choices = {_DEFAULT: measured.pop(_DEFAULT)} if _DEFAULT in measured else {}
    for label_set, names in store.label_names.items():
        choices[f"set/{label_set}"] = f"Label · {label_set}"
        for label, name in names.items():
            choices[f"label/{label_set}/{label}"] = f"Label · {label_set}: {name}"
    by_criteria = {
        f"statement/{code}": f"By criteria · {VOCABULARY[code.upper()].text}"
        for code in map(str, store.statements)
        if code.upper() in VOCABULARY and (store.statements[code] == "present").any()
    }
    labels = _first_head(by.encoder)[1].labels if by else ()
    predicted = {
        f"prediction/{label.name}": f"Prediction · {label.display_name}" for label in labels
    }
    clusters = {"cluster": "Cluster (HDBSCAN)"}
    return choices | measured | stated | by_criteria | clusters | predicted


def colours_of(shown: MapShown, choice: str, cluster_size: int) -> Numbers | Groups:
    """Return the colour of each ECG of a map.

    Parameters
    ----------
    shown : MapShown
    choice : str
        A key of `colour_choices`.
    cluster_size : int
        ECGs a cluster has at least.
    """
    store, rows = shown.store, shown.mapped.rows
    kind, _, name = choice.partition("/")
    # Of the whole cohort first, so that a group has one colour on all its maps.
    if kind == "measurement":
        measured = MEASUREMENTS[name]
        values = store.measurements[name].to_numpy(np.float64)
        numbers = Numbers(
            measured.label, measured.unit, measured.decimals, values, cyclic=name in ANGLES
        )
        return numbers.of(rows)
    if kind == "record":
        return _stated(store, name).of(rows)
    if kind == "set":
        return _label_groups(store, name).of(rows)
    if kind == "label":
        return _label(store, *name.split("/", 1)).of(rows)
    if kind == "statement":
        return _statement(store, name).of(rows)
    if kind == "prediction":
        return _predicted(shown, name)
    clusters, names = map_clusters(store, shown.encoder, shown.settings, cluster_size)
    known = sorted(names)
    codes = np.searchsorted(known, clusters)
    return Groups(
        "Cluster",
        tuple(names[cluster] for cluster in known),
        np.where(clusters < 0, -1, codes),
        unknown="in no cluster",
    )


def _titled(title: str, unit: str | None) -> str:
    return f"{title} ({unit})" if unit else title


def _stated(store: Store, name: str) -> Numbers | Groups:
    title, unit = _STATED[name]
    column = store.records[name]
    if unit is not None:
        values = column.to_numpy(np.float64, na_value=np.nan)
        if unit == "%":
            return Numbers(title, unit, 0, 100 * values)
        return Numbers(title, unit, 0, values, unknown=_NOT_STATED)
    codes, kinds = pd.factorize(column, sort=True)
    return Groups(title, tuple(map(_said, kinds)), codes, unknown=_NOT_STATED)


def _said(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _label_groups(store: Store, label_set: str) -> Groups:
    """Return one group an ECG: its label, or that it has none or several."""
    table = store.labels(label_set)
    present = table.to_numpy() == 1.0
    n_labels = present.shape[1]
    names: Sequence[str] = list(store.label_names[label_set].values())
    n_present = present.sum(axis=1)
    codes = np.where(n_present == 1, present.argmax(axis=1), n_labels)
    codes = np.where(n_present > 1, n_labels + 1, codes)
    codes = np.where(table.isna().all(axis=1).to_numpy(), -1, codes)
    return Groups(label_set, (*names, NO_LABEL, SEVERAL_LABELS), codes)


def _label(store: Store, label_set: str, label: str) -> Groups:
    values = store.labels(label_set)[label].to_numpy(np.float64)
    name = store.label_names[label_set][label]
    codes = np.where(np.isnan(values), -1, (values != 1).astype(np.int64))
    return Groups(name, (name, f"not {name}"), codes)


def _statement(store: Store, code: str) -> Groups:
    """Return one group a state of a finding; not assessable is unknown."""
    known: list[str] = [state for state in STATES if state != "not assessable"]
    states = store.statements[code].to_numpy(dtype=object)
    codes = np.array([known.index(state) if state in known else -1 for state in states])
    return Groups(VOCABULARY[code.upper()].text, tuple(known), codes, unknown="not assessable")


def _predicted(shown: MapShown, label: str) -> Numbers:
    """Return the probability of a label; NaN where the map that tells it lacks the ECG."""
    by = shown.predicting
    if by is None:
        raise ValueError(f"label must be one that a head predicts, got {label!r}")
    head, card = _first_head(by.encoder)
    column = [one.name for one in card.labels].index(label)
    found = map_predictions(by.store, by.encoder, by.settings, head)[:, column]
    of_row = np.full(len(shown.store), np.nan)
    of_row[by.mapped.rows] = 100 * found
    title = f"Prediction: {card.labels[column].display_name}"
    return Numbers(title, "%", 0, of_row[shown.mapped.rows], unknown="no prediction")


def _first_head(loaded: Encoder) -> tuple[str, HeadCard]:
    name = next(iter(loaded.heads))
    return name, loaded.card.heads[name]
