"""The labels of a cohort in the codes of our statements, whatever words it uses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from physioclr.datasets.challenge import COHORTS
from physioclr.errors import DatasetError
from physioclr.interpretation.label_map import LabelMap, default_label_map

__all__ = ["StatedWords", "stated_words", "statement_labels"]

StatedWords = tuple[str, str, tuple[str, ...]]
"""A vocabulary, a cohort and the words stated of one ECG."""

_LAST_OF_CHAPMAN = 10646
"""The Challenge's JS00001 to JS10646 are Chapman-Shaoxing's, those after them Ningbo's."""

_BY_SOURCE = {"PTB-XL": "scp_ecg", "LUDB": "ludb", "Chapman-Shaoxing": "chapman", "SPH": "aha"}
_DIAGNOSES = "diagnosis_code"
_PTB_XL_SETS = ("subclass", "form", "rhythm")
_CHALLENGE_ID = re.compile(r"(?:.*/)?(?P<cohort>[A-Z]{1,2})(?P<number>\d{4,5})")


def stated_words(
    source: str, record_id: str, labels: Mapping[str, Mapping[str, float]]
) -> StatedWords:
    """Return the words that a cohort states of one ECG.

    Parameters
    ----------
    source : str
        The cohort's name, as `Cohort.name` and `Store.source` have it.
    record_id : str
        In the Challenges it says which cohort the ECG is from.
    labels : mapping of str to mapping of str to float
        Set → label → 1, 0 or NaN.

    Returns
    -------
    vocabulary, cohort : str
    words : tuple of str

    Raises
    ------
    DatasetError
        If the cohort's vocabulary is not known: labels are never compared by their names alone.
    """
    stated = {
        label_set: tuple(label for label, value in of_set.items() if value == 1)
        for label_set, of_set in labels.items()
    }
    if source == "PTB-XL":
        words = (word for name in _PTB_XL_SETS for word in stated.get(name, ()))
        return "scp_ecg", source, tuple(dict.fromkeys(words))
    if source == "SPH":
        return "aha", source, stated.get("aha_statement", ())
    if source in _BY_SOURCE:
        pairs = (f"{name}/{word}" for name, words in stated.items() for word in words)
        return _BY_SOURCE[source], source, tuple(pairs)
    if _DIAGNOSES in labels or (not labels and _CHALLENGE_ID.fullmatch(record_id)):
        return _of_challenge(record_id, stated.get(_DIAGNOSES, ()))
    raise DatasetError(
        source,
        expected=f"labels of {', '.join(_BY_SOURCE)}, CPSC 2018 or the Challenges",
        found=f"the label sets {', '.join(labels) or 'none'}; name their vocabulary in a table of "
        "your own and call LabelMap.labels",
    )


def statement_labels(
    words: Iterable[StatedWords], label_map: LabelMap | None = None
) -> list[dict[str, float]]:
    """Return what the words of each ECG say of every code.

    Parameters
    ----------
    words : iterable of StatedWords
        One an ECG.
    label_map : LabelMap, optional
        The package's own if absent.

    Returns
    -------
    list of dict of str to float
        1, 0 or NaN = unknown; see `LabelMap.labels`.

    Raises
    ------
    DatasetError
        If the table lacks one of the words.
    """
    table = default_label_map() if label_map is None else label_map
    return [table.labels(vocabulary, own, cohort) for vocabulary, cohort, own in words]


def _of_challenge(record_id: str, words: tuple[str, ...]) -> StatedWords:
    nine_words = default_label_map().words("cpsc2018")
    if words and all(word in nine_words for word in words):
        return "cpsc2018", "CPSC 2018", words
    match = _CHALLENGE_ID.fullmatch(record_id)
    if match is None or match["cohort"] not in COHORTS:
        return "snomed_ct", "", words
    cohort = COHORTS[match["cohort"]]
    if match["cohort"] == "JS":
        of_chapman = int(match["number"]) <= _LAST_OF_CHAPMAN
        cohort = "Chapman-Shaoxing" if of_chapman else "Ningbo"
    return "snomed_ct", cohort, words
