"""docs/cohorts.md: its examples as they stand there, its tables against the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from physioclr.datasets import sources
from physioclr.datasets.csv_manifest import LAYOUT_COLUMNS, ROLES
from physioclr.datasets.public_cohorts import ELSEWHERE, PUBLIC_COHORTS
from physioclr.datasets.sources import find_cohort

PAGE = (Path(__file__).parents[2] / "docs" / "cohorts.md").read_text(encoding="utf-8")


def test_the_manifest_of_the_page_is_a_cohort(tmp_path):
    example = re.search(r"```\n(path,.*?)```", PAGE, flags=re.S)
    (tmp_path / "icu.csv").write_text(example[1])
    cohort = find_cohort(tmp_path / "icu.csv")
    assert [record.patient_id for record in cohort.records] == ["P17", "P17", "P20", "P21"]
    assert [record.labels.get("label") for record in cohort.records] == [
        {"died": 1},
        {"died": 1},
        {"died": 0},
        None,
    ]


def test_the_python_of_the_page_runs(tmp_path, monkeypatch):
    (tmp_path / "icu.csv").write_text("File,Pseudonym,died,ward\na.csv,P1,1,north\n")
    monkeypatch.chdir(tmp_path)
    block = re.search(r"```python\n(.*?)```", PAGE, flags=re.S)
    scope: dict[str, object] = {}
    exec(compile(block[1], "docs/cohorts.md", "exec", dont_inherit=True), scope)
    assert scope["cohort"].records[0].labels == {"label": {"died": 1}}


@pytest.mark.parametrize("name", PUBLIC_COHORTS)
def test_every_cohort_that_can_be_fetched_is_in_the_table(name):
    cohort = PUBLIC_COHORTS[name]
    row = re.search(rf"^\| `{name}` \|.*\|$", PAGE, flags=re.M)[0]
    assert f"| {cohort.licence} | {cohort.size_gb:g} GB |" in row


def test_every_column_and_every_layout_is_on_the_page():
    for column in (*ROLES, *LAYOUT_COLUMNS):
        assert f"`{column}`" in PAGE
    for file, column, _ in sources._LAYOUTS:
        assert f"`{file}`" in PAGE
        assert column.decode() in PAGE
    assert len(ELSEWHERE) == 3  # the three that the page names
