"""Pretraining runs that go on when the page, the browser or the app is closed."""

from __future__ import annotations

import streamlit as st

from app.components.frame import show_title
from app.components.problems import showing_problems
from app.pretraining.runs import read_link, write_link
from app.pretraining.sections import ask_for_run, choose_run, show_run
from app.state import app_state

show_title("Pretraining", "An encoder learns from ECGs without labels, in a process of its own.")
pretraining = app_state().pretrain
with showing_problems():
    read_link(pretraining)
choose_run(pretraining)
write_link(pretraining)
with st.expander("A new run", expanded=not pretraining.run):
    ask_for_run(pretraining)
if pretraining.run:
    show_run(pretraining)
