"""Where the real ECGs lie that some tests read, and the mark of those tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

__all__ = ["SHARED_DATA", "needs_shared_data"]

SHARED_DATA = Path(
    os.environ.get("PHYSIOCLR_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data")
)

needs_shared_data = pytest.mark.skipif(
    not SHARED_DATA.is_dir(), reason=f"the real ECGs are not at {SHARED_DATA}"
)
