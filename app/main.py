"""The app's entry: ``streamlit run app/main.py``, or ``physioclr app``."""

from __future__ import annotations

import streamlit as st

from app.components.frame import dress_page, load_charts_early, show_disclaimer
from app.navigation import navigation

st.set_page_config(page_title="PhysioCLR", page_icon=":material/ecg_heart:", layout="wide")
page = navigation()
dress_page()
show_disclaimer()
load_charts_early()
page.run()
