"""The sections of the page that reads an ECG, from its paper to its report."""

from __future__ import annotations

import html
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from app.components.ecg_paper import ecg_paper
from app.components.ecg_view import measure_on_paper, show_paper, waves_legend
from app.components.measurement_table import (
    further_measurements,
    lead_table,
    main_measurements,
    measurement_table,
    sources_of_normal,
)
from app.components.median_beat_figure import median_beat_figure
from app.components.palette import palette_for
from app.components.prediction_table import evidence_sentence, prediction_table
from app.components.problems import literal, showing_problems
from app.components.quality_notice import show_quality
from app.inputs.asked_checkpoint import asked_checkpoint
from app.inputs.checkpoint_choice import say_it_has_no_head
from app.inputs.ecg import choose_ecg, current_ecg
from app.inputs.page_slider import page_slider
from app.inputs.paper_inputs import filter_of, paper_inputs, style_of
from app.inputs.qt_formula_input import qt_formula_input
from app.read_an_ecg.attribution_text import attribution_legend, attribution_sentence
from app.read_an_ecg.facts import (
    Predicted,
    can_be_judged,
    person_of,
    predicted_of,
    reading_of,
)
from app.read_an_ecg.findings_table import critical_notice, findings_table, others_table
from app.read_an_ecg.nearest_table import nearest_table
from app.read_an_ecg.reader_inputs import reader_inputs
from app.read_an_ecg.report import REPORT_FILES, file_stem, report_file, report_of
from app.read_an_ecg.summary_strip import call_strip, number_strip
from app.resources import (
    attribution_of,
    delineation_of,
    dominant_beat_of,
    measurements_of,
    quality_of,
)
from app.state import app_state
from physioclr.errors import PhysioclrError
from physioclr.records import EcgRecord
from physioclr.report import qtc_remark
from physioclr.signal.display_filter import DisplayFilter

if TYPE_CHECKING:
    from physioclr.prediction.prediction import Prediction

__all__ = [
    "choose_ecg_to_read",
    "show_findings",
    "show_measurements_and_predictions",
    "show_median_beat",
    "show_nearest",
    "show_report",
    "show_signal_quality",
    "show_summary_and_trace",
    "show_why",
]

_LONGEST_WHY_S = 60.0
"""Attribution takes half a second for each window of a long ECG."""


def choose_ecg_to_read() -> EcgRecord | None:
    """Ask for an ECG; return the one being read."""
    current_ecg()  # so that the first of the demo cohort is picked until another is
    choose_ecg(app_state().read, key="read")
    return current_ecg()


def show_signal_quality(record: EcgRecord) -> None:
    """Say whether the signal is acceptable, and what is wrong with it."""
    with showing_problems():
        show_quality(quality_of(record))


def show_summary_and_trace(record: EcgRecord) -> None:
    """Draw the paper first, then fill in the main numbers above it."""
    summary = st.container(key="summary")
    show_trace(record)
    with summary:
        show_summary(record)


def show_measurements_and_predictions(record: EcgRecord) -> Predicted:
    """Show what is measured next to what is predicted; return the latter."""
    measurements, predictions = st.columns(2, gap="large")
    with measurements:
        show_measurements(record)
    with predictions:
        return show_predictions(record)


def show_summary(record: EcgRecord) -> None:
    """Show the main numbers, what is called, and why to read that with care.

    What goes wrong is said with their tables.
    """
    state = app_state()
    if not can_be_judged(record):
        st.caption("Nothing is measured or predicted of it, and there is no report.")
        return
    with suppress(PhysioclrError):
        measured = measurements_of(record)
        names = main_measurements(state.qt_formula)
        predicted = _predicted(record, state.checkpoint)
        prediction, reading = predicted.prediction, reading_of(record, predicted)
        if notice := critical_notice(reading):
            st.html(notice)
        st.html(number_strip(measured, names, **person_of(record)))
        if prediction is not None:
            st.html(call_strip(reading.model))
        _show_caveats(record, prediction)


def _predicted(record: EcgRecord, checkpoint: str) -> Predicted:
    overrule = app_state().read.overrule_reversal
    return predicted_of(record, checkpoint, overrule_reversal=overrule)


