import io
import re
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from pypdf import PdfReader

from physioclr import load_encoder
from physioclr.ecg_paper import ARRANGEMENTS, PaperScale, paper_layout
from physioclr.errors import SignalError
from physioclr.physiology.measurements import measure
from physioclr.prediction.prediction import predict
from physioclr.records import EcgRecord
from physioclr.report import ReaderFindings, Report, make_report
from physioclr.report.page import SHEETS_MM, PageStyle, report_pdf, report_png
from physioclr.report.text_fit import cut_to_width, text_width_mm, wrap_to_width
from physioclr.signal.quality import assess_quality
from physioclr.simulate import simulate_record

POINTS_PER_MM = 72 / 25.4
# A point is 0.35 mm; matplotlib writes six decimals of one.
EXACT_MM = 1e-3


def report_of(record, **changes):
    said = {"why_no_prediction": "No call: it was not asked for.", **changes}
    made_at = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    return Report(record, assess_quality(record), measure(record), made_at, **said)


@pytest.fixture(scope="module")
def report():
    return report_of(simulate_record("sinus_rhythm", seed=3))


@pytest.fixture(scope="module")
def predicted(report):
    encoder = load_encoder()
    return replace(
        report,
        prediction=predict(report.record, encoder),
        encoder=encoder.card.name,
        reader=ReaderFindings("Sinus rhythm.", "Seen at rest.", {"NORM": "agree"}, "A. Reader"),
    )


def text_of(pdf):
    return PdfReader(io.BytesIO(pdf)).pages[0].extract_text()


def paths_mm(pdf):
    """Return every path of the page: its points in mm from the lower left corner."""
    drawn = PdfReader(io.BytesIO(pdf)).pages[0].get_contents().get_data().decode("latin-1")
    paths, points = [], []
    for line in drawn.splitlines():
        moved = re.fullmatch(r"(-?[\d.]+) (-?[\d.]+) ([ml])", line.strip())
        if moved is None:
            continue
        x, y, kind = moved.groups()
        if kind == "m" and points:
            paths.append(np.array(points) / POINTS_PER_MM)
            points = []
        points.append((float(x), float(y)))
    return [*paths, np.array(points) / POINTS_PER_MM]


def square_wave(*, period_s=1.0, height_mv=1.0):
    time_s = np.arange(5000) / 500
    signal = np.where(time_s % period_s < period_s / 2, height_mv, 0.0)
    return EcgRecord(np.tile(signal, (12, 1)), 500.0, paper_layout("12 × 1").leads, "square")


def test_it_is_one_sheet_of_a4_in_true_size(report):
    pages = PdfReader(io.BytesIO(report_pdf(report))).pages
    assert len(pages) == 1
    box = pages[0].mediabox
    assert float(box.width) / POINTS_PER_MM == pytest.approx(297.0, abs=EXACT_MM)
    assert float(box.height) / POINTS_PER_MM == pytest.approx(210.0, abs=EXACT_MM)


def test_small_boxes_are_1_mm_and_large_boxes_5_mm(report):
    straight = [p for p in paths_mm(report_pdf(report)) if len(p) == 2]
    upright = [p[0, 0] for p in straight if p[0, 0] == p[1, 0] and np.ptp(p[:, 1]) > 100]
    gaps = np.diff(np.unique(np.round(upright, 4)))
    np.testing.assert_allclose(gaps, 1.0, atol=EXACT_MM)
    minor, major = 271, 55  # of 270 mm of paper
    assert len(upright) == minor + major


@pytest.mark.parametrize("scale", [PaperScale(25.0, 10.0), PaperScale(50.0, 20.0)])
def test_a_second_and_a_millivolt_measure_what_the_scale_says(scale):
    # A square wave of 1 s and 1 mV: its edges on the print are a ruler.
    style = PageStyle(scale=scale, layout=paper_layout("12 × 1", leads=("II",)))
    made = report_of(square_wave())
    longest = max(paths_mm(report_pdf(made, style)), key=len)
    rises = longest[:-1, 0][np.diff(longest[:, 1]) > 1]
    np.testing.assert_allclose(np.diff(rises), scale.speed_mm_per_s, atol=EXACT_MM)
    assert np.ptp(longest[:, 1]) == pytest.approx(scale.gain_mm_per_mv, abs=EXACT_MM)


def test_fonts_are_embedded_and_the_words_can_be_searched(predicted):
    pdf = report_pdf(predicted)
    fonts = PdfReader(io.BytesIO(pdf)).pages[0]["/Resources"]["/Font"]
    for font in fonts.values():
        described = font.get_object()
        inner = (
            described["/DescendantFonts"][0].get_object()
            if "/DescendantFonts" in described
            else described
        )
        assert "/FontFile2" in inner["/FontDescriptor"].get_object()  # TrueType, in the file
    text = text_of(pdf)
    assert f"{predicted.measured.qt_ms:.0f} ms" in text
    for words in (
        *("Simulated ECG", "Research use only. Not a medical device.", "25 mm/s · 10 mm/mV"),
        *("Measured by machine", "Reader: A. Reader", "Sinus rhythm.", "Seen at rest."),
        *("reader: agrees", "true to scale when printed at 100 %"),
    ):
        assert words in text


