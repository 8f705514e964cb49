"""The labels of cohorts in the codes of our statements."""

from __future__ import annotations

import math

import pytest

from physioclr.datasets.ptb_xl import read_scp_codes
from physioclr.datasets.sources import find_cohort
from physioclr.datasets.statement_labels import stated_words, statement_labels
from physioclr.errors import DatasetError
from tests.shared_data import SHARED_DATA, needs_shared_data

COHORTS = ("ptb-xl", "cpsc2018", "challenge2021", "ludb", "chapman", "sph")


@needs_shared_data
@pytest.mark.parametrize("folder", COHORTS)
def test_each_word_of_the_cohorts_is_in_the_table(folder):
    cohort = find_cohort(SHARED_DATA / folder)
    words = [stated_words(cohort.name, r.record_id, r.labels) for r in cohort.records]
    labels = statement_labels(words)  # refuses a word it does not know
    assert len(labels) == len(cohort.records)
    known = sum(1 for of_ecg in labels if any(value == 1 for value in of_ecg.values()))
    # PTB's clinical diagnoses and the Challenge's ST-T changes without a form state nothing.
    assert known > 0.7 * len(labels)


@needs_shared_data
def test_scp_statements_of_ptb_xl_are_read_as_stated():
    words = read_scp_codes(SHARED_DATA / "ptb-xl")
    labels = statement_labels(("scp_ecg", "PTB-XL", tuple(own)) for own in words.values())
    first_degree = [of_ecg["1AVB"] for of_ecg in labels]
    # 7 ECGs with 1AVB and 2 with LPR, one of them with both.
    assert sum(value == 1 for value in first_degree) == 8
    assert not any(math.isnan(value) for value in first_degree)


@needs_shared_data
def test_a_first_degree_block_of_cpsc_is_read():
    cohort = find_cohort(SHARED_DATA / "cpsc2018")
    own = next(record for record in cohort.records if record.record_id == "A0039")
    assert stated_words(cohort.name, own.record_id, own.labels) == (
        "cpsc2018",
        "CPSC 2018",
        ("I-AVB",),
    )


def test_the_number_of_a_challenge_record_tells_chapman_from_ningbo():
    labels = {"diagnosis_code": {"164890007": 1.0}}
    assert stated_words("Challenge", "JS10646", labels)[1] == "Chapman-Shaoxing"
    assert stated_words("Challenge", "JS10647", labels)[1] == "Ningbo"
    assert stated_words("Challenge", "g1/E00001", labels)[1] == "Georgia"


def test_look_alike_names_of_an_unknown_cohort_are_refused():
    with pytest.raises(DatasetError, match="name their vocabulary"):
        stated_words("my cohort", "17", {"rhythm": {"SR": 1.0}})