def _show_caveats(record: EcgRecord, prediction: Prediction | None) -> None:
    from physioclr.prediction.prediction import unlike_training, why_withheld

    overruled = app_state().read.overrule_reversal
    said = [why_withheld(quality_of(record), overrule_reversal=overruled)]
    if prediction is not None:
        said.append(unlike_training(prediction, simulated=record.simulated))
        said.append("unlike the labelled ECGs" if prediction.is_unlike else "")
    if caveats := [html.escape(each) for each in said if each]:
        st.html(
            '<div class="pc-facts" role="group" aria-label="Caveats"><span>'
            f"<b>▲ Read with care:</b> {'; '.join(caveats)}</span></div>"
        )


@st.fragment
def show_trace(record: EcgRecord) -> None:
    """Draw the paper as the reader wants it, and for a long record the slider along it."""
    state, paper = app_state().read, app_state().paper
    layout_before = style_of(paper, record).layout
    changed = paper_inputs(paper, record)
    style, display = style_of(paper, record), filter_of(paper)
    if changed or (state.why is not None and style.layout != layout_before):
        st.rerun()  # the median beat and the reasons are drawn on the same paper
    state.start_s = page_slider(
        state.start_s,
        duration_s=record.duration_s,
        page_s=style.scale.page_s,
        key=f"start_{state.opened}",
    )
    delineation = None
    if paper.waves and can_be_judged(record):
        with showing_problems("No waves. "):
            delineation = delineation_of(record)
    palette = palette_for(st.context.theme.type)
    drawn = display.apply(record)
    figure = ecg_paper(
        drawn,
        palette,
        start_s=state.start_s,
        style=style,
        delineation=delineation,
        remark=_remark(record, display),
    )
    measure_on_paper(
        figure,
        drawn,
        style,
        start_s=state.start_s,
        key="read",
        legend=waves_legend(palette) if paper.waves else "",
    )


def _remark(record: EcgRecord, display: DisplayFilter) -> str:
    return f"{display.effective(record.fs_hz)} · each lead about its median"


def show_median_beat(record: EcgRecord) -> None:
    """Draw the median beat of each lead, and the intervals measured on it."""
    if not can_be_judged(record):
        return
    with showing_problems("No median beat. "):
        beat = dominant_beat_of(record)
        st.subheader(f"Median beat of {beat.fiducials.n_beats} beats, not a rhythm strip")
        paper = app_state().paper
        figure = median_beat_figure(
            beat,
            palette_for(st.context.theme.type),
            paper.gain_mm_per_mv,
            speed_mm_per_s=paper.speed_mm_per_s,
            reasons=measurements_of(record).reasons,
        )
        show_paper(figure, record, key="median_beat")


@st.fragment
def show_measurements(record: EcgRecord) -> None:
    """Tabulate what was measured, beside what is normal."""
    if not can_be_judged(record):
        return
    state = app_state()
    st.subheader("Measurements")
    with showing_problems():
        measured = measurements_of(record)
        formula = qt_formula_input(state.qt_formula, key="qt_formula")
        if formula != state.qt_formula:
            state.qt_formula = formula
            st.rerun()  # the summary shows it too
        main = main_measurements(state.qt_formula)
        further = further_measurements(state.qt_formula)
        person = person_of(record)
        st.html(measurement_table(measured, main, **person))
        if remark := qtc_remark(measured):
            st.caption(remark)
        if measured.pacing is not None and measured.pacing.sentence:
            st.caption(literal(measured.pacing.sentence))
        with st.expander("Rhythm, further intervals, amplitudes of each lead, sources of “normal”"):
            st.html(measurement_table(measured, further, **person))
            st.html(lead_table(measured))
            st.html(sources_of_normal((*main, *further), **person))


def show_findings(record: EcgRecord) -> None:
    """Tabulate what the criteria find, with the evidence, and the rest on demand."""
    if not can_be_judged(record):
        return
    st.subheader("Findings by criteria")
    with showing_problems():
        reading = reading_of(record, _predicted(record, app_state().checkpoint))
        st.html(findings_table(reading))
        n_unknown = len(reading.not_assessable)
        with st.expander(f"Not assessable: {n_unknown}; absent: the others"):
            st.html(others_table(reading))