def test_critical_values_stand_above_everything_else():
    record = simulate_record("stemi_inferior", seed=3, st_mv=0.35)
    text = text_of(report_pdf(make_report(record, None, made_at=datetime.now(UTC))))
    critical = text.index("Critical by criteria: Acute ST elevation infarction pattern")
    assert critical < text.index("Findings by criteria:") < text.index("Measured by machine")


def test_what_is_not_measurable_is_said_and_never_zero(report):
    fibrillating = report_of(simulate_record("atrial_fibrillation", seed=1))
    assert np.isnan(fibrillating.measured.pr_ms)
    text = text_of(report_pdf(fibrillating))
    assert re.search(r"PR interval\s*not measurable", text)
    assert fibrillating.measured.reasons["pr_ms"].removeprefix("not measurable: ")[:10] in text
    assert "No call: it was not asked for." in text


def test_the_file_names_nobody_and_no_place(report):
    private = {"patient_name": "Doe^Jane", "source": "/home/me/doe.hea", **report.record.meta}
    made = replace(report, record=replace(report.record, meta=private))
    pdf = report_pdf(made)
    assert "Doe" not in text_of(pdf)
    assert set(PdfReader(io.BytesIO(pdf)).metadata) <= {"/Title", "/Creator", "/CreationDate"}


def test_the_same_report_is_the_same_file(report):
    assert report_pdf(report) == report_pdf(report)


@pytest.mark.parametrize("sheet", SHEETS_MM)
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_nothing_is_drawn_off_the_sheet(report, sheet, arrangement):
    style = PageStyle(layout=paper_layout(arrangement), sheet=sheet)
    high = report_of(replace(report.record, signal_mv=20 * report.record.signal_mv))
    width_mm, height_mm = SHEETS_MM[sheet]
    for path in paths_mm(report_pdf(high, style)):
        assert path.min() >= -EXACT_MM
        assert path[:, 0].max() <= width_mm + EXACT_MM
        assert path[:, 1].max() <= height_mm + EXACT_MM


def test_a_wave_that_leaves_the_paper_is_marked_and_the_foot_says_so(report):
    words = "a wave goes on beyond the paper"
    assert words not in text_of(report_pdf(report))
    high = report_of(replace(report.record, signal_mv=20 * report.record.signal_mv))
    assert words in text_of(report_pdf(high))


def test_a_prediction_has_its_interval_and_the_warning_about_it(predicted):
    far = replace(predicted, prediction=replace(predicted.prediction, distance_percentile=99.9))
    text = text_of(report_pdf(far))
    for low, high in far.prediction.intervals:
        assert f"{100 * low:.0f}–{100 * high:.0f} %" in text
    assert "the predictions may not hold for it" in text.replace("\n", " ")
    assert "may not hold" not in text_of(report_pdf(predicted))


def test_the_sheet_says_what_a_prediction_is_worth_and_why_there_is_no_call(predicted):
    text = text_of(report_pdf(predicted)).replace("\n", " ")
    card = predicted.prediction.card
    for label in card.labels:
        assert f"{label.auroc:.2f}" in text
    assert f"cross-validated, on {card.n_records:,} ECGs of {card.cohort}." in text
    given = predicted.prediction
    limits = card.labels[1].calls.limits
    between = np.array(given.probabilities)
    between[1] = (limits.absent_at + limits.present_at) / 2
    unsure = replace(predicted, prediction=replace(given, probabilities=between))
    assert re.search(
        r"No call:.*Myocardial infarction between 0\.\d\d and 0\.\d\d",
        text_of(report_pdf(unsure)).replace("\n", " "),
    )


def test_the_sheet_says_whose_limits_they_are_and_what_is_borderline(report):
    text = text_of(report_pdf(report))
    sex = {"female": "women", "male": "men"}[report.record.meta["sex"]]
    assert f"Normal: adults from 16 years, {sex}" in text
    flat = report_of(replace(report.record, signal_mv=np.zeros_like(report.record.signal_mv)))
    assert "Normal:" not in text_of(report_pdf(flat))
    unknown = replace(report.record, meta={"age_years": 40})
    measured = replace(report.measured, qtc_fridericia_ms=455.0)
    text = text_of(report_pdf(replace(report, record=unknown, measured=measured)))
    assert "▲ borderline, 360 to 450" in text


def test_the_qtc_that_was_chosen_stands_first(report):
    for formula in ("bazett", "hodges"):
        text = text_of(report_pdf(replace(report, qt_formula=formula)))
        first = re.search(r"QTc \((\w+)\)", text)[1]
        assert first.lower() == formula
    with pytest.raises(ValueError, match="qt_formula must be one of bazett"):
        replace(report, qt_formula="none")


