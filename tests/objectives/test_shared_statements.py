from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from physioclr.models import TransformerConfig
from physioclr.objectives.objective import Step
from physioclr.objectives.physioclr import Physioclr, PhysioclrConfig
from physioclr.objectives.shared_statements import shared_statement_similarity

NAN = float("nan")


def slow_similarity(one, other):
    """Jaccard's index over the findings known of both, by its definition."""
    known = [(a, b) for a, b in zip(one, other, strict=True) if a == a and b == b]
    either = sum(a == 1 or b == 1 for a, b in known)
    return sum(a == 1 and b == 1 for a, b in known) / either if either else NAN


def test_the_similarity_is_jaccards_index_over_what_is_known_of_both():
    generator = torch.Generator().manual_seed(0)
    statements = torch.randint(2, (12, 9), generator=generator).float()
    statements[torch.rand(12, 9, generator=generator) < 0.2] = NAN
    statements[5] = 0.0
    found = shared_statement_similarity(statements)
    expected = torch.tensor(
        [[slow_similarity(a, b) for b in statements.tolist()] for a in statements.tolist()]
    )
    torch.testing.assert_close(found, expected, equal_nan=True)


def test_two_ecgs_without_any_finding_are_neither_alike_nor_unlike():
    assert torch.isnan(shared_statement_similarity(torch.zeros(2, 3))).all()


def objective(**changes):
    size = TransformerConfig(width=16, n_layers=1, n_heads=2, feedforward=32, position_kernel=5)
    settings = PhysioclrConfig(
        physiology="statements",
        delta=0.5,
        shuffle=None,
        neighbour=None,
        global_weight=0.0,
        peak_weight=0.0,
        **changes,
    )
    return Physioclr(size, settings)


def test_positives_by_statements_ask_for_statements_and_not_for_physiology():
    assert Physioclr.needs(objective().config) == {"statements"}


def test_ecgs_that_share_their_findings_are_positives(batch):
    statements = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    step = Step.seeded(0)
    terms = objective()(replace(batch, statements=statements), step)
    # Two recordings of four share a finding; of each the two segments of the other are positives.
    assert terms["positives_per_anchor"] == pytest.approx(2 * 4 / 8)
    assert torch.isfinite(terms["loss"])
    with pytest.raises(ValueError, match="statements"):
        objective()(batch, step)
