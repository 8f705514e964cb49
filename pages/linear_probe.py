"""How much of a label a straight line reads off the embeddings, and off simpler features."""

from __future__ import annotations

from app.components.frame import show_title
from app.linear_probe.sections import (
    ask_for_run,
    choose_run,
    show_past_runs,
    show_run,
    watch_runs,
)
from app.state import app_state

show_title("Linear probe", "A straight line through frozen features, cross-validated by patient.")
probe = app_state().probe
run = choose_run(probe)
ask_for_run(probe, run)
watch_runs()
show_run(probe, run)
show_past_runs(probe)