def test_a_wide_qrs_is_said_beside_qtc(report):
    wide = replace(report, measured=replace(report.measured, qrs_ms=140.0))
    assert "QRS is 140 ms: QTc overestimates" in text_of(report_pdf(wide))
    assert "overestimates" not in text_of(report_pdf(report))


def test_more_labels_than_there_is_room_for_are_counted(predicted):
    given = predicted.prediction
    labels = tuple(
        given.card.labels[0].model_copy(update={"name": f"L{i}", "display_name": f"Label {i}"})
        for i in range(40)
    )
    many = replace(
        given,
        labels=tuple(label.name for label in labels),
        probabilities=np.linspace(1.0, 0.0, 40),
        card=given.card.model_copy(update={"labels": labels}),
    )
    text = text_of(report_pdf(replace(predicted, prediction=many)))
    shown = len(set(re.findall(r"Label \d+", text)))
    assert 5 < shown < 40
    assert f"and {40 - shown} less probable labels" in text


@pytest.mark.parametrize("typed", ["costs $5 or $6", r"$\frac$", r"a_b^c \foo", "50 %"])
def test_what_the_reader_types_is_never_read_as_mathematics(report, typed):
    assert typed in text_of(report_pdf(replace(report, reader=ReaderFindings(typed))))


def test_a_letter_the_font_lacks_is_a_box_and_a_control_a_blank(report):
    typed = replace(report, reader=ReaderFindings("QT 心電 \x00 end", reader="心"))
    text = text_of(report_pdf(typed))
    assert "QT □□ end" in text
    assert "Reader: □" in text


def test_a_word_of_any_length_is_cut_at_once():
    assert cut_to_width("W" * 1_000_000, 20.0, 7.5).endswith("W…")


def test_a_record_of_one_lead_has_it_over_the_whole_page(report):
    one = replace(report.record, signal_mv=report.record.signal_mv[1:2], leads=("II",))
    pdf = report_pdf(report_of(one))
    assert "not recorded" not in text_of(pdf)
    assert "1 lead: II" in text_of(pdf)
    longest = max(paths_mm(pdf), key=len)
    assert np.ptp(longest[:, 0]) == pytest.approx(250.0, abs=0.1)  # 10 s but for one sample


def test_a_lead_that_is_asked_for_and_was_not_recorded_is_said(report):
    kept = {"signal_mv": report.record.signal_mv[:11], "leads": report.record.leads[:11]}
    without = replace(report.record, **kept)
    assert "V6 – not recorded" in text_of(report_pdf(report_of(without)))


def test_the_printed_calibration_pulse_shows_the_speed(report):
    style = PageStyle(scale=PaperScale(50.0, 20.0), layout=paper_layout("12 × 1"))
    pulses = [p for p in paths_mm(report_pdf(report, style)) if len(p) == 6]
    assert len(pulses) > 1
    for pulse in pulses:
        assert pulse[3, 0] - pulse[2, 0] == pytest.approx(10.0, abs=EXACT_MM)  # 0.2 s
        assert np.ptp(pulse[:, 1]) == pytest.approx(20.0, abs=EXACT_MM)
    assert np.diff(sorted(pulse[0, 1] for pulse in pulses)).min() > 20.0


def test_a_page_that_begins_after_the_end_is_refused(report):
    with pytest.raises(SignalError, match="expected signal from 12 s on, found 10 s"):
        report_pdf(report, PageStyle(start_s=12.0))


def test_the_picture_states_its_resolution(report):
    png = report_png(report, dpi=100)
    assert png.startswith(b"\x89PNG")
    width = int.from_bytes(png[16:20], "big")
    assert width == pytest.approx(297 / 25.4 * 100, abs=1)
    with pytest.raises(ValueError, match="dpi must be at least 72"):
        report_png(report, dpi=10)


def test_text_is_broken_where_it_does_not_fit_and_cut_where_it_must():
    text = "one two three four five six seven\neight"
    lines = wrap_to_width(text, 20.0, 7.5, most=9)
    assert " ".join(lines) == text.replace("\n", " ")
    assert lines[-1] == "eight"
    for line in wrap_to_width("W" * 200 + " " + text, 20.0, 7.5, most=2):
        assert text_width_mm(line, 7.5) <= 20.0
    assert wrap_to_width(text, 20.0, 7.5, most=1)[0].endswith("…")
    assert cut_to_width("short", 20.0, 7.5) == "short"


def test_a_report_without_time_zone_or_reason_is_refused(report):
    with pytest.raises(ValueError, match="made_at must have a time zone"):
        replace(report, made_at=report.made_at.replace(tzinfo=None))
    with pytest.raises(ValueError, match="why_no_prediction"):
        replace(report, why_no_prediction="")
    with pytest.raises(ValueError, match="agreement must be of agree, disagree"):
        ReaderFindings(agreement={"NORM": "perhaps"})
