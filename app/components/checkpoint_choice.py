"""Which checkpoint a page asks: the shipped one, or one of a run that came to its end."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.components.problems import literal
from physioclr.known_checkpoints import known_checkpoints

__all__ = ["choose_checkpoint", "say_it_has_no_head"]


def choose_checkpoint(current: str, *, label: str = "Checkpoint", key: str) -> str:
    """Ask for a checkpoint.

    Parameters
    ----------
    current : str
        The folder of the one chosen before; the shipped one if empty.
    label : str
    key : str
        Names the place on the app.

    Returns
    -------
    str
        A folder; empty for the shipped one, and where the one chosen before is gone.
    """
    names = {folder: name for name, folder in known_checkpoints().items()}
    if current and current not in names and Path(current, "card.json").exists():
        names[current] = current
    folders = list(names)
    chosen: str = st.selectbox(
        label,
        folders,
        folders.index(current) if current in names else 0,
        format_func=names.__getitem__,
        key=f"{key}_checkpoint_{current}_{len(folders)}",
        help="The shipped one, and those of finished runs on the page “Pretraining”.",
    )
    return chosen


def say_it_has_no_head(checkpoint: str) -> None:
    """Say why there are no predictions, and how a head is made.

    Parameters
    ----------
    checkpoint : str
        Its folder.
    """
    st.info(
        "This checkpoint has no prediction head: it embeds ECGs, and predicts no label. A store’s "
        "labels make one:",
        icon=":material/info:",
    )
    folder = checkpoint or "FOLDER"
    st.code(f"physioclr fit-head STORE --labels SET --checkpoint {folder!r}", language="sh")
    st.caption(literal("STORE is a prepared cohort with labels, SET one of its label sets."))
