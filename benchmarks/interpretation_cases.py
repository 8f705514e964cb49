"""The labelled ECGs the interpretation is scored on, and what their cohorts say of them."""

from __future__ import annotations

import ast
import pickle
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from physioclr.datasets.cohort import CohortRecord
from physioclr.datasets.sources import find_cohort
from physioclr.physiology.beat_features import BeatFeatures, compute_beat_features
from physioclr.physiology.measurements import Measurements, summarise
from physioclr.records import EcgRecord
from physioclr.signal.delineation import Delineation, delineate
from physioclr.signal.quality import Quality, assess_quality

__all__ = ["COHORTS", "Case", "read_cases"]

COHORTS = ("ptb-xl", "cpsc2018", "ludb", "chapman", "challenge2021")


@dataclass(frozen=True, eq=False)
class Case:
    """One ECG, measured, with the labels its cohort gives it.

    Parameters
    ----------
    cohort : str
        One of `COHORTS`.
    record : EcgRecord
    stated : frozenset of str
        PTB-XL: its SCP codes; else ``label set:label`` of the cohort.
    quality, delineation, features, measurements
        As `interpret` takes them.
    """

    cohort: str
    record: EcgRecord
    stated: frozenset[str]
    quality: Quality
    delineation: Delineation
    features: BeatFeatures
    measurements: Measurements


def read_cases(data: Path, cohort: str, cache: Path | None = None) -> list[Case]:
    """Read, delineate and measure every ECG of a cohort.

    Parameters
    ----------
    data : Path
        The folder of the cohorts.
    cohort : str
        One of `COHORTS`.
    cache : Path, optional
        A folder: what was measured before is read from it. Empty it when the measuring changes.

    Returns
    -------
    list of Case
    """
    kept = None if cache is None else cache / f"{cohort}.pickle"
    if kept is not None and kept.is_file():
        cases: list[Case] = pickle.loads(kept.read_bytes())
        return cases
    cases = [_measured(cohort, record, stated) for record, stated in _records(data, cohort)]
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps(cases))
    return cases


def _measured(cohort: str, record: EcgRecord, stated: frozenset[str]) -> Case:
    delineation = delineate(record)
    features = compute_beat_features(record, delineation)
    return Case(
        cohort,
        record,
        stated,
        assess_quality(record),
        delineation,
        features,
        summarise(features),
    )


def _records(data: Path, cohort: str) -> Iterator[tuple[EcgRecord, frozenset[str]]]:
    stated = _STATED[cohort](data / cohort)
    for listed in find_cohort(data / cohort).records:
        yield _with_person(listed), stated[listed.record_id]


def _with_person(listed: CohortRecord) -> EcgRecord:
    """Give the record the age and sex of the cohort's table."""
    record = listed.read()
    person: dict[str, Any] = {}
    if listed.age_years == listed.age_years:
        person["age_years"] = listed.age_years
    if listed.sex is not None:
        person["sex"] = listed.sex
    return replace(record, meta={**record.meta, **person}, record_id=listed.record_id)


def _ptb_xl(folder: Path) -> dict[str, frozenset[str]]:
    table = pd.read_csv(folder / "ptbxl_database.csv")
    codes = [frozenset(ast.literal_eval(cell)) for cell in table["scp_codes"]]
    return {f"{number:05d}": of for number, of in zip(table["ecg_id"], codes, strict=True)}


def _of_labels(folder: Path) -> dict[str, frozenset[str]]:
    return {
        listed.record_id: frozenset(
            f"{label_set}:{label}"
            for label_set, labels in listed.labels.items()
            for label, stated in labels.items()
            if stated
        )
        for listed in find_cohort(folder).records
    }


_STATED = {
    "ptb-xl": _ptb_xl,
    "cpsc2018": _of_labels,
    "ludb": _of_labels,
    "chapman": _of_labels,
    "challenge2021": _of_labels,
}
