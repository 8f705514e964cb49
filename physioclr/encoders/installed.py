"""The checkpoints of this machine: the shipped one, and those of the runs that came to their end.

Nothing here loads torch: a page that only lists checkpoints does not wait for it.
"""

from __future__ import annotations

from pathlib import Path

from physioclr.runtime.cache_folder import cache_folder

__all__ = ["SHIPPED", "known_checkpoints", "runs_folder"]

SHIPPED = "physioclr-tiny"
"""The name of the shipped checkpoint."""


def runs_folder() -> Path:
    """Return the folder of the runs that the app begins, and of any run that is to be found.

    Returns
    -------
    Path
        It need not exist.
    """
    return cache_folder() / "runs"


def known_checkpoints() -> dict[str, str]:
    """Return the checkpoints that are known.

    Returns
    -------
    dict of str to str
        Name → folder: the shipped one first, its folder empty, then the finished runs of
        `runs_folder`, the last one finished first. A run with the shipped one's name is called
        ``NAME (run)``.
    """
    cards = []
    for card in runs_folder().glob("*/checkpoint/card.json"):
        try:
            cards.append((card.stat().st_mtime, card.parent))
        except FileNotFoundError:  # deleted in between
            continue
    found = {SHIPPED: ""}
    for _, folder in sorted(cards, reverse=True):
        name = folder.parent.name
        found[f"{name} (run)" if name == SHIPPED else name] = str(folder)
    return found