def show_predictions(record: EcgRecord) -> Predicted:
    """Ask for a checkpoint, tabulate what its head predicts with the evidence; return it."""
    if not can_be_judged(record):
        return Predicted()
    st.subheader("Predictions")
    checkpoint = asked_checkpoint(key="read")
    predicted = _predicted(record, checkpoint)
    if predicted.encoder is not None and not predicted.encoder.heads:
        say_it_has_no_head(checkpoint)
        return predicted
    with showing_problems("No call. "):
        prediction = predicted.found()
        if prediction.warning is not None:
            st.warning(literal(prediction.warning), icon=":material/warning:")
        _offer_to_overrule(record)
        st.html(prediction_table(prediction, reading_of(record, predicted).model))
        st.caption(literal(evidence_sentence(prediction, simulated=record.simulated)))
    return predicted


def _offer_to_overrule(record: EcgRecord) -> None:
    """Let the reader say that suspected electrodes are not exchanged."""
    quality, state = quality_of(record), app_state().read
    if not quality.acceptable or quality.suspected_reversal is None:
        return
    overruled = st.checkbox(
        "Electrodes are placed correctly: make calls",
        value=state.overrule_reversal,
        key=f"overrule_{state.opened}",
    )
    if overruled != state.overrule_reversal:
        state.overrule_reversal = overruled
        st.rerun()


@st.fragment
def show_why(record: EcgRecord) -> None:
    """Mark on the paper what a prediction rests on, for the label that is asked about."""
    state, paper = app_state().read, app_state().paper
    predicted = _predicted(record, app_state().checkpoint)
    with suppress(PhysioclrError):  # what went wrong is said with the predictions
        if predicted.encoder is None:
            return
        prediction = predicted.found()
        names = {label.name: label.display_name for label in prediction.card.labels}
        st.subheader("Why")
        state.why = st.segmented_control(
            "What of the ECG speaks for and against",
            list(names),
            default=state.why if state.why in names else None,
            format_func=names.__getitem__,
            key=f"why_{state.opened}",
        )
        if state.why is None:
            return
        if record.duration_s > _LONGEST_WHY_S:
            st.info(f"Cut the ECG to {_LONGEST_WHY_S:g} s or less to ask why.")
            return
        attribution, check = attribution_of(record, state.why, predicted.encoder)
        palette, display = palette_for(st.context.theme.type), filter_of(paper)
        st.html(attribution_legend(names[state.why], palette))
        style = replace(style_of(paper, record), magnification=1, calipers=False)
        start_s = page_slider(
            state.start_s,
            duration_s=record.duration_s,
            page_s=style.scale.page_s,
            key=f"why_start_{state.opened}",
        )
        figure = ecg_paper(
            display.apply(record),
            palette,
            start_s=start_s,
            style=style,
            attribution=attribution,
            remark=_remark(record, display),
        )
        show_paper(figure, record, key="why")
        st.caption(literal(attribution_sentence(names[state.why], attribution, check)))


def show_nearest(record: EcgRecord, predicted: Predicted) -> None:
    """Tabulate the labelled ECGs that the encoder puts nearest; what went wrong is said above."""
    prediction = predicted.prediction
    if prediction is None:
        return
    with suppress(PhysioclrError):
        measured = measurements_of(record)
        if prediction.nearest is not None:
            st.subheader("Nearest labelled ECGs")
            names = {label.name: label.display_name for label in prediction.card.labels}
            st.html(
                nearest_table(
                    prediction.nearest,
                    measured.scalars(),
                    names,
                    qt_formula=app_state().qt_formula,
                    distance_percentile=prediction.distance_percentile,
                )
            )


@st.fragment
def show_report(record: EcgRecord) -> None:
    """Take the reader's findings, and offer the report as files."""
    if not can_be_judged(record):
        return
    state, paper = app_state().read, app_state().paper
    st.subheader("Report")
    with showing_problems():
        downloads = st.container(horizontal=True)
        measurements_of(record)  # without them there is no report to write findings into
        predicted = _predicted(record, app_state().checkpoint)
        reader_inputs(state, reading_of(record, predicted))
        report = report_of(record, state, predicted)
        for kind, (ending, media_type) in REPORT_FILES.items():
            downloads.download_button(
                kind,
                partial(report_file, kind, report, paper, state),
                file_name=f"{file_stem(record)}.{ending}",
                mime=media_type,
                icon=":material/download:",
                on_click="ignore",
                key=f"download_{kind}",
            )
