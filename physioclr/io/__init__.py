"""Files that hold an ECG, one module a format or a library: `read_ecg`."""

from __future__ import annotations

from physioclr.io.array_layout import ArrayLayout
from physioclr.io.ecg_files import read_ecg

__all__ = ["ArrayLayout", "read_ecg"]
