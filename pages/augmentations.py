"""What does pretraining see? An ECG and its augmented version, lead over lead."""

from __future__ import annotations

from app.augmentations.sections import choose_augmentation, show_augmented, show_both_shuffles
from app.components.ecg_view import record_heading
from app.components.frame import show_title
from app.components.problems import showing_problems
from app.inputs.ecg import current_ecg
from app.state import app_state

show_title("Augmentations", "The ECG being read, and what pretraining makes of it.")
ecg = current_ecg()
if ecg is not None:
    record_heading(ecg)
    augment = app_state().augment
    chosen = choose_augmentation(ecg, augment)
    with showing_problems():
        show_augmented(ecg, chosen, augment)
        show_both_shuffles(ecg, chosen.key, augment)
