"""Where PhysioCLR keeps what it can make again, and the long work under way."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import platformdirs

__all__ = ["cache_folder"]


def cache_folder() -> Path:
    """Return the folder: ``PHYSIOCLR_CACHE``, else the system's; made for this user alone.

    Returns
    -------
    Path
    """
    chosen = os.environ.get("PHYSIOCLR_CACHE")
    folder = Path(chosen) if chosen else Path(platformdirs.user_cache_dir("physioclr"))
    with suppress(OSError):  # whoever writes into it says what is wrong
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
