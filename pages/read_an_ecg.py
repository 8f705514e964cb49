"""What does this ECG show? Upload or pick one; see it, its quality, measurements, predictions."""

from __future__ import annotations

import streamlit as st

from app.components.ecg_view import record_heading
from app.components.frame import show_title
from app.components.problems import showing_problems
from app.components.quality_notice import show_quality
from app.inputs.ecg import choose_ecg, current_ecg
from app.read_an_ecg.sections import (
    show_measurements,
    show_median_beat,
    show_nearest,
    show_predictions,
    show_report,
    show_summary,
    show_trace,
    show_why,
)
from app.resources import quality_of
from app.state import app_state

show_title("Read an ECG", "Twelve leads on paper, signal quality, measurements, predictions.")
current_ecg()  # so that the first of the demo cohort is picked until another is
choose_ecg(app_state().read, key="read")
ecg = current_ecg()
if ecg is not None:
    record_heading(ecg)
    with showing_problems():
        show_quality(quality_of(ecg))
    summary = st.container(key="summary")  # above the paper, and filled once that is drawn
    show_trace(ecg)
    with summary:
        show_summary(ecg)
    show_median_beat(ecg)
    measurements, predictions = st.columns(2, gap="large")
    with measurements:
        show_measurements(ecg)
    with predictions:
        show_predictions(ecg)
    show_why(ecg)
    show_nearest(ecg)
    show_report(ecg)
