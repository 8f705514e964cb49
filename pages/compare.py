"""What has changed? Two ECGs of one patient, beat over beat and number beside number."""

from __future__ import annotations

from app.compare.sections import (
    choose_pair,
    show_beats,
    show_differences,
    show_qualities,
    warn_of_two_people,
)
from app.components.ecg_view import record_heading
from app.components.frame import show_title
from app.inputs.ecg import current_ecg

show_title("Compare", "The ECG being read, beside another of the same patient.")
ecg = current_ecg()
if ecg is not None:
    record_heading(ecg)
    pair = choose_pair(ecg)
    if pair is not None:
        warn_of_two_people(*pair)
        show_qualities(*pair)
        show_beats(*pair)
        show_differences(*pair)
