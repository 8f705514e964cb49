"""Limb electrodes that may have been exchanged, by how the limb leads sit beside V5 and V6."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["SuspectedReversal", "suspect_limb_lead_reversal"]

Floats = NDArray[np.float64]

_LATERAL = ("V5", "V6")
_SAME_BEATS = 0.7
_UPSIDE_DOWN = -0.55
# P upside down: correlation with P of V5 and V6, and the least size in lead I or II.
_P_UPSIDE_DOWN, _LEAST_P_MV = -0.5, 0.015
# Without such a P wave (atrial fibrillation) QRS and T must tell it, and QRS be narrow.
_CLEARLY = -0.7
_P_AGAINST = 0.3
_FAST_SHARE, _WIDE_S = 0.12, 0.13
_FLAT_SHARE, _FLAT_MV = 0.08, 0.12
_COPIES = 0.95
# P, QRS and T of a beat cut from 200 ms before to 400 ms after its QRS, in seconds from its begin.
_WAVES_S = {"P": (0.0, 0.128), "QRS": (0.14, 0.272), "T": (0.34, 0.6)}
_LEVEL_S = (0.1, 0.136)
_AROUND_QRS_S = (0.1, 0.3)


@dataclass(frozen=True)
class SuspectedReversal:
    """Two electrodes that may have been exchanged.

    Parameters
    ----------
    electrodes : str
        Such as ``"left arm and right arm"``.
    reason : str
        One sentence with the evidence.
    """

    electrodes: str
    reason: str


def suspect_limb_lead_reversal(
    typical_mv: Floats, leads: Sequence[str], beat_correlation: Floats, fs_hz: float
) -> SuspectedReversal | None:
    """Look for exchanged limb electrodes in the typical beat of each lead.

    Parameters
    ----------
    typical_mv : (n_leads, n) float64
        From 200 ms before to 400 ms after QRS.
    leads : sequence of str
    beat_correlation : (n_leads,) float64
        How alike the beats of each lead are; leads below 0.7 are no evidence.
    fs_hz : float
        Of `typical_mv`.

    Returns
    -------
    SuspectedReversal or None
        None also where the leads needed are missing or too disturbed to tell.

    Notes
    -----
    I and II look at the heart from the left, as V5 and V6 do: P, QRS and T mostly point the same
    way. A limb lead whose waves on average point the other way (mean correlation below -0.55 over
    P, QRS and T) may have been turned over: I by exchanged arms, II by right arm and left leg.
    QRS alone does not tell: left anterior hemiblock and inferior infarction turn it over in II,
    pacing in any lead. So all of these are asked for besides:

    - Precordial progression: QRS of V5 or V6 is mainly upright; the other is no evidence. After
      left anterior hemiblock and under pacing S may reach V6.
    - QRS of the limb lead itself is mainly negative.
    - Its P wave is upside down against V5 and V6 (correlation below -0.5, 15 µV or more). Where no
      P wave tells (atrial fibrillation), lead I is still suspected if QRS and T are both clearly
      upside down (-0.7) and QRS is narrow; lead II is not.

    An arm exchanged with the right leg, which is at the potential of the left leg, leaves
    nothing in II (right arm) or III (left arm), and the two other leads copies of each other
    (Kligfield et al. 2007, Circulation 115:1306; Batchvarov et al. 2007, Europace 9:1081). Left
    arm and left leg exchanged turn over III alone, which no other lead tells: not looked for.
    """
    steady = np.isfinite(typical_mv).all(axis=1) & (beat_correlation >= _SAME_BEATS)
    rows = {lead: typical_mv[row] for row, lead in enumerate(leads)}
    known = {lead for row, lead in enumerate(leads) if steady[row]}
    lateral = [rows[lead] for lead in _LATERAL if lead in known]
    if not {"I", "II", "III"} <= set(rows):
        return None
    return _silent_lead(rows, known) or _turned_over(rows, known, lateral, fs_hz)


def _silent_lead(rows: dict[str, Floats], known: set[str]) -> SuspectedReversal | None:
    # Einthoven's law: without II, III is I turned over; without III, II is I.
    for silent, second, sign, arm in (("II", "III", -1.0, "right"), ("III", "II", 1.0, "left")):
        first = "I"
        if not {first, second} <= known:
            continue
        size = np.ptp(rows[silent]) if np.isfinite(rows[silent]).all() else np.inf
        largest = max(np.ptp(rows[first]), np.ptp(rows[second]))
        copies = sign * _correlation(rows[first], rows[second])
        if size < min(_FLAT_SHARE * largest, _FLAT_MV) and copies > _COPIES:
            return SuspectedReversal(
                f"{arm} arm and right leg",
                f"limb lead reversal suspected, {arm} arm and right leg: lead {silent} is nearly "
                f"flat ({size:.2f} mV) while leads {first} and {second} show beats "
                f"({largest:.1f} mV)",
            )
    return None


def _turned_over(
    rows: dict[str, Floats], known: set[str], lateral: list[Floats], fs_hz: float
) -> SuspectedReversal | None:
    upright = [lead for lead in lateral if _net_height(lead, fs_hz) > 0]
    if not upright or not {"I", "II"} <= known:
        return None
    limb = {lead: rows[lead] for lead in ("I", "II", "III")}
    narrow = _is_narrow([*limb.values(), *lateral], fs_hz)
    as_recorded = {lead: _likeness(limb[lead], upright, fs_hz) for lead in ("I", "II")}
    candidates = [
        ("left arm and right arm", "I", -limb["I"], limb["III"]),
        ("right arm and left leg", "II", -limb["III"], -limb["II"]),
    ]
    suspected = [
        (float((_likeness(one, upright, fs_hz) + _likeness(two, upright, fs_hz)).sum()), name, lead)
        for name, lead, one, two in candidates
        if _is_turned_over(lead, limb[lead], as_recorded[lead], fs_hz, narrow=narrow)
    ]
    if not suspected:
        return None
    _, electrodes, lead = max(suspected)
    also = "; dextrocardia looks the same in the limb leads" if lead == "I" else ""
    waves = "P, QRS and T" if as_recorded[lead][0] < _P_UPSIDE_DOWN else "QRS and T"
    return SuspectedReversal(
        electrodes,
        f"limb lead reversal suspected, {electrodes}: {waves} of lead {lead} are upside down "
        f"against V5 and V6 (mean correlation {as_recorded[lead].mean():.2f}){also}",
    )


def _is_turned_over(
    lead: str, of_lead: Floats, likeness: Floats, fs_hz: float, *, narrow: bool
) -> bool:
    """Weigh P, QRS and T of a limb lead against those of the lateral leads."""
    if likeness.mean() >= _UPSIDE_DOWN or _net_height(of_lead, fs_hz) >= 0:
        return False
    p_mv = float(np.ptp(_without_slope(_part(of_lead, _WAVES_S["P"], fs_hz))))
    if likeness[0] < _P_UPSIDE_DOWN and p_mv >= _LEAST_P_MV:
        return True
    clearly = likeness[1] < _CLEARLY and likeness[2] < _CLEARLY and likeness[0] < _P_AGAINST
    return bool(lead == "I" and narrow and clearly)


def _part(of_lead: Floats, span_s: tuple[float, float], fs_hz: float) -> Floats:
    return of_lead[round(span_s[0] * fs_hz) : round(span_s[1] * fs_hz)]


def _net_height(of_lead: Floats, fs_hz: float) -> float:
    """Return the height of R minus the depth of Q or S, over the level before QRS."""
    qrs = _part(of_lead, _WAVES_S["QRS"], fs_hz) - np.median(_part(of_lead, _LEVEL_S, fs_hz))
    return float(qrs.max() + qrs.min())


def _is_narrow(leads: Sequence[Floats], fs_hz: float) -> bool:
    """Tell whether the leads together are fast for less than 130 ms."""
    slopes = np.gradient(np.array([_part(lead, _AROUND_QRS_S, fs_hz) for lead in leads]), axis=1)
    speed = np.sqrt((slopes**2).sum(axis=0))
    fast = np.flatnonzero(speed > _FAST_SHARE * speed.max())
    return bool(fast[-1] - fast[0] < _WIDE_S * fs_hz)


def _likeness(lead: Floats, lateral: list[Floats], fs_hz: float) -> Floats:
    """Return the mean correlation of P, of QRS and of T with those of the lateral leads."""
    likeness = []
    for name, (start_s, stop_s) in _WAVES_S.items():
        part = slice(round(start_s * fs_hz), round(stop_s * fs_hz))
        of_lead, *of_lateral = (
            _without_slope(row[part]) if name == "P" else row[part] for row in (lead, *lateral)
        )
        likeness.append(np.mean([_correlation(of_lead, row) for row in of_lateral]))
    return np.array(likeness)


def _without_slope(part: Floats) -> Floats:
    along = np.linspace(-1.0, 1.0, part.size)
    centred = part - part.mean()
    return np.asarray(centred - along * (centred @ along) / (along @ along))


def _correlation(one: Floats, other: Floats) -> float:
    one, other = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / norm if norm > 0 else 0.0
