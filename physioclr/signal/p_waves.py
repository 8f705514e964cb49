"""Whether there is a P wave at all."""

from __future__ import annotations
import numpy as np
from numpy.typing import NDArray

__all__ = ["p_wave_present"]


def p_wave_present(filtered_mv, fs_hz, p_peaks, qrs_on):
    return np.isfinite(p_peaks)
