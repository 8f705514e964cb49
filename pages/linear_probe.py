"""How much of a label a straight line reads off the embeddings, and off simpler features."""

from __future__ import annotations

import streamlit as st

from app.components.frame import show_title
from app.components.problems import showing_problems
from app.linear_probe.runs import read_link, write_link
from app.linear_probe.sections import (
    ask_for_run,
    choose_run,
    show_past_runs,
    show_run,
    shows_another_cohort,
    watch_runs,
)
from app.state import app_state

show_title("Linear probe", "A straight line through frozen features, cross-validated by patient.")
probe = app_state().probe
with showing_problems():
    read_link(probe)
run = choose_run(probe)
write_link(probe)
with st.expander("A new run", expanded=run is None or shows_another_cohort(probe, run)):
    ask_for_run(probe)
watch_runs()
if run is not None:
    show_run(probe, run)
show_past_runs(probe)
