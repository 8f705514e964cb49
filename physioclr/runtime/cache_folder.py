"""Where PhysioCLR keeps what it can make again, and the long work under way."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

__all__ = ["cache_folder"]


def cache_folder() -> Path:
    """Return the folder: ``PHYSIOCLR_CACHE``, else the system's.

    Returns
    -------
    Path
    """
    chosen = os.environ.get("PHYSIOCLR_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("physioclr"))
