"""What diagnosis codes mean, and which of them the PhysioNet Challenges score as one.

The table ``snomed_ct.csv`` holds the 133 SNOMED CT codes of the PhysioNet/CinC Challenges 2020 and
2021: codes, abbreviations and scored classes as in ``dx_mapping_scored.csv`` and
``dx_mapping_unscored.csv`` of github.com/physionetchallenges/evaluation-2020 and -2021, names spelt
alike. Perez Alday EA et al. Physiol Meas 2020;41:124003, doi:10.1088/1361-6579/abc960; Reyna MA et
al. Comput Cardiol 2021, doi:10.23919/CinC53138.2021.9662687.

The table ``aha_statements.csv`` holds the primary statements of AHA/ACC/HRS and their categories,
by which the SPH cohort is labelled: Mason JW et al. Recommendations for the standardization and
interpretation of the electrocardiogram, part II. Circulation 2007;115:1325,
doi:10.1161/CIRCULATIONAHA.106.180201.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

__all__ = [
    "CHALLENGE_YEARS",
    "AhaStatement",
    "Diagnosis",
    "aha_statements",
    "challenge_classes",
    "challenge_labels",
    "snomed_ct",
]

CHALLENGE_YEARS = (2020, 2021)


@dataclass(frozen=True)
class Diagnosis:
    """A diagnosis code.

    Parameters
    ----------
    code : str
        Its SNOMED CT identifier.
    abbreviation : str
        The Challenges' own.
    name : str
    challenge_classes : mapping of int to str
        Challenge year → abbreviation of the class it is scored as; empty where it is not scored.
    """

    code: str
    abbreviation: str
    name: str
    challenge_classes: Mapping[int, str]


@cache
def snomed_ct() -> Mapping[str, Diagnosis]:
    """Return the vocabulary.

    Returns
    -------
    mapping of str to Diagnosis
        By SNOMED CT identifier.
    """
    return MappingProxyType(
        {
            row["code"]: Diagnosis(
                code=row["code"],
                abbreviation=row["abbreviation"],
                name=row["name"],
                challenge_classes={
                    year: scored for year in CHALLENGE_YEARS if (scored := row[f"challenge_{year}"])
                },
            )
            for row in _rows("snomed_ct.csv")
        }
    )


@dataclass(frozen=True)
class AhaStatement:
    """A primary statement of AHA/ACC/HRS.

    Parameters
    ----------
    code : str
        Its number.
    category : str
    name : str
    """

    code: str
    category: str
    name: str


@cache
def aha_statements() -> Mapping[str, AhaStatement]:
    """Return the primary statements of AHA/ACC/HRS.

    Returns
    -------
    mapping of str to AhaStatement
        By code.
    """
    rows = _rows("aha_statements.csv")
    return MappingProxyType({row["code"]: AhaStatement(**row) for row in rows})


def challenge_classes(year: int) -> dict[str, str]:
    """Return the classes a Challenge scores.

    Parameters
    ----------
    year : {2020, 2021}

    Returns
    -------
    dict of str to str
        Abbreviation → name, in alphabetical order: 24 classes of 27 codes in 2020, 26 of 30 in
        2021. Codes that are scored as one (such as complete and unspecified right bundle branch
        block) are one class, named after the code whose abbreviation it bears.

    Raises
    ------
    ValueError
        If there is no such Challenge.
    """
    _check_year(year)
    classes = {entry.challenge_classes.get(year) for entry in snomed_ct().values()} - {None}
    names = {entry.abbreviation: entry.name for entry in snomed_ct().values()}
    return {scored: names[scored] for scored in sorted(filter(None, classes), key=str.lower)}


def challenge_labels(codes: Iterable[str], year: int) -> dict[str, float]:
    """Return which of a Challenge's classes a record has.

    Parameters
    ----------
    codes : iterable of str
        SNOMED CT identifiers; those that are not scored count for nothing.
    year : {2020, 2021}

    Returns
    -------
    dict of str to float
        Every class of `challenge_classes` → 1 or 0.

    Raises
    ------
    ValueError
        If there is no such Challenge.
    """
    known = snomed_ct()
    present = {known[code].challenge_classes.get(year) for code in codes if code in known}
    return {scored: float(scored in present) for scored in challenge_classes(year)}


def _rows(table: str) -> Iterable[dict[str, str]]:
    text = files("physioclr.datasets").joinpath(table).read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())


def _check_year(year: int) -> None:
    if year not in CHALLENGE_YEARS:
        raise ValueError(f"year must be one of {CHALLENGE_YEARS}, got {year}")
