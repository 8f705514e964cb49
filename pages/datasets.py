"""What is in a cohort? And a way in for one of your own."""

from __future__ import annotations

from app.components.frame import show_title
from app.components.problems import showing_problems
from app.datasets.import_form import show_import
from app.datasets.sections import choose_store, show_store
from app.state import app_state

show_title("Datasets", "What a prepared cohort holds, and a way in for one of your own.")
datasets = app_state().datasets
with showing_problems():
    show_store(choose_store(datasets), datasets)
with showing_problems():
    show_import(datasets)
