"""Files that hold an ECG, one module a format or a library: `read_ecg`."""

from __future__ import annotations

from physioclr.io.array_layout import ArrayLayout
from physioclr.io.ecg_files import read_ecg
from physioclr.io.file_groups import group_files, is_undeclared

__all__ = ["ArrayLayout", "group_files", "is_undeclared", "read_ecg"]
