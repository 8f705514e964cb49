"""One table from the words of cohorts to our statements."""

from __future__ import annotations

import csv
import math
from importlib.resources import files

import pytest

from physioclr.datasets.vocabulary import aha_statements, snomed_ct
from physioclr.errors import DatasetError
from physioclr.interpretation.label_map import GROUP_CODES, default_label_map
from physioclr.interpretation.vocabulary import VOCABULARY

TABLE = default_label_map()
HEADER = "vocabulary,cohort,word,codes,relation,note\n"


def stated(labels, value):
    return {code for code, found in labels.items() if found == value}


def own_table(tmp_path, rows):
    file = tmp_path / "own.csv"
    file.write_text(HEADER + rows, encoding="utf-8")
    return file


def test_every_code_of_the_challenges_and_of_aha_has_a_row():
    assert set(TABLE.words("snomed_ct")) == set(snomed_ct())
    assert set(TABLE.words("aha")) == set(aha_statements())


def test_snomed_codes_of_our_vocabulary_map_to_their_own_statement():
    known = set(TABLE.words("snomed_ct"))
    for term in VOCABULARY.values():
        if term.snomed_ct in known and term.code != "XQTC":  # a limit of LNGQT, not a code
            meaning = TABLE.meaning("snomed_ct", term.snomed_ct)
            assert term.code in meaning.present, term


def test_aha_numbers_of_our_vocabulary_map_to_their_own_statement():
    known = set(TABLE.words("aha"))
    for term in VOCABULARY.values():
        # 3 sums up, 145 needs a modifier, and critical values share the number of their finding.
        if term.aha in known - {"3", "145"} and not term.code.startswith("X"):
            meaning = TABLE.meaning("aha", term.aha)
            assert term.code in meaning.present | meaning.possible, term


def test_no_row_of_the_table_repeats_a_word_and_relation():
    text = files("physioclr.interpretation").joinpath("label_map.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    keys = [
        (row["vocabulary"], row["cohort"], row["word"], row["relation"])
        for row in rows
        if row["word"]
    ]
    assert len(set(keys)) == len(keys)


def test_a_word_that_maps_to_none_says_why():
    for vocabulary in TABLE.vocabularies:
        for word in TABLE.words(vocabulary):
            meaning = TABLE.meaning(vocabulary, word)
            assert meaning.present or meaning.possible or meaning.absent or meaning.note, word


def test_what_a_cohort_does_not_annotate_is_unknown():
    labels = TABLE.labels("cpsc2018", ["AF"], "CPSC 2018")
    assert labels["AFIB"] == 1
    assert labels["PVC"] == 0
    assert math.isnan(labels["LVH"])
    assert math.isnan(labels["AFLT"])


def test_a_cohort_without_rows_states_only_what_is_present():
    labels = TABLE.labels("snomed_ct", ["39732003"], "a clinic's own")
    assert stated(labels, 1) == {"LAD"}
    assert not stated(labels, 0)


def test_a_block_of_unsaid_extent_leaves_complete_and_incomplete_open():
    labels = TABLE.labels("cpsc2018", ["RBBB"], "CPSC 2018")
    assert labels["RBBB"] == 1
    assert math.isnan(labels["CRBBB"])
    assert math.isnan(labels["IRBBB"])


def test_without_any_bundle_branch_block_there_is_no_complete_one():
    labels = TABLE.labels("cpsc2018", ["AF"], "CPSC 2018")
    assert labels["CRBBB"] == labels["IRBBB"] == labels["CLBBB"] == 0


def test_a_rhythm_is_unknown_where_ptb_xl_states_none():
    silent = TABLE.labels("scp_ecg", ["IMI"], "PTB-XL")
    assert math.isnan(silent["AFIB"])
    assert math.isnan(silent["SR"])
    spoken = TABLE.labels("scp_ecg", ["IMI", "SARRH"], "PTB-XL")
    assert spoken["AFIB"] == 0
    assert spoken["SR"] == 1  # a sinus arrhythmia is a sinus rhythm


