from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from physioclr.augment.draws import Draws
from physioclr.models import AnsweringEncoder, TransformerConfig
from physioclr.objectives import Physioclr, Step
from physioclr.objectives.physioclr import PhysioclrConfig
from physioclr.objectives.physiological_pairs import contrastive_loss, physiological_pairs
from physioclr.objectives.reconstruction import near_peaks, peak_loss
from physioclr.objectives.token_masks import span_mask
from physioclr.training_data.cohort import TrainingCohort
from tests.objectives.conftest import random_batch


def slow_contrastive(anchors, shuffled, weight, negative, temperature, denominator):
    """The equation of the paper, anchor by anchor and term by term."""

    def cosine(a, b):
        return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))

    losses = []
    for i, anchor in enumerate(anchors):
        positive = [
            weight[i, j] * math.exp(cosine(anchor, other) / temperature)
            for j, other in enumerate(anchors)
            if weight[i, j] > 0
        ]
        if shuffled is not None:
            positive.append(math.exp(cosine(anchor, shuffled[i]) / temperature))
        contrasted = [
            math.exp(cosine(anchor, other) / temperature)
            for j, other in enumerate(anchors)
            if negative[i, j]
        ]
        if not positive or not contrasted:
            continue
        if denominator == "all":
            contrasted += positive
        losses.append(-math.log(sum(positive)) + math.log(sum(contrasted)))
    return sum(losses) / len(losses) if losses else 0.0


def batch(n: int, seed: int):
    rng = np.random.default_rng(seed)
    similarity = np.clip(rng.normal(0, 0.5, (n, n)), -1, 1)
    similarity = (similarity + similarity.T) / 2
    np.fill_diagonal(similarity, 1)
    recording = np.arange(n) // 2
    return rng.normal(size=(n, 8)), rng.normal(size=(n, 8)), similarity, recording


def slow_pairs(similarity, recording, delta, weights, neighbour, own_positive):
    """The sets of positives and negatives, pair by pair, in the words of METHOD."""
    n = len(recording)
    weight, negative = np.zeros((n, n)), np.zeros((n, n), dtype=bool)
    for i in range(n):
        for j in range(n):
            other_recording = recording[i] != recording[j]
            if other_recording and similarity[i, j] >= delta:
                weight[i, j] = similarity[i, j] if weights == "similarity" else 1
            if other_recording and similarity[i, j] < delta:
                negative[i, j] = True
            near = (neighbour == "recording" and not other_recording and i != j) or (
                neighbour == "next_row" and j == (i + 1) % n
            )
            if near:
                weight[i, j], negative[i, j] = 1, False
            if own_positive and i == j:
                weight[i, j] = 1
    return weight, negative


@given(
    n=st.integers(1, 9),
    seed=st.integers(0, 1000),
    denominator=st.sampled_from(["negatives", "all"]),
    weights=st.sampled_from(["hard", "similarity"]),
    use_shuffle=st.booleans(),
    neighbour=st.sampled_from(["recording", "next_row", None]),
    own_positive=st.booleans(),
)
def test_the_fast_loss_is_the_equation(
    n, seed, denominator, weights, use_shuffle, neighbour, own_positive
):
    anchors, shuffled, similarity, recording = batch(n, seed)
    weight, negative = physiological_pairs(
        torch.from_numpy(similarity),
        torch.from_numpy(recording),
        weights=weights,
        neighbour=neighbour,
        own_positive=own_positive,
    )
    slow = slow_pairs(similarity, recording, 0.25, weights, neighbour, own_positive)
    np.testing.assert_array_equal(weight, slow[0])
    np.testing.assert_array_equal(negative, slow[1])
    shuffled = shuffled if use_shuffle else None
    expected = slow_contrastive(
        anchors, shuffled, weight.numpy(), negative.numpy(), 0.1, denominator
    )
    found = contrastive_loss(
        torch.from_numpy(anchors),
        None if shuffled is None else torch.from_numpy(shuffled),
        weight,
        negative,
        temperature=0.1,
        denominator=denominator,
    )
    assert float(found) == pytest.approx(expected, rel=1e-5, abs=1e-5)  # float32


def test_an_anchor_is_never_its_own_positive_nor_negative():
    _, _, similarity, recording = batch(8, 0)
    weight, negative = physiological_pairs(
        torch.from_numpy(similarity), torch.from_numpy(recording)
    )
    assert not weight.diagonal().any()
    assert not negative.diagonal().any()


def test_only_segments_of_one_recording_are_neighbours():
    _, _, _, recording = batch(6, 0)
    apart = -torch.ones(6, 6)
    weight, negative = physiological_pairs(apart, torch.from_numpy(recording))
    same = torch.from_numpy(recording[:, None] == recording)
    torch.testing.assert_close(weight > 0, same & ~torch.eye(6, dtype=torch.bool))
    torch.testing.assert_close(negative, ~same)


