"""Pretraining runs that go on when the page, the browser or the app is closed."""

from __future__ import annotations

from app.components.frame import show_title
from app.pretraining.sections import ask_for_run, choose_run, show_run
from app.state import app_state

show_title("Pretraining", "An encoder learns from ECGs without labels, in a process of its own.")
pretraining = app_state().pretrain
choose_run(pretraining)
ask_for_run(pretraining)
show_run(pretraining)
