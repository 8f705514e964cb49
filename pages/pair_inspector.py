"""Are two ECGs a positive for PhysioCLR, by what, and at which δ."""

from __future__ import annotations

import streamlit as st

from app.components.frame import show_title
from app.components.problems import showing_problems
from app.inputs.ecg import choose_ecg, current_ecg
from app.pair_inspector.sections import choose_delta, show_cohort, show_pair
from app.state import app_state

show_title("Pairs", "Which ECGs PhysioCLR draws together by their physiology, and why.")
pairs = app_state().pairs
ecg = current_ecg()
choose_ecg(pairs.other, key="pairs")
choose_delta(pairs)
if ecg is not None and pairs.other.record is not None:
    with showing_problems():
        show_pair(pairs, ecg, pairs.other.record)
else:
    st.info("Upload or pick an ECG to pair with the one being read.", icon=":material/join:")
show_cohort()
