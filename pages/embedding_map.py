"""Which ECGs does the encoder hold alike? The map of a cohort, and what is found on it."""

from __future__ import annotations

from app.components.frame import show_title
from app.components.problems import showing_problems
from app.embedding_map.chart import load_library
from app.embedding_map.link import read_link
from app.embedding_map.sections import choose_map, show_maps
from app.state import app_state

show_title("Embedding map", "Each point is one ECG; near points are ECGs the encoder holds alike.")
load_library()
with showing_problems():
    map_state = app_state().map
    read_link(map_state)
    choose_map(map_state)
    show_maps()