def test_delta_divides_positives_from_negatives():
    similarity = torch.tensor([[1.0, 0.25, 0.24], [0.25, 1.0, 0.9], [0.24, 0.9, 1.0]])
    weight, negative = physiological_pairs(similarity, torch.arange(3), delta=0.25)
    assert weight.tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    assert negative.tolist() == [[False, False, True], [False] * 3, [True, False, False]]


def test_a_pair_without_common_measurements_is_neither_positive_nor_negative():
    similarity = torch.tensor([[1.0, torch.nan], [torch.nan, 1.0]])
    weight, negative = physiological_pairs(similarity, torch.arange(2))
    assert not weight.any()
    assert not negative.any()


def test_drawing_a_positive_nearer_lowers_the_loss():
    anchors = torch.eye(3, requires_grad=True)
    weight = torch.tensor([[0.0, 1, 0], [1, 0, 0], [0, 0, 0]])
    negative = torch.tensor([[0, 0, 1], [0, 0, 1], [1, 1, 0]], dtype=torch.bool)
    loss = contrastive_loss(anchors, None, weight, negative, temperature=0.1)
    loss.backward()
    moved = (anchors - 0.1 * anchors.grad).detach()
    assert moved[0] @ moved[1] > 0
    assert torch.isfinite(anchors.grad).all()


def test_a_batch_without_negatives_costs_nothing_and_has_a_gradient():
    anchors = torch.randn(2, 4, requires_grad=True)
    none = torch.zeros(2, 2)
    loss = contrastive_loss(anchors, anchors.detach(), none, none.bool(), temperature=0.1)
    loss.backward()
    assert loss.item() == 0
    assert not anchors.grad.any()


def test_the_peak_loss_is_the_mean_square_over_the_samples_near_a_peak():
    generator = torch.Generator().manual_seed(0)
    signal, rebuilt = (torch.randn(2, 3, 20, generator=generator) for _ in range(2))
    near = torch.zeros(2, 20, dtype=torch.bool)
    near[0, 4:9] = near[1, 12:13] = True
    squares = [
        float((rebuilt[b, lead, t] - signal[b, lead, t]) ** 2)
        for b in range(2)
        for lead in range(3)
        for t in range(20)
        if near[b, t]
    ]
    assert float(peak_loss(rebuilt, signal, near)) == pytest.approx(np.mean(squares), rel=1e-5)
    assert float(peak_loss(rebuilt, signal, torch.zeros_like(near))) == 0


def test_the_neighbourhoods_of_the_peaks_are_those_a_loop_marks():
    peaks = torch.tensor([[0, 4, 19, 20], [9, 10, 20, 20], [20, 20, 20, 20]])
    found = near_peaks(peaks, 20, half_width=2)
    for row, marked in zip(peaks.tolist(), found, strict=True):
        known = [peak for peak in row if peak < 20]
        expected = [any(abs(t - peak) <= 2 for peak in known) for t in range(20)]
        assert marked.tolist() == expected


def test_the_share_of_hidden_tokens_is_the_one_asked_for():
    mask = span_mask(2000, 63, fraction=0.65, span=5, draws=Draws.seeded(0))
    # 126,000 tokens in spans of 5: standard error about sqrt(.65·.35·5/126000) = .003.
    assert float(mask.float().mean()) == pytest.approx(0.65, abs=0.015)


@pytest.mark.parametrize(
    ("name", "value"),
    [("temperature", 0.0), ("delta", 1.5), ("token_mask_fraction", 1.0)],
)
def test_a_setting_out_of_range_is_refused(name, value):
    with pytest.raises(ValueError, match=name):
        PhysioclrConfig(**{name: value})


def test_an_objective_without_positives_is_refused():
    with pytest.raises(ValueError, match="must not be None"):
        PhysioclrConfig(shuffle=None, neighbour=None, physiology=None)


def levelled(**settings):
    torch.manual_seed(0)
    config = PhysioclrConfig(levels_weight=1.0, n_levels=7, **settings)
    encoder = TransformerConfig(width=16, n_layers=1, n_heads=2, feedforward=32, position_kernel=5)
    return Physioclr(encoder, config)


@pytest.mark.parametrize("alone", [True, False])
def test_levels_add_their_cross_entropy_to_the_loss(alone):
    batch = random_batch()
    batch.levels[1, 2] = torch.nan
    weights = {"contrast_weight": 0.0, "global_weight": 0.0, "peak_weight": 0.0} if alone else {}
    objective = levelled(**weights)
    terms = objective(batch, Step.seeded(0))
    rest = terms.get("contrastive", 0.0) * objective.config.contrast_weight
    if not alone:
        rest = rest + 0.2 * terms["reconstruction"] + 0.1 * terms["peaks"]
    # float32, a handful of additions.
    torch.testing.assert_close(terms["loss"], terms["levels"] + rest, rtol=1e-5, atol=1e-6)
    assert ("contrastive" in terms) is not alone


