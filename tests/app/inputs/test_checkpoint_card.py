"""The card of a checkpoint says what it learnt from, what it is for, and where it ends."""

from __future__ import annotations

import pytest

from app.inputs.checkpoint_card import card_table
from tests.app.opened_page import html_of, open_page


def test_a_card_names_cohorts_limits_and_what_was_measured(small_encoder):
    card = small_encoder.card.model_copy(
        update={
            "limits": ("Not for <children>.", "One hospital."),
            "metrics": {"r2": {"qrs_ms": 0.755, "pr_ms": None}},
        }
    )
    shown = card_table(card, n_parameters=1_234_567)
    assert "1.2 million parameters" in shown
    assert "none (0 ECGs, simulated)" in shown
    assert "Not for &lt;children&gt;.<br>One hospital." in shown
    assert "QRS duration 0.755; PR interval not measured" in shown
    assert card.fingerprint in shown


@pytest.mark.usefixtures("small_app")
def test_the_page_that_reads_an_ecg_offers_the_card(good_record, small_encoder):
    assert f'aria-label="Card of {small_encoder.card.name}"' in html_of(
        open_page("read", good_record)
    )
