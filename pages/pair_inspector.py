"""Are two ECGs a positive for PhysioCLR, by what, and at which δ."""

from __future__ import annotations

from app.components.frame import show_title
from app.pair_inspector.sections import choose_pair, show_cohort, show_pair
from app.state import app_state

show_title("Pairs", "Which ECGs PhysioCLR draws together by their physiology, and why.")
pairs = app_state().pairs
pair = choose_pair(pairs)
if pair is not None:
    show_pair(pairs, *pair)
show_cohort()
