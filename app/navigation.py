"""Every page of the app, in one table."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from physioclr.runtime.shipped_files import bundled

__all__ = ["PAGES", "go_to", "navigation"]

# url path: (file, title, icon). The first is where the app opens.
PAGES = {
    "read": ("read_an_ecg.py", "Read an ECG", ":material/ecg:"),
    "compare": ("compare.py", "Compare", ":material/compare_arrows:"),
    "augmentations": ("augmentations.py", "Augmentations", ":material/shuffle:"),
    "map": ("embedding_map.py", "Embedding map", ":material/scatter_plot:"),
    "pairs": ("pair_inspector.py", "Pairs", ":material/join:"),
    "datasets": ("datasets.py", "Datasets", ":material/database:"),
    "probe": ("linear_probe.py", "Linear probe", ":material/analytics:"),
    "pretrain": ("pretraining.py", "Pretraining", ":material/model_training:"),
    "jobs": ("jobs.py", "Jobs", ":material/pending_actions:"),
}


def _page(url_path: str) -> StreamlitPage:
    file, title, icon = PAGES[url_path]
    first = url_path == next(iter(PAGES))
    return st.Page(
        bundled("pages") / file, title=title, icon=icon, url_path=url_path, default=first
    )


def navigation() -> StreamlitPage:
    """Draw the menu and return the page that is asked for."""
    st.logo(str(bundled("app") / "assets" / "logo.svg"), size="large")
    return st.navigation([_page(url_path) for url_path in PAGES], position="top")


def go_to(url_path: str) -> None:
    """Leave this run for another page."""
    st.switch_page(_page(url_path))
