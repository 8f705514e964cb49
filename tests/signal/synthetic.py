"""Twelve-lead ECGs out of Gaussian waves, with known R peaks: ground truth without a simulator."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from physioclr.leads import STANDARD_LEADS
from physioclr.records import EcgRecord

# Centre after R and standard deviation in s, of P, Q, R, S and T.
_TIMES_S = np.array([(-0.16, 0.02), (-0.026, 0.009), (0.0, 0.011), (0.028, 0.010), (0.26, 0.045)])
# The same waves' heights in mV in the leads that all others follow from.
_HEIGHTS_MV = {
    "I": (0.08, -0.05, 0.7, -0.1, 0.20),
    "II": (0.15, -0.08, 1.1, -0.15, 0.30),
    "V1": (0.06, 0.0, 0.25, -0.9, 0.12),
    "V2": (0.07, 0.0, 0.5, -1.2, 0.40),
    "V3": (0.07, -0.02, 0.8, -0.8, 0.40),
    "V4": (0.08, -0.05, 1.3, -0.4, 0.35),
    "V5": (0.08, -0.08, 1.2, -0.2, 0.30),
    "V6": (0.08, -0.08, 0.9, -0.1, 0.22),
}
_LIMBS = {
    "I": (1.0, 0.0),
    "II": (0.0, 1.0),
    "III": (-1.0, 1.0),
    "aVR": (-0.5, -0.5),
    "aVL": (1.0, -0.5),
    "aVF": (-0.5, 1.0),
}


def regular_beats_s(duration_s: float = 10.0, rr_s: float = 0.8) -> NDArray[np.float64]:
    """R peaks a little apart from the ends, so that every beat lies within the record."""
    return np.arange(0.4, duration_s - 0.5, rr_s)


def synthetic_record(
    *,
    fs_hz: float = 500.0,
    duration_s: float = 10.0,
    beats_s: NDArray[np.float64] | None = None,
    p_waves: bool = True,
    noise_mv: float = 0.004,
    seed: int = 0,
) -> EcgRecord:
    """Beats of one shape at the given seconds, with white noise of a given level up to 40 Hz."""
    beats_s = regular_beats_s(duration_s) if beats_s is None else beats_s
    time_s = np.arange(round(duration_s * fs_hz)) / fs_hz
    since_r = time_s[None, :] - beats_s[:, None]
    waves = np.array(
        [np.exp(-0.5 * ((since_r - at) / width) ** 2).sum(axis=0) for at, width in _TIMES_S]
    )
    if not p_waves:
        waves[0] = 0.0
    heights = np.array([_heights_of(lead) for lead in STANDARD_LEADS])
    rng = np.random.default_rng(seed)
    # The same sines whatever the sampling rate, so that rates can be compared.
    hz = rng.uniform(1, 40, size=40)
    phase = rng.uniform(0, 2 * np.pi, size=(12, 40))
    noise = np.sin(2 * np.pi * hz * time_s[:, None] + phase[:, None, :]).sum(axis=-1)
    signal_mv = heights @ waves + noise_mv * noise / np.sqrt(20)
    return EcgRecord(signal_mv, fs_hz, STANDARD_LEADS, f"synthetic-{seed}")


def _heights_of(lead: str) -> NDArray[np.float64]:
    if lead in _LIMBS:
        of_i, of_ii = _LIMBS[lead]
        return of_i * np.array(_HEIGHTS_MV["I"]) + of_ii * np.array(_HEIGHTS_MV["II"])
    return np.array(_HEIGHTS_MV[lead])


def with_signal(record: EcgRecord, signal_mv: NDArray[np.floating]) -> EcgRecord:
    """The same record with another signal."""
    return EcgRecord(signal_mv, record.fs_hz, record.leads, record.record_id, record.meta)


def with_leads(record: EcgRecord, leads: tuple[str, ...]) -> EcgRecord:
    """The record's leads of these names, in this order."""
    rows = [record.leads.index(lead) for lead in leads]
    return EcgRecord(record.signal_mv[rows], record.fs_hz, leads, record.record_id)
