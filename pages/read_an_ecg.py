"""What does this ECG show? Upload or pick one; see it, its quality, measurements, predictions."""

from __future__ import annotations

from app.components.ecg_view import record_heading
from app.components.frame import show_title
from app.read_an_ecg.sections import (
    choose_ecg_to_read,
    show_findings,
    show_measurements_and_predictions,
    show_median_beat,
    show_nearest,
    show_report,
    show_signal_quality,
    show_summary_and_trace,
    show_why,
)

show_title("Read an ECG", "Twelve leads on paper, signal quality, measurements, predictions.")
ecg = choose_ecg_to_read()
if ecg is not None:
    record_heading(ecg)
    show_signal_quality(ecg)
    show_summary_and_trace(ecg)
    show_findings(ecg)
    show_median_beat(ecg)
    predicted = show_measurements_and_predictions(ecg)
    show_why(ecg)
    show_nearest(ecg, predicted)
    show_report(ecg)
