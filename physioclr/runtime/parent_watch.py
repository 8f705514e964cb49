"""A worker process that ends when its parent does, however that was ended."""

from __future__ import annotations

import os
import threading
import time

__all__ = ["end_with_parent"]

_LOOKS_EVERY_S = 0.5


def end_with_parent(parent: int) -> None:
    """End this process within a second of its parent's end.

    A killed parent closes no pool: its workers would wait for work for ever.

    Parameters
    ----------
    parent : int
        The parent's process id, as the parent gave it.
    """
    threading.Thread(target=_watch, args=(parent,), daemon=True, name="parent watch").start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOKS_EVERY_S)
    os._exit(1)
