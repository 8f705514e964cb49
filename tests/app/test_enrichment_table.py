"""The table of what sets a selection apart says each thing once, under a name of its own."""

from __future__ import annotations

import pandas as pd

from app.components.enrichment_table import enrichment_table


def label_row(name, label, selected):
    return {
        "kind": "label",
        "name": name,
        "label": label,
        "unit": "",
        "n_selected": 50,
        "n_rest": 200,
        "selected": selected,
        "rest": 0.1,
        "effect": selected - 0.1,
        "effect_low": 0.2,
        "effect_high": 0.9,
        "p_corrected": 0.001,
    }


def test_a_label_that_two_sets_share_is_shown_once():
    table = pd.DataFrame(
        [label_row("superclass/NORM", "Normal", 0.8), label_row("subclass/NORM", "Normal", 0.8)]
    )
    shown = enrichment_table(table)
    assert shown.count("<td>Normal</td>") == 1
    assert "1 of 1 differ" in shown


def test_labels_of_one_name_that_differ_name_their_sets():
    table = pd.DataFrame(
        [label_row("superclass/STTC", "ST/T", 0.8), label_row("subclass/STTC", "ST/T", 0.5)]
    )
    shown = enrichment_table(table)
    assert "<td>ST/T (superclass)</td>" in shown
    assert "<td>ST/T (subclass)</td>" in shown
