import numpy as np
import pytest

from physioclr.ecg_paper import (
    ARRANGEMENTS,
    CABRERA_LEADS,
    GAINS_MM_PER_MV,
    LARGE_BOX_MM,
    MINUS_AVR,
    SPEEDS_MM_PER_S,
    PaperScale,
    calibration_pulse_mm,
    lead_on_paper_mv,
    leaves_paper,
    paper_cells,
    paper_layout,
    pulse_rows,
    record_layout,
)
from physioclr.leads import STANDARD_LEADS
from physioclr.records import EcgRecord

# The frontal plane: where each limb lead points, in degrees (hexaxial reference system).
POINTS_AT_DEG = {"aVL": -30, "I": 0, MINUS_AVR: 30, "II": 60, "aVF": 90, "III": 120}


def starts(layout, scale=None, **kwargs):
    scale = scale or PaperScale()
    return {
        cell.lead: cell.from_s
        for cell in paper_cells(layout, scale, **{"duration_s": 10.0, **kwargs})
        if not cell.rhythm
    }


def test_ten_seconds_and_a_millivolt_by_the_standard():
    scale = PaperScale()
    assert (scale.page_s, scale.mv_per_s) == (10.0, 2.5)  # 250 mm at 25 mm/s; 25 mm/s is 2.5 mV/s
    assert str(scale) == "25 mm/s · 10 mm/mV"


@pytest.mark.parametrize("speed", SPEEDS_MM_PER_S)
@pytest.mark.parametrize("gain", GAINS_MM_PER_MV)
def test_every_scale_has_rows_of_one_length(speed, gain):
    scale = PaperScale(speed, gain)
    assert scale.page_s * speed == 250.0
    assert scale.mv_per_s * gain == speed


@pytest.mark.parametrize("change", [{"speed_mm_per_s": 30.0}, {"gain_mm_per_mv": 0.0}])
def test_a_scale_no_machine_prints_is_refused(change):
    with pytest.raises(ValueError, match=f"{next(iter(change))} must be one of"):
        PaperScale(**change)


def test_three_by_four_runs_down_the_columns():
    layout = paper_layout("3 × 4")
    assert layout.rows == (
        ("I", "aVR", "V1", "V4"),
        ("II", "aVL", "V2", "V5"),
        ("III", "aVF", "V3", "V6"),
    )
    assert layout.rhythm == ("II",)


def test_six_by_two_has_limb_leads_left_and_chest_leads_right():
    rows = paper_layout("6 × 2").rows
    assert tuple(left for left, _ in rows) == STANDARD_LEADS[:6]
    assert tuple(right for _, right in rows) == STANDARD_LEADS[6:]


def test_one_column_shows_every_lead_whole_and_no_strip_twice():
    layout = paper_layout("12 × 1")
    assert layout.rows == tuple((lead,) for lead in STANDARD_LEADS)
    assert layout.rhythm == ()


def test_cabrera_goes_round_the_frontal_plane():
    limb = CABRERA_LEADS[:6]
    assert list(limb) == sorted(limb, key=POINTS_AT_DEG.__getitem__)
    rows = paper_layout("6 × 2", cabrera=True).rows
    assert tuple(left for left, _ in rows) == limb


def test_minus_avr_is_avr_upside_down():
    signal = np.outer(np.arange(1, 13), np.linspace(-1, 1, 101))
    record = EcgRecord(signal, 500.0, STANDARD_LEADS, "ramp")
    drawn = lead_on_paper_mv(record, MINUS_AVR)
    np.testing.assert_array_equal(drawn, -lead_on_paper_mv(record, "aVR"))


def test_a_lead_is_drawn_about_its_own_median_and_gaps_stay_gaps():
    signal = np.full((1, 101), 3.0)
    signal[0, 50], signal[0, 70] = 4.0, np.nan
    drawn = lead_on_paper_mv(EcgRecord(signal, 500.0, ("II",), "offset"), "II")
    assert (drawn[0], drawn[50]) == (0.0, 1.0)
    assert np.isnan(drawn[70])


def test_a_lead_that_was_not_recorded_is_none():
    record = EcgRecord(np.zeros((1, 10)), 500.0, ("II",), "one lead")
    assert lead_on_paper_mv(record, "V1") is None
    assert lead_on_paper_mv(record, MINUS_AVR) is None


@pytest.mark.parametrize("arrangement", ["3 × 4", "12 × 1"])
def test_chosen_leads_keep_their_order_and_aVR_stands_for_its_inverse(arrangement):
    layout = paper_layout(arrangement, cabrera=True, leads=("V2", "aVR", "II"), rhythm=())
    assert layout.leads == (MINUS_AVR, "II", "V2")


def test_rows_are_whole_large_boxes_apart():
    for arrangement in ARRANGEMENTS:
        assert paper_layout(arrangement).pitch_mm % LARGE_BOX_MM == 0


