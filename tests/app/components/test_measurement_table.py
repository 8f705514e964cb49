"""What the tables of measurements say, cell by cell."""

import re
from dataclasses import replace

import pytest

from app.components.measurement_table import comparison_table, signed
from physioclr.physiology.measurements import measure


@pytest.fixture(scope="module")
def measured(good_record):
    return measure(good_record)


def cells(table, row=1):
    """The texts of one row of a table."""
    text = table.split("<tr>")[row + 1]
    return [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td.*?</td>", text)]


def test_an_axis_changes_by_the_shorter_way_round(measured):
    before, after = replace(measured, axis_deg=175.0), replace(measured, axis_deg=-175.0)
    assert cells(comparison_table(before, after, ["axis_deg"])) == [
        "QRS axis",
        "175°",
        "−175°",
        "+10",
    ]
    assert cells(comparison_table(after, before, ["axis_deg"]))[-1] == "−10"


def test_a_change_from_what_is_not_measurable_is_a_dash(measured):
    without = replace(measured, pr_ms=float("nan"))
    assert cells(comparison_table(without, measured, ["pr_ms"]))[1::2] == ["not measurable", "–"]


@pytest.mark.parametrize(("change", "shown"), [(0.4, "0"), (-0.4, "0"), (1.2, "+1"), (-7, "−7")])
def test_a_difference_has_its_sign_unless_it_is_none(change, shown):
    assert signed(change, 0) == shown
