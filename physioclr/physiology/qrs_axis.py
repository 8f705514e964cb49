"""The electrical axis of QRS, read off the median beat."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from physioclr.leads import LIMB_LEADS, derive_limb_leads
from physioclr.physiology.axis import frontal_axis_deg
from physioclr.physiology.global_fiducials import MIN_BEATS, GlobalFiducials
from physioclr.signal.delineation import Delineation
from physioclr.signal.median_beat import cut_beats

__all__ = ["qrs_axis_deg"]

Floats = NDArray[np.float64]

_LEVEL_MS = 20.0
_EARLY_MS = 80.0
_WIDE_MS = 100.0
_LEAST_NET = 0.15
# Without V1, late forces are the right ventricle's if they take this share from lead I.
_LATE_IN_I = 0.1


def qrs_axis_deg(
    signal_mv: Floats,
    delineation: Delineation,
    beats: NDArray[np.bool_],
    fiducials: GlobalFiducials,
) -> float:
    """Compute the frontal axis of QRS.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float64
        The record in the band amplitudes are measured in; NaN where unknown.
    delineation : Delineation
        Of this record.
    beats : (n_beats,) bool
        Those the median beat is made of.
    fiducials : GlobalFiducials
        Onset and end of its QRS.

    Returns
    -------
    float
        Degrees in (−180, 180]; NaN with fewer than two limb leads or three beats.

    Notes
    -----
    The net area of QRS in I and aVF (`frontal_axis_deg`), above the level of the 20 ms before it.
    Two exceptions, by which the rule is named *net area of the left ventricle's QRS*:

    - Right bundle branch block. What follows 80 ms after the onset of a QRS of 100 ms or more is
      left out where it is the right ventricle's alone: below the level in I and above it in V1.
      The axis of bundle branch block is that of the forces before the block shows (Surawicz et al.
      2009, AHA/ACCF/HRS part III, Circulation 119:e235, use the frontal axis to tell fascicular
      block beside it). In left bundle branch block the whole QRS is the left ventricle's.
    - Areas that cancel. With a net area below 15 % of the whole the heights of R and S stand for
      the areas, as they do for a reader.

    ``docs/physiology.md`` compares this rule with others on GE MUSE and on PTB-XL's axis codes.
    """
    marks = delineation.r_peaks_samples[beats]
    on_ms, off_ms = fiducials.qrs_on, fiducials.qrs_off
    if marks.size < MIN_BEATS or not off_ms > on_ms:
        return math.nan
    rows = [row for row, lead in enumerate(delineation.leads) if lead in (*LIMB_LEADS, "V1")]
    before_ms = max(0.0, _LEVEL_MS - on_ms)
    windows = cut_beats(
        signal_mv[rows], delineation.fs_hz, marks, before_ms=before_ms, after_ms=max(0.0, off_ms)
    )
    known: NDArray[np.bool_] = np.asarray(np.isfinite(windows).all(axis=2))
    whole = [index for index in range(len(rows)) if known[:, index].sum() >= MIN_BEATS]
    names = [delineation.leads[rows[index]] for index in whole]
    if sum(name in LIMB_LEADS for name in names) < 2:
        return math.nan
    beat = np.array([np.median(windows[known[:, index], index], axis=0) for index in whole])
    first = -round(before_ms * delineation.fs_hz / 1000)
    samples = first + np.arange(beat.shape[1])
    since_on_ms = samples * 1000 / delineation.fs_hz - on_ms
    level = np.median(beat[:, since_on_ms <= 0], axis=1, keepdims=True)
    return _axis(beat - level, names, since_on_ms)


def _axis(beat: Floats, names: Sequence[str], since_on_ms: Floats) -> float:
    limbs = [index for index, name in enumerate(names) if name in LIMB_LEADS]
    values, order = derive_limb_leads(beat[limbs], [names[index] for index in limbs])
    in_i, in_avf = (np.asarray(values[order.index(lead)]) for lead in ("I", "aVF"))
    in_v1 = beat[names.index("V1")] if "V1" in names else None
    qrs = since_on_ms >= 0
    if _late_is_right_ventricular(in_i, in_v1, since_on_ms):
        qrs &= since_on_ms <= _EARLY_MS
    two = {"I": in_i[qrs], "aVF": in_avf[qrs]}
    length = np.hypot(in_i, 2 * in_avf / math.sqrt(3))[qrs].sum()
    net = math.hypot(two["I"].sum(), 2 * two["aVF"].sum() / math.sqrt(3))
    if net < _LEAST_NET * length:
        return frontal_axis_deg({lead: _net_height(of) for lead, of in two.items()})
    return frontal_axis_deg({lead: float(of.sum()) for lead, of in two.items()})


def _late_is_right_ventricular(in_i: Floats, in_v1: Floats | None, since_on_ms: Floats) -> bool:
    late = since_on_ms > _EARLY_MS
    if since_on_ms[-1] < _WIDE_MS or not late.any():
        return False
    if in_v1 is not None:
        return bool(in_i[late].sum() < 0 < in_v1[late].sum())
    return bool(in_i[late].sum() < -_LATE_IN_I * np.abs(in_i[since_on_ms >= 0]).sum())


def _net_height(of_lead: Floats) -> float:
    return float(max(of_lead.max(), 0.0) + min(of_lead.min(), 0.0))