def test_no_lead_and_no_such_arrangement_are_refused():
    with pytest.raises(ValueError, match="leads must name at least one lead"):
        paper_layout(leads=())
    with pytest.raises(ValueError, match="arrangement must be one of"):
        paper_layout("4 × 3")


def test_leads_beyond_the_twelve_follow_them_as_they_come():
    layout = paper_layout("12 × 1", leads=("V8", "V7", "V1", "II"))
    assert layout.leads == ("II", "V1", "V8", "V7")


def record_of(*leads):
    return EcgRecord(np.zeros((len(leads), 5000)), 500.0, leads, "some leads")


@pytest.mark.parametrize("leads", [("II",), ("ECG1", "ECG2"), STANDARD_LEADS[:6], ("V7", "II")])
def test_each_of_few_leads_has_a_row_of_its_own_over_the_whole_page(leads):
    for arrangement in ARRANGEMENTS:
        layout = record_layout(record_of(*leads), arrangement)
        assert set(layout.rows) == {(lead,) for lead in leads}
        assert layout.rhythm == ()
    (first, *_) = paper_cells(layout, PaperScale(), duration_s=10.0)
    assert (first.from_s, first.to_s) == (0.0, 10.0)


def test_the_rhythm_strip_is_the_lead_a_rhythm_is_read_in():
    assert record_layout(record_of(*STANDARD_LEADS)).rhythm == ("II",)
    without_ii = [lead for lead in STANDARD_LEADS if lead != "II"]
    assert record_layout(record_of(*without_ii)).rhythm == ("V5",)
    assert record_layout(record_of(*without_ii), rhythm=("II", "V1")).rhythm == ("V1",)
    assert record_layout(record_of(*without_ii), rhythm=("II",)).rhythm == ("V5",)
    assert record_layout(record_of(*without_ii), rhythm=()).rhythm == ()


def test_leads_that_were_chosen_and_are_not_there_do_not_leave_the_page_empty():
    assert record_layout(record_of("II"), leads=("V1", "V2")).leads == ("II",)
    assert record_layout(record_of(*STANDARD_LEADS), leads=("V7",), rhythm=()) == paper_layout(
        rhythm=()
    )
    beyond = record_of(*STANDARD_LEADS, "V7", "V8")
    assert record_layout(beyond).rows == paper_layout().rows
    assert record_layout(beyond, leads=("V6", "V7", "V8"), rhythm=()).leads == ("V6", "V7", "V8")


@pytest.mark.parametrize("gain", GAINS_MM_PER_MV)
@pytest.mark.parametrize("speed", SPEEDS_MM_PER_S)
def test_the_calibration_pulse_is_200_ms_and_1_mv_and_stands_before_the_leads(speed, gain):
    scale = PaperScale(speed, gain)
    x, y = calibration_pulse_mm(scale)
    assert (x[3] - x[2], max(y)) == (pytest.approx(0.2 * speed), gain)
    assert -15.0 < x[0] < x[-1] < 0.0
    assert x == sorted(x)


@pytest.mark.parametrize("gain", GAINS_MM_PER_MV)
def test_no_calibration_pulse_stands_on_another(gain):
    rows = pulse_rows(12, 20.0, PaperScale(25.0, gain))
    assert rows[0] == 11
    assert (rows[0] - rows[1]) * 20.0 > gain


def test_a_line_leaves_the_paper_once_a_stretch():
    drawn = np.array([0, 3, 3, 0, np.nan, 3, -3, -4, 0, -3.0])
    above, below = leaves_paper(drawn, -2.0, 2.0)
    assert (above.tolist(), below.tolist()) == ([1, 5], [6, 9])


def test_time_runs_on_across_the_columns():
    at = starts(paper_layout())
    assert (at["I"], at["aVL"], at["V3"], at["V6"]) == (0.0, 2.5, 5.0, 7.5)


def test_at_50_mm_a_second_a_page_is_5_seconds():
    at = starts(paper_layout(), PaperScale(50.0, 10.0), start_s=5.0)
    assert (at["I"], at["aVL"], at["V3"], at["V6"]) == (5.0, 6.25, 7.5, 8.75)


def test_in_a_short_record_every_column_begins_with_the_page():
    cells = paper_cells(paper_layout(), PaperScale(), duration_s=4.0)
    assert {cell.from_s for cell in cells} == {0.0}
    assert [cell.shown_at_s for cell in cells[:4]] == [0.0, 2.5, 5.0, 7.5]


def test_a_rhythm_strip_shows_the_whole_page():
    strip = paper_cells(paper_layout(rhythm=("V1",)), PaperScale(), duration_s=10.0)[-1]
    assert (strip.lead, strip.row, strip.from_s, strip.to_s) == ("V1", 3, 0.0, 10.0)
