"""A criterion and a learned head fused into one certainty."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy.special import expit

from physioclr.interpretation.fusion import Fusion, FusionWeights, default_fusion, head_label
from physioclr.interpretation.fusion_fit import (
    MIN_POSITIVE,
    LabelledFinding,
    expected_f1_limit,
    fit_fusion,
)
from physioclr.interpretation.statement import Interpretation, Statement
from physioclr.interpretation.vocabulary import VOCABULARY

LEVELS = ("absent", "borderline", "present")


def simulated(n=4000, seed=0, *, informative=True):
    """Return a finding in one of five ECGs, a criterion that errs and a head that errs."""
    rng = np.random.default_rng(seed)
    targets = (rng.random(n) < 0.2).astype(float)
    score = rng.normal(2.0 * targets if informative else 0 * targets, 1.0)
    criterion = rng.normal(2.5 * targets, 1.0)
    states = [LEVELS[int(value > 1.0) + int(value > 1.8)] for value in criterion]
    log_odds = 2.0 * score - 2.0 + math.log(0.2 / 0.8)  # the exact posterior of the score
    head = expit(log_odds) if informative else np.full(n, 0.2) + 0.05 * score.clip(-2, 2)
    return LabelledFinding(states, head, targets)


@pytest.fixture(scope="module")
def fusion():
    return Fusion(fit_fusion({"AFIB": simulated(), "VTAC": simulated(seed=1)}))


def test_neither_a_met_criterion_nor_a_surer_head_lowers_the_probability(fusion):
    grid = np.linspace(0, 1, 41)
    table = np.array([[fusion.certainty("AFIB", s, p).probability for p in grid] for s in LEVELS])
    assert (np.diff(table, axis=0) >= 0).all()
    assert (np.diff(table, axis=1) >= 0).all()


def test_probabilities_are_calibrated_on_ecgs_it_was_not_fitted_on(fusion):
    new = simulated(seed=7)
    found = np.array(
        [
            fusion.certainty("AFIB", s, float(p)).probability
            for s, p in zip(new.states, new.head, strict=True)
        ]
    )
    edges = np.quantile(found, np.linspace(0, 1, 11))
    which = np.clip(np.searchsorted(edges, found, side="right") - 1, 0, 9)
    for i in range(10):
        own = which == i
        mean, share = found[own].mean(), new.targets[own].mean()
        # Three standard errors of a share of 400 ECGs, and 0.02 for the form of the regression.
        assert abs(mean - share) < 3 * math.sqrt(mean * (1 - mean) / own.sum()) + 0.02


def test_both_tell_more_than_either():
    data, new = simulated(), simulated(seed=7)
    fusion = Fusion(fit_fusion({"AFIB": data}))

    def log_loss(of):
        p = np.array([of(s, float(h)) for s, h in zip(new.states, new.head, strict=True)])
        return -np.mean(np.where(new.targets == 1, np.log(p), np.log(1 - p)))

    both = log_loss(lambda s, h: fusion.certainty("AFIB", s, h).probability)
    criterion = log_loss(lambda s, _: fusion.certainty("AFIB", s).probability)
    head = log_loss(lambda _, h: min(max(h, 1e-9), 1 - 1e-9))
    assert both < 0.9 * min(criterion, head)  # the two err independently here


def test_a_head_that_knows_nothing_changes_little():
    fusion = Fusion(fit_fusion({"AFIB": simulated(informative=False)}))
    low, high = (fusion.certainty("AFIB", "present", p).probability for p in (0.12, 0.28))
    # A fitted weight of noise: 4,000 ECGs leave some of it.
    assert high - low < 0.1


def test_without_a_head_the_criterion_alone_decides(fusion):
    alone = fusion.certainty("AFIB", "present")
    assert alone == fusion.certainty("AFIB", "present", math.nan)
    assert alone.probability > 0.5 > fusion.certainty("AFIB", "absent").probability
    assert alone.basis.startswith("the criterion,")


def test_what_is_not_assessable_stays_so_whatever_the_head_says(fusion):
    found = fusion.certainty("AFIB", "not assessable", 0.99)
    assert math.isnan(found.probability)
    assert math.isnan(found.of_state("not assessable"))
    assert "not assessable" in found.basis


def test_no_head_argues_a_critical_value_away(fusion):
    assert VOCABULARY["VTAC"].critical
    assert fusion.certainty("VTAC", "present", 0.001) == fusion.certainty("VTAC", "present")


def test_a_statement_without_coefficients_has_no_certainty(fusion):
    found = fusion.certainty("WPW", "present", 0.9)
    assert math.isnan(found.probability)
    assert "too few" in found.basis


def test_the_certainty_of_an_absent_finding_is_that_it_is_not_there(fusion):
    found = fusion.certainty("AFIB", "absent", 0.01)
    assert found.of_state("absent") == 1 - found.probability > 0.95


def test_a_finding_that_few_ecgs_have_is_not_fitted():
    rare = simulated(200)
    few = LabelledFinding(rare.states, rare.head, (np.arange(200) < MIN_POSITIVE - 1).astype(float))
    assert fit_fusion({"AFIB": few}) == {}


def test_a_finding_without_a_head_is_fitted_on_its_criterion():
    data = simulated()
    nothing = LabelledFinding(data.states, np.full(len(data.head), np.nan), data.targets)
    weights = fit_fusion({"STE_": nothing})["STE_"]
    assert weights.head == weights.agreement == 0
    assert weights.present == weights.alone_present > 0


def test_unknown_labels_and_unassessed_criteria_are_not_used():
    data = simulated()
    states = ["not assessable", *data.states[1:]]
    targets = np.append(data.targets[:-1], np.nan)
    weights = fit_fusion({"AFIB": LabelledFinding(states, data.head, targets)})["AFIB"]
    assert weights.n_ecgs == len(data.targets) - 2


def test_a_rare_finding_leans_on_the_others():
    common = {code: simulated(seed=i) for i, code in enumerate(("AFIB", "PAC", "PVC"), start=1)}
    rare = simulated(60, seed=9)
    together = fit_fusion({**common, "WPW": rare})["WPW"]
    assert abs(together.present - fit_fusion(common)["AFIB"].present) < 1.0  # the prior's sd


def test_calling_at_the_limit_has_the_best_f1_on_other_ecgs(fusion):
    new = simulated(seed=7)
    scores = np.array(
        [
            fusion.certainty("AFIB", s, float(p)).probability
            for s, p in zip(new.states, new.head, strict=True)
        ]
    )

    def f1(limit):
        called = scores >= limit
        return 2 * new.targets[called].sum() / (called.sum() + new.targets.sum())

    best = max(f1(limit) for limit in np.linspace(0.05, 0.95, 91))
    assert f1(fusion.weights["AFIB"].call_at) > best - 0.01  # F1 is flat around its best


def test_the_limit_lies_between_two_ecgs():
    # Expected F1 of 1, 2, 3 called: 1.8/3.1, 3.4/4.1, 3.8/5.1 of 2.1 expected positives.
    limit = expected_f1_limit(np.array([0.9, 0.8, 0.3, 0.1]))
    assert limit == pytest.approx(0.55)


def test_coefficients_survive_json(fusion):
    again = Fusion.from_dict(json.loads(json.dumps(fusion.to_dict())))
    for state in LEVELS:
        # Five decimals of a logit.
        assert again.certainty("AFIB", state, 0.3).probability == pytest.approx(
            fusion.certainty("AFIB", state, 0.3).probability, abs=1e-4
        )


@pytest.mark.parametrize("name", ["borderline", "present", "head", "agreement", "alone_present"])
def test_a_falling_weight_is_refused(name):
    weights = dict.fromkeys(FusionWeights.__dataclass_fields__, 0.5)
    with pytest.raises(ValueError, match=f"{name} must be at least 0"):
        FusionWeights(**{**weights, name: -0.1})


def test_a_state_or_probability_that_is_none_is_refused(fusion):
    with pytest.raises(ValueError, match="state must be one of"):
        fusion.certainty("AFIB", "likely", 0.5)
    with pytest.raises(ValueError, match="head_probability"):
        fusion.certainty("AFIB", "present", 1.5)


def test_a_block_without_a_label_of_its_own_uses_that_of_its_group():
    assert head_label("CLBBB", {"LBBB", "AFIB"}) == "LBBB"
    assert head_label("CRBBB", {"RBBB", "CRBBB"}) == "CRBBB"
    assert head_label("WPW", {"LBBB"}) == "WPW"


def test_an_interpretation_keeps_its_states_and_gains_certainties(fusion):
    said = Interpretation(
        "ecg",
        (
            Statement("AFIB", "present", "rule", "source"),
            Statement("VTAC", "absent", "rule", "source"),
            Statement("PVC", "present", "rule", "source"),
            Statement("SR", "not assessable", "rule", "source", reason="no P"),
        ),
    )
    certain = fusion.applied(said, {"AFIB": 0.9, "SR": 0.9})
    assert [each.state for each in certain.statements] == [each.state for each in said.statements]
    assert certain["AFIB"].certainty == fusion.certainty("AFIB", "present", 0.9).probability
    assert certain["VTAC"].certainty == 1 - fusion.certainty("VTAC", "absent").probability
    for code in ("PVC", "SR"):
        assert math.isnan(certain[code].certainty)
        assert certain[code].certainty_basis == ""


def test_the_shipped_coefficients_are_monotone_and_say_what_made_them():
    shipped = default_fusion()
    assert shipped.command.startswith("python -m studies.rhythm_head")
    assert {"AFIB", "SR", "RBBB", "LBBB"} <= set(shipped.weights)
    for code, weights in shipped.weights.items():
        assert weights.n_positive >= MIN_POSITIVE
        for state in LEVELS:
            found = [shipped.certainty(code, state, p).probability for p in (0.05, 0.5, 0.95)]
            assert found == sorted(found)
        alone = [shipped.certainty(code, state).probability for state in LEVELS]
        assert alone == sorted(alone)
