"""What long work is under way on this machine? What waits, and how the rest ended."""

from __future__ import annotations

import streamlit as st

from app.components.frame import show_title
from app.components.problems import showing_problems
from app.jobs.facts import under_way_and_ended
from app.jobs.sections import show_ended, show_under_way

show_title("Jobs", "Long work goes on when its page, the browser or the app is closed.")
with showing_problems():
    under_way, ended = under_way_and_ended()
    show_under_way(under_way)
    show_ended(ended)
    st.caption("One job at a time uses the GPU, or trains where there is none.")
