"""The 1 mV calibration pulse some recorders append to the ECG, found and cut off.

Philips PageWriter files end in one: every lead drops to 0, rises to 1 mV for 0.2 s and returns. No
heart does that: leads that are all equal and obey II = I + III are all 0.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from physioclr.io.channels import Channels

__all__ = ["without_calibration"]

_FEWEST_LEADS = 3
_SAME_MV = 0.012  # two steps of 5 µV, the coarsest in use, and rounding
_PULSE_MV = (0.9, 1.1)
_SHORTEST_PULSE_S = 0.04
_LONGEST_PART = 0.5
_SMEARED_S = 0.02  # what a filter spreads of the step into the ECG


def without_calibration(channels: Channels) -> Channels:
    """Cut a calibration pulse off the end or the beginning.

    Parameters
    ----------
    channels : Channels

    Returns
    -------
    Channels
        The same where there is no pulse; otherwise shorter, with a warning that says so.
    """
    if len(channels.signal_mv) < _FEWEST_LEADS:
        return channels
    with np.errstate(invalid="ignore"):  # NaN − NaN, infinity − infinity
        spread_mv = channels.signal_mv.max(axis=0) - channels.signal_mv.min(axis=0)
    differ = np.flatnonzero(~(spread_mv <= _SAME_MV))
    if not differ.size:
        return channels
    first, last = int(differ[0]), int(differ[-1]) + 1
    level_mv = channels.signal_mv[0]
    smeared = round(_SMEARED_S * channels.fs_hz)
    begin = first + smeared if _is_pulse(level_mv[:first], channels) else 0
    end = last - smeared if _is_pulse(level_mv[last:], channels) else len(level_mv)
    if (begin, end) == (0, len(level_mv)) or begin >= end:
        return channels
    cut_s = (len(level_mv) - (end - begin)) / channels.fs_hz
    remark = f"A calibration pulse of 1 mV was recorded with the ECG: its {cut_s:.2g} s are cut."
    return replace(
        channels,
        signal_mv=channels.signal_mv[:, begin:end],
        warnings=(*channels.warnings, remark),
    )


def _is_pulse(level_mv: NDArray[np.floating], channels: Channels) -> bool:
    """Whether a stretch in which all leads are equal stands at 1 mV for long enough."""
    low, high = _PULSE_MV
    n_high = int(np.count_nonzero((level_mv >= low) & (level_mv <= high)))
    return (
        n_high >= _SHORTEST_PULSE_S * channels.fs_hz
        and len(level_mv) < _LONGEST_PART * channels.signal_mv.shape[1]
    )
