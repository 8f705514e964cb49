"""The training data of the PhysioNet/CinC Challenges 2020 and 2021, as downloaded.

Folders of WFDB records (``training/georgia/g1/E00001.hea``), SNOMED CT codes in ``#Dx``. A record's
name says which cohort it is of. Perez Alday EA et al. Physiol Meas 2020;41:124003,
doi:10.1088/1361-6579/abc960; Reyna MA et al. Comput Cardiol 2021,
doi:10.23919/CinC53138.2021.9662687.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from physioclr.datasets.cohort import Cohort, CohortRecord
from physioclr.datasets.vocabulary import challenge_classes, challenge_labels, snomed_ct
from physioclr.datasets.wfdb_folder import DIAGNOSIS_CODES

__all__ = ["COHORTS", "is_challenge", "with_challenge_labels"]

COHORTS = {
    "A": "CPSC 2018",
    "Q": "CPSC 2018 Extra",
    "I": "INCART",
    "S": "PTB",
    "HR": "PTB-XL",
    "E": "Georgia",
    "JS": "Chapman-Shaoxing and Ningbo",
}
"""How the names of a cohort's records begin."""

_NAME = re.compile(r"(?:.*/)?(?P<cohort>HR|JS|[AEIQS])\d{4,5}")
_YEAR = 2021
_LABEL_SET = "challenge_2021"


def is_challenge(cohort: Cohort) -> bool:
    """Return whether a folder of WFDB records is one of the Challenges.

    Parameters
    ----------
    cohort : Cohort
        Of `physioclr.datasets.wfdb_folder.read_wfdb_folder`.

    Returns
    -------
    bool
        Whether every record is named as the Challenges name them, and codes that they score are
        stated.
    """
    stated = cohort.label_sets.get(DIAGNOSIS_CODES, {})
    scored = any(snomed_ct()[code].challenge_classes for code in stated if code in snomed_ct())
    return scored and all(_NAME.fullmatch(record.record_id) for record in cohort.records)


def with_challenge_labels(cohort: Cohort) -> Cohort:
    """Add the scored classes to the codes, and names to both.

    Parameters
    ----------
    cohort : Cohort
        One for which `is_challenge` holds.

    Returns
    -------
    Cohort
        Named after its parts. The label set ``challenge_2021`` holds the 26 classes of 2021, in
        which codes that are scored as one are one; they are unknown for a record without codes.
        The headers name no patients: each record counts as its own, though PTB and INCART hold
        several of one person.
    """
    marks = [_NAME.fullmatch(record.record_id) for record in cohort.records]
    parts = dict.fromkeys(COHORTS[mark["cohort"]] for mark in marks if mark)
    codes = cohort.label_sets[DIAGNOSIS_CODES]
    known = snomed_ct()
    return replace(
        cohort,
        name=", ".join(parts),
        records=tuple(_labelled(record) for record in cohort.records),
        label_sets={
            _LABEL_SET: challenge_classes(_YEAR),
            **cohort.label_sets,
            DIAGNOSIS_CODES: {code: known[code].name if code in known else code for code in codes},
        },
    )


def _labelled(record: CohortRecord) -> CohortRecord:
    codes: Mapping[str, float] = record.labels.get(DIAGNOSIS_CODES, {})
    if not codes:
        return record
    present = [code for code, stated in codes.items() if stated]
    labels = {_LABEL_SET: challenge_labels(present, _YEAR), **record.labels}
    return replace(record, labels=labels)
