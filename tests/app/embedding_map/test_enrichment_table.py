"""The table of what sets a selection apart says each thing once, under a name of its own."""

from __future__ import annotations

import pandas as pd

from app.embedding_map.enrichment_table import enrichment_table

NAN = float("nan")


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


def test_what_does_not_differ_is_shown_where_it_is_asked_for():
    rows = [label_row(f"set/{n}", f"Label {n}", 0.5) for n in range(20)]
    rows.append(label_row("set/same", "Same", 0.1) | {"p_corrected": 0.9})
    rows.append(label_row("set/none", "Unknown", NAN) | {"rest": 0.2, "p_corrected": NAN})
    table = pd.DataFrame(rows)
    shown, everything = enrichment_table(table), enrichment_table(table, everything=True)
    assert "The 16 that differ most are shown" in shown
    assert "<td>Same</td>" not in shown
    assert "<td>Same</td>" in everything
    assert everything.count("<tr>") == 23  # and the header
    assert "nan" not in everything
