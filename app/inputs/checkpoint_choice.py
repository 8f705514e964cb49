"""Which checkpoint a page asks, and its card: the shipped one, one of a run, or a folder."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app.components.problems import literal, showing_problems
from app.inputs.checkpoint_card import card_table
from app.resources import encoder
from physioclr.encoders.installed import known_checkpoints

__all__ = ["choose_checkpoint", "say_it_has_no_head", "show_card"]


def choose_checkpoint(current: str, *, label: str = "Checkpoint", key: str) -> str:
    """Ask for a checkpoint, and offer its card.

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
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen: str = st.selectbox(
            label,
            folders,
            folders.index(current) if current in names else 0,
            format_func=lambda folder: names.get(folder, folder),
            accept_new_options=True,
            key=f"{key}_checkpoint_{current}_{len(folders)}",
            help="The shipped one, those of finished runs on the page “Pretraining”, or the folder "
            "of another: type it.",
        )
        show_card(chosen or "", key=key)
    return (chosen or "").strip()


def show_card(checkpoint: str, *, key: str) -> None:
    """Offer the card of a checkpoint: what it learnt from, what it is for, where it ends.

    Parameters
    ----------
    checkpoint : str
        Its folder; empty for the shipped one.
    key : str
        Names the place on the app.
    """
    with st.popover("Card", icon=":material/description:", key=f"{key}_card"), showing_problems():
        loaded = encoder(checkpoint)
        n_parameters = sum(part.numel() for part in loaded.model.parameters())
        st.html(card_table(loaded.card, n_parameters=n_parameters))


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
