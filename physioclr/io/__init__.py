"""Files that hold an ECG, one module a format or a library: `read_ecg`."""

from __future__ import annotations

from physioclr.io.array_layout import ArrayLayout
from physioclr.io.choice import ReadChoice
from physioclr.io.ecg_files import read_ecg
from physioclr.io.file_groups import group_files, is_undeclared
from physioclr.io.limits import ReadLimits

__all__ = ["ArrayLayout", "ReadChoice", "ReadLimits", "group_files", "is_undeclared", "read_ecg"]
