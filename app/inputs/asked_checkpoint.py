"""Which checkpoint the pages of one ECG ask."""

from __future__ import annotations

from app.inputs.checkpoint_choice import choose_checkpoint, show_card
from app.state import app_state
from physioclr.encoders.installed import known_checkpoints

__all__ = ["asked_checkpoint"]


def asked_checkpoint(*, key: str) -> str:
    """Ask for the checkpoint that predicts; where there is only the shipped one, show its card.

    Parameters
    ----------
    key : str
        Names the place on the app.

    Returns
    -------
    str
        Its folder; empty for the shipped one.
    """
    state = app_state()
    if state.checkpoint or len(known_checkpoints()) > 1:
        state.checkpoint = choose_checkpoint(state.checkpoint, key=key)
    else:
        show_card("", key=key)
    return state.checkpoint
