"""Diagnosis codes: what they mean and what the Challenges score as one."""

from __future__ import annotations

import re

import pytest

from physioclr.datasets.vocabulary import challenge_classes, challenge_labels, snomed_ct
from tests.shared_data import SHARED_DATA, needs_shared_data


def _is_snomed_identifier(code):
    """Whether the last digit is the check digit (Verhoeff 1969), as SNOMED CT prescribes."""
    product = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
        [2, 3, 4, 0, 1, 7, 8, 9, 5, 6], [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
        [4, 0, 1, 2, 3, 9, 5, 6, 7, 8], [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
        [6, 5, 9, 8, 7, 1, 0, 4, 3, 2], [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
        [8, 7, 6, 5, 9, 3, 2, 1, 0, 4], [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
    ]  # fmt: skip
    turn = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
    check = 0
    for place, digit in enumerate(map(int, reversed(code))):
        for _ in range(place % 8):
            digit = turn[digit]
        check = product[check][digit]
    return check == 0


@pytest.mark.parametrize("code", snomed_ct())
def test_every_code_is_a_snomed_ct_identifier_with_a_name(code):
    entry = snomed_ct()[code]
    assert _is_snomed_identifier(code)
    assert entry.code == code
    assert re.fullmatch(r"[A-Z0-9][\w ()-]+", entry.name)
    assert entry.abbreviation


def test_names_and_abbreviations_are_unique():
    entries = snomed_ct().values()
    assert len({entry.name for entry in entries}) == len(entries) == 133
    assert len({entry.abbreviation for entry in entries}) == len(entries)


@pytest.mark.parametrize(("year", "n_codes", "n_classes"), [(2020, 27, 24), (2021, 30, 26)])
def test_a_challenge_scores_as_many_codes_and_classes_as_it_says(year, n_codes, n_classes):
    scored = [entry for entry in snomed_ct().values() if year in entry.challenge_classes]
    assert len(scored) == n_codes
    assert len(challenge_classes(year)) == n_classes


@pytest.mark.parametrize(
    ("one", "other", "scored", "year"),
    [
        ("713427006", "59118001", "RBBB", 2020),
        ("284470004", "63593006", "PAC", 2020),
        ("427172004", "17338001", "PVC", 2020),
        ("713427006", "59118001", "RBBB", 2021),
        ("284470004", "63593006", "PAC", 2021),
        ("427172004", "17338001", "PVC", 2021),
        ("733534002", "164909002", "LBBB", 2021),
    ],
)
def test_codes_scored_as_one_give_one_label(one, other, scored, year):
    for codes in ([one], [other], [one, other]):
        labels = challenge_labels(codes, year)
        assert [label for label, present in labels.items() if present] == [scored]


def test_a_code_that_is_not_scored_gives_no_label():
    assert set(challenge_labels(["164873001", "no code"], 2021).values()) == {0.0}
    assert set(challenge_labels(["365413008"], 2020).values()) == {0.0}


def test_a_year_without_a_challenge_on_diagnoses_is_a_mistake():
    with pytest.raises(ValueError, match="year"):
        challenge_classes(2019)


@needs_shared_data
def test_every_code_of_the_shared_challenge_records_is_known():
    for file in SHARED_DATA.joinpath("challenge2021").rglob("*.hea"):
        codes = re.search(r"^# ?Dx: *(.*)$", file.read_text(), re.MULTILINE)[1]
        assert {code.strip() for code in codes.split(",")} <= set(snomed_ct())
