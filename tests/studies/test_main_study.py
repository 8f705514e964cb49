"""The study: what it compares, and its tables of what has been measured."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from physioclr.objectives import OBJECTIVES, objective_name
from physioclr.probe import compare_probes
from studies.main.measures import statements
from studies.main.pretraining import Study
from studies.main.rows import PAPER, RECIPE, ROWS, budget
from studies.main.seeds import seed_difference, seed_mean
from studies.main.tables import _markdown, write_tables
from tests.probe.test_probe import NAMES, a_cohort


@pytest.fixture(scope="module")
def results():
    """Two seeds of features with signal and two of noise, on the same records."""
    features, targets, groups = a_cohort(80)
    rng = np.random.default_rng(0)
    by_model = {
        "a0": features,
        "a1": features + 0.3 * rng.normal(size=features.shape),
        "b0": rng.normal(size=(len(features), 3)),
        "b1": rng.normal(size=(len(features), 3)),
    }
    return compare_probes(by_model, targets, groups, label_names=NAMES, n_bootstrap=100)


def test_objectives_are_compared_that_need_no_labels():
    compared = {objective_name(row.objective) for row in ROWS if row.part == "objectives"}
    assert len(compared) >= 7  # an objective that came later need not be a row
    assert compared <= set(OBJECTIVES) - {"supervised"}


def test_rows_differ_and_have_names_of_their_own():
    assert len({row.key for row in ROWS}) == len(ROWS)
    settings = [(row.objective, row.stores) for row in ROWS]
    assert all(settings.count(one) == 1 for one in settings)
    assert ROWS[0].name == RECIPE
    assert PAPER in {row.name for row in ROWS}


def test_all_rows_have_one_budget_and_one_encoder():
    runs = [budget(row, seed=3, scale=0.5) for row in ROWS]
    assert len({(run.steps, run.records_per_batch, run.encoder, run.seed) for run in runs}) == 1
    assert runs[0].steps == 200


def test_the_mean_over_seeds_lies_between_them_with_their_spread(results):
    own = [results["a0"], results["a1"]]
    mean = seed_mean(own)
    points = [result.macro_auroc for result in own]
    assert mean.value == pytest.approx(np.mean(points))
    assert mean.seed_sd == pytest.approx(np.std(points, ddof=1))
    assert mean.low < mean.value < mean.high
    assert np.isnan(seed_mean(own[:1]).seed_sd)
    assert str(mean).startswith(f"{mean.value:.3f}".replace("0.", ".", 1))


def test_the_difference_is_in_pairs(results):
    better, worse = [results["a0"], results["a1"]], [results["b0"], results["b1"]]
    difference = seed_difference(better, worse)
    assert difference.value == pytest.approx(seed_mean(better).value - seed_mean(worse).value)
    assert 0 < difference.low < difference.value < difference.high
    same = seed_difference(better, better)
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)
    # A control is measured once.
    assert seed_difference(better, worse[:1]).value > 0


def test_a_table_is_markdown():
    assert _markdown(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_statements_are_those_of_fifteen_ecgs_each_once():
    def labels(name):
        held = {"subclass": {"AMI": 20, "NST_": 16}, "form": {"NST_": 16, "PVC": 3}, "rhythm": {}}
        columns = {
            label: (np.arange(40) < count).astype(float) for label, count in held[name].items()
        }
        return pd.DataFrame(columns, index=range(40))

    targets, names = statements(SimpleNamespace(labels=labels))
    assert names == ("subclass/AMI", "subclass/NST_")
    assert targets.sum(axis=0).tolist() == [20, 16]


def test_a_run_is_made_once_and_measured_from_what_is_kept(tmp_path, monkeypatch, results):
    """Tables come from the results on disk alone, and a missing row is left out."""
    study = Study(tmp_path / "data", tmp_path, seeds=[0, 1], scale=1.0)
    monkeypatch.setattr(Study, "encoder", lambda *_: pytest.fail("nothing is to be trained"))
    folder = tmp_path / "probes" / "superclass"
    folder.mkdir(parents=True)
    for seed in (0, 1):
        for row, letter in ((ROWS[0], "a"), (ROWS[1], "b")):
            stored = json.dumps(results[f"{letter}{seed}"].to_dict())
            (folder / f"{row.key}-{seed}.json").write_text(stored)
    tables = write_tables(study)
    table = (tables / "objectives.md").read_text().splitlines()
    assert len(table) == 4  # head, rule, two rows
    assert table[2].startswith(f"| {RECIPE} | 2 | {seed_mean([results['a0'], results['a1']])} |")
    assert PAPER in table[3]
    assert not (tables / "label-efficiency.md").exists()
    assert "| MI | " in (tables / "superclass-labels.md").read_text()
