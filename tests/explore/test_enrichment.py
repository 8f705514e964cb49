"""What sets a selection apart: found where it was planted, with the coverage that is claimed."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from physioclr.errors import DatasetError
from physioclr.explore.enrichment import compare_selection


class Cohort(SimpleNamespace):
    def __len__(self):
        return len(self.records)

    def labels(self, name):
        return self.tables[name]


def cohort(measurements, labels=None, patients=None, statements=None, **records):
    n = len(next(iter(measurements.values())))
    ids = [str(i) for i in range(n)] if patients is None else [str(p) for p in patients]
    labels = labels or {}
    return Cohort(
        records=pd.DataFrame({"patient_id": ids, **records}),
        measurements=pd.DataFrame(measurements),
        tables={"set": pd.DataFrame(labels)},
        label_sets={"set": tuple(labels)} if labels else {},
        label_names={"set": {name: name.upper() for name in labels}},
        statements=pd.DataFrame(statements or {}, index=range(n)),
    )


def test_a_finding_of_the_criteria_is_compared_where_it_is_present_or_absent():
    states = ["present"] * 12 + ["absent"] * 8 + ["absent"] * 18 + ["not assessable"] * 2
    measured = {"qrs_ms": np.linspace(80, 100, 40)}
    store = cohort(measured, statements={"afib": states, "badlead": ["present"] * 40})
    table = compare_selection(store, np.arange(20))
    found = row(table, "afib")
    assert (found["kind"], found["label"]) == ("statement", "Atrial fibrillation, by criteria")
    assert (found["n_selected"], found["n_rest"]) == (20, 18)
    assert (found["selected"], found["rest"]) == (12 / 20, 0)
    assert "badlead" not in set(table["name"])


def row(table, name):
    return table.set_index("name").loc[name]


def test_the_effect_is_cliffs_delta_and_p_that_of_the_rank_sum():
    rng = np.random.default_rng(0)
    values = rng.integers(60, 90, 80).astype(float)
    values[:30] += 5
    found = row(compare_selection(cohort({"qrs_ms": values}), np.arange(30)), "qrs_ms")
    pairs = values[:30, None] - values[None, 30:]
    delta = (pairs > 0).mean() - (pairs < 0).mean()
    assert found["effect"] == pytest.approx(delta, abs=1e-12)
    assert found["selected"] == np.median(values[:30])
    assert (found["n_selected"], found["n_rest"], found["unit"]) == (30, 50, "ms")
    reference = stats.mannwhitneyu(
        values[:30], values[30:], method="asymptotic", use_continuity=False
    )
    assert found["p"] == pytest.approx(reference.pvalue, rel=1e-9)
    assert found["effect_low"] < delta < found["effect_high"]


def test_angles_about_180_degrees_are_no_difference_and_their_median_lies_there():
    rng = np.random.default_rng(3)
    around = 180 + rng.normal(0, 20, 200)
    axis = (around + 180) % 360 - 180  # half of them near -170°, half near 170°
    found = row(compare_selection(cohort({"axis_deg": axis}), np.arange(100)), "axis_deg")
    assert found["effect_low"] < 0 < found["effect_high"]
    assert abs(found["selected"]) > 170
    assert abs(found["rest"]) > 170
    # By the sign alone: as far apart as can be, of directions that are the same 4° apart.
    signed = np.concatenate([np.full(100, -178.0), np.full(100, 178.0)]) + rng.normal(0, 20, 200)
    signed = (signed + 180) % 360 - 180
    found = row(compare_selection(cohort({"t_axis_deg": signed}), np.arange(100)), "t_axis_deg")
    assert abs(found["effect"]) < 0.33


@pytest.mark.parametrize("turn_deg", [0, 60, 170, -140])
def test_a_difference_of_angles_is_the_same_wherever_they_lie(turn_deg):
    rng = np.random.default_rng(4)
    around = rng.normal(0, 20, 200)
    around[:60] += 50
    axis = (around + turn_deg + 180) % 360 - 180
    found = row(compare_selection(cohort({"axis_deg": axis}), np.arange(60)), "axis_deg")
    plain = row(compare_selection(cohort({"qrs_ms": around}), np.arange(60)), "qrs_ms")
    assert found["effect"] == pytest.approx(plain["effect"])
    assert found["p"] == pytest.approx(plain["p"])
    for side in ("selected", "rest"):
        off = (found[side] - turn_deg - plain[side] + 180) % 360 - 180
        assert off == pytest.approx(0, abs=1e-9)


def test_what_is_planted_comes_first_and_noise_is_not_apart():
    rng = np.random.default_rng(1)
    values = {name: rng.normal(size=400) for name in ("heart_rate_bpm", "pr_ms", "qrs_ms")}
    values["heart_rate_bpm"][:100] += 3
    labels = {"af": (np.arange(400) < 80).astype(float), "other": rng.integers(0, 2, 400) * 1.0}
    table = compare_selection(cohort(values, labels), np.arange(100))
    assert list(table["name"][:2]) == ["heart_rate_bpm", "set/af"]
    assert row(table, "set/af")["effect"] == pytest.approx(0.8)
    assert set(table[table["p_corrected"] < 0.001]["name"]) == {"heart_rate_bpm", "set/af"}
    assert (table["p_corrected"] >= table["p"]).all()


@pytest.mark.parametrize("times", [1, 4])
def test_intervals_hold_what_they_say_also_where_patients_have_several_ecgs(times):
    rng = np.random.default_rng(2)
    inside, number_inside, false_alarms = 0, 0, 0
    n_trials = 200
    for _ in range(n_trials):
        level = np.repeat(rng.normal(size=120), times)
        values = level + 0.3 * rng.normal(size=len(level))
        label = (np.repeat(rng.random(120), times) < 0.3).astype(float)
        patients = np.repeat(np.arange(120), times)
        table = compare_selection(
            cohort({"qrs_ms": values}, {"x": label}, patients), np.arange(40 * times)
        )
        number, share = row(table, "qrs_ms"), row(table, "set/x")
        number_inside += number["effect_low"] <= 0 <= number["effect_high"]
        inside += share["effect_low"] <= 0 <= share["effect_high"]
        false_alarms += number["p"] < 0.05
    # 95 % of 200 with a standard deviation of 1.5 points; three of them, and a small-sample point.
    assert number_inside / n_trials > 0.89
    assert inside / n_trials > 0.89
    assert false_alarms / n_trials < 0.11


def test_complete_separation_of_a_few_is_not_certain():
    values = np.arange(20.0)
    found = row(compare_selection(cohort({"qrs_ms": values}), np.arange(15, 20)), "qrs_ms")
    assert found["effect"] == 1
    assert found["effect_low"] == pytest.approx(2 * 0.025 ** (1 / 5) - 1)  # of 5 of 5 patients
    assert found["effect_high"] == 1


def test_what_is_not_known_is_not_compared_and_is_counted():
    values = np.arange(40.0)
    values[:5] = np.nan
    nowhere = np.where(np.arange(40) < 10, np.nan, 1.0)
    table = compare_selection(cohort({"qrs_ms": values, "pr_ms": nowhere}), np.arange(10))
    assert row(table, "qrs_ms")["n_selected"] == 5
    absent = row(table, "pr_ms")
    assert absent["n_selected"] == 0
    assert np.isnan(absent["effect"])
    assert np.isnan(absent["p_corrected"])
    assert table["name"].iloc[-1] == "pr_ms"


def test_a_rare_label_is_tested_exactly():
    label = np.zeros(60)
    label[:2] = 1
    found = row(
        compare_selection(cohort({"qrs_ms": np.arange(60.0)}, {"x": label}), np.arange(10)), "set/x"
    )
    assert found["p"] == pytest.approx(stats.fisher_exact([[2, 8], [0, 50]]).pvalue)


def test_only_the_ecgs_of_the_map_are_compared():
    values = np.arange(100.0)
    table = compare_selection(cohort({"qrs_ms": values}), np.arange(5), within=np.arange(50))
    assert row(table, "qrs_ms")["n_rest"] == 45


@pytest.mark.parametrize("rows", [[], range(30)])
def test_nothing_and_everything_have_nothing_to_be_compared_with(rows):
    with pytest.raises(DatasetError, match="others left"):
        compare_selection(cohort({"qrs_ms": np.arange(30.0)}), np.array(rows, dtype=int))