def test_hard_levels_are_yes_or_no():
    batch = random_batch()
    soft = torch.rand_like(batch.levels)
    soft[1, 2] = torch.nan
    hard = torch.where(soft.isnan(), soft, soft.round())
    losses = [
        levelled(levels=kind)(replace(batch, levels=answers), Step.seeded(0))["levels"]
        for kind, answers in (("soft", soft), ("hard", soft), ("soft", hard), ("hard", hard))
    ]
    assert losses[0] != losses[1]
    assert losses[1] == losses[2] == losses[3]


def test_levels_are_learnt_from_the_summary_of_the_recording():
    batch = random_batch()
    objective = levelled(
        contrast_weight=0.0, global_weight=0.0, peak_weight=0.0, lead_mask_fraction=0.0
    )
    optimiser = torch.optim.Adam(objective.parameters(), 1e-2)
    losses = []
    for step in range(30):
        loss = objective(batch, Step.seeded(step))["loss"]
        losses.append(loss.item())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    # Four recordings, seven questions each: from chance, 0.69, to nearly known.
    assert losses[0] > 0.6
    assert losses[-1] < 0.3


@pytest.mark.parametrize("setting", [{"shift_ms": 200.0}, {"lowest_snr_db": 0.0}])
def test_views_are_augmented_as_asked(setting):
    quiet = {"contrast_weight": 0.0, "global_weight": 0.0, "peak_weight": 0.0}
    plain, changed = (
        levelled(**quiet, **more)(random_batch(), Step.seeded(1))["loss"] for more in ({}, setting)
    )
    assert plain != changed


def test_levels_ask_the_cohort_how_many_there_are():
    config = PhysioclrConfig(levels_weight=0.5)
    assert "levels" in Physioclr.needs(config)
    assert Physioclr.fitted(config, n_labels=0, n_levels=9).n_levels == 9
    assert Physioclr.fitted(PhysioclrConfig(), n_labels=0, n_levels=9).n_levels == 0
    with pytest.raises(ValueError, match="n_levels must be at least 1, got 0"):
        Physioclr(TransformerConfig(), config)
    with pytest.raises(ValueError, match="must not both be 0"):
        PhysioclrConfig(contrast_weight=0.0)
    without = PhysioclrConfig(
        contrast_weight=0.0, levels_weight=1.0, peak_weight=0.0, global_weight=0.0
    )
    assert Physioclr.needs(without) == {"levels"}


@pytest.fixture(scope="module")
def levelled_cohort(pulse_store):
    return TrainingCohort.from_stores([pulse_store] * 3).with_levels()  # levels need 50 ECGs


def of_cohort(cohort, **settings):
    torch.manual_seed(0)
    config = PhysioclrConfig(levels_weight=1.0, n_levels=len(cohort.levels), **settings)
    size = TransformerConfig(width=16, n_layers=1, n_heads=2, feedforward=32, position_kernel=5)
    return Physioclr(size, config)


@pytest.mark.parametrize("mixture", ["fitted", "random"])
def test_a_checkpoint_with_levels_embeds_an_ecg_by_its_answers(levelled_cohort, mixture):
    objective, rows = of_cohort(levelled_cohort, mixture=mixture), torch.arange(40)
    readout = objective.readout(objective.encoder, levelled_cohort, rows)
    signal = random_batch().windows.signal
    logits = objective.levels(objective.encoder(signal)[0])
    torch.testing.assert_close(readout.answers(readout.reader(signal)[0]), logits)
    assert readout(signal)[0].shape == (len(signal), 512)
    again = of_cohort(levelled_cohort, mixture=mixture)
    assert torch.equal(
        again.readout(again.encoder, levelled_cohort, rows).mixture, readout.mixture
    )  # the same for every run
    plain = Physioclr(objective.encoder.config, PhysioclrConfig())
    assert plain.readout(plain.encoder, levelled_cohort, rows) is plain.encoder


def test_a_mixture_is_fitted_to_the_real_ecgs_trained_on(levelled_cohort, monkeypatch):
    asked = {}

    def recorded(_encoder, answers, weight, *, seed):
        asked.update(answers=answers, weight=weight, seed=seed)

    monkeypatch.setattr(AnsweringEncoder, "fit_mixture", recorded)
    cohort, rows = levelled_cohort, torch.arange(10, 40)
    objective = of_cohort(cohort)
    readout = objective.readout(objective.encoder, cohort, rows)
    signal = cohort.batch(rows).windows.signal
    answers = readout.answered(readout.reader(signal)[0]).view(30, cohort.n_windows, -1).mean(1)
    torch.testing.assert_close(asked["answers"], answers)  # all are simulated: all are taken
    of_vector = cohort.asks_physiology
    assert 0 < of_vector.sum() < len(of_vector)
    # What is asked about the physiological vector has nine tenths of the distance.
    torch.testing.assert_close(asked["weight"][of_vector].sum().item(), 0.9)
    torch.testing.assert_close(asked["weight"].sum().item(), 1.0)
    simulated = property(lambda cohort: np.arange(len(cohort)) >= 24)
    monkeypatch.setattr(TrainingCohort, "is_simulated", simulated)
    objective.readout(objective.encoder, cohort, rows)
    torch.testing.assert_close(asked["answers"], answers[:14])