def test_fibrillation_is_no_sinus_rhythm_also_where_rhythm_is_not_annotated():
    labels = TABLE.labels("cpsc2018", ["AF"], "CPSC 2018")
    assert labels["SR"] == labels["SBRAD"] == labels["NORM"] == 0


def test_a_normal_ecg_has_no_abnormal_finding_but_may_be_slow():
    labels = TABLE.labels("cpsc2018", ["Normal"], "CPSC 2018")
    assert labels["NORM"] == labels["SR"] == 1
    assert labels["CLBBB"] == labels["LVH"] == labels["AFLT"] == 0
    assert math.isnan(labels["SBRAD"])


def test_what_is_stated_wins_over_a_normal_ecg():
    labels = TABLE.labels("scp_ecg", ["NORM", "PVC", "SR"], "PTB-XL")
    assert labels["NORM"] == labels["PVC"] == 1


def test_af_is_flutter_in_chapman_and_fibrillation_in_cpsc():
    assert TABLE.meaning("chapman", "rhythm/AF").present == {"AFLT"}
    assert TABLE.meaning("cpsc2018", "AF").present == {"AFIB"}


def test_flutter_of_ningbo_may_be_fibrillation():
    labels = TABLE.labels("snomed_ct", ["164890007"], "Ningbo")
    assert math.isnan(labels["AFLT"])
    assert math.isnan(labels["AFIB"])
    assert TABLE.labels("snomed_ct", ["164890007"], "Georgia")["AFLT"] == 1


def test_lv_hypertrophy_of_ludb_is_unknown():
    labels = TABLE.labels("ludb", ["hypertrophy/left_ventricular_hypertrophy"], "LUDB")
    assert math.isnan(labels["LVH"])


def test_an_axis_within_limits_rules_both_deviations_out():
    labels = TABLE.labels("ludb", ["axis/horizontal"], "LUDB")
    assert labels["LAD"] == labels["RAD"] == 0


def test_an_unknown_word_is_refused_with_what_to_do():
    with pytest.raises(DatasetError, match=r"'AFib'.*table of your own"):
        TABLE.labels("cpsc2018", ["AFib"], "CPSC 2018")


def test_every_annotated_code_is_one_of_ours():
    for (vocabulary, cohort), scopes in TABLE.scopes.items():
        assert scopes
        assert TABLE.annotated(vocabulary, cohort) <= {*VOCABULARY, *GROUP_CODES}


def test_a_table_of_ones_own_adds_words_and_replaces_one(tmp_path):
    rows = (
        "clinic,,flimmern,AFIB,present,\nclinic,Bonn,,AFIB,annotated,\ncpsc2018,,STE,ERP,present,\n"
    )
    table = TABLE.extended(own_table(tmp_path, rows))
    assert table.labels("clinic", ["flimmern"], "Bonn")["AFIB"] == 1
    assert table.labels("clinic", [], "Bonn")["AFIB"] == 0
    assert table.meaning("cpsc2018", "STE").present == {"ERP"}
    assert TABLE.meaning("cpsc2018", "STE").present == {"STE_"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("clinic,,af,AFIB,is,\n", r"line 2.*a relation of present"),
        ("clinic,,af,FIB,present,\n", r"line 2.*codes of physioclr's vocabulary.*FIB"),
        ("clinic,,af,AFIB AFIB,present,\n", r"line 2.*each once"),
        ("clinic,,af,AFIB,present,\nclinic,,af,AFIB,possible,\n", r"line 3.*AFIB twice"),
        ("clinic,,af,,none,\n", r"line 2.*a note that says why"),
        ("clinic,,,AFIB,present,\n", r"line 2.*a word"),
        ("clinic,,af,AFIB,annotated,\n", r"line 2.*a cohort, no word"),
    ],
)
def test_a_row_that_is_not_as_documented_is_refused_by_its_line(tmp_path, rows, message):
    with pytest.raises(DatasetError, match=message):
        TABLE.extended(own_table(tmp_path, rows))


def test_a_table_without_a_column_is_refused(tmp_path):
    file = tmp_path / "own.csv"
    file.write_text("word,codes\naf,AFIB\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="no vocabulary, cohort, relation, note"):
        TABLE.extended(file)
