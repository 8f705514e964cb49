"""What each beat measures, on each lead: the one place where fiducials become numbers."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.physiology.consensus import consensus_fiducials
from physioclr.physiology.intervals import corrected_qt_ms
from physioclr.records import EcgRecord
from physioclr.signal.delineation import Delineation
from physioclr.signal.filtering import bandpass
from physioclr.signal.median_beat import cut_beats

__all__ = ["AMPLITUDES", "RHYTHM_LEADS", "BeatFeatures", "compute_beat_features"]

AMPLITUDES = ("r_mv", "s_mv", "t_mv", "p_mv", "st_j_mv", "st_j60_mv")
# The lead a beat's own amplitudes are read in: the first of these that was measured.
RHYTHM_LEADS = ("II", "V5", "I", "V6", "V4", "aVF", "III", "aVL", "V3", "V2", "V1", "aVR")
_BAND_HZ = (0.5, 100.0)
_ISOELECTRIC_MS = 20.0
_ST_DELAY_MS = 60.0
_RR_LIMITS_MS = (200.0, 4000.0)


@dataclass(frozen=True, eq=False)
class BeatFeatures:
    """The measurements of every beat, from which all summaries are taken.

    Parameters
    ----------
    beats : DataFrame
        One row a beat: ``r_peak_samples``, ``rr_ms`` (to the beat before), ``pr_ms``, ``p_ms``,
        ``qrs_ms``, ``qt_ms``, ``qtc_bazett_ms``, ``t_ms``, ``p_lead_share`` (share of the measured
        leads with a P wave), and of the rhythm lead ``r_mv``, ``s_mv``, ``t_mv``, ``p_mv``,
        ``st_j_mv``, ``st_j60_mv``, ``qrs_slope_mv_per_s``. NaN where unknown.
    amplitudes_mv : mapping of str to (n_leads, n_beats) float64
        Each of `AMPLITUDES` over all leads.
    qrs_areas_mv_ms : (n_leads, n_beats) float64
        Net area of the QRS over its isoelectric level.
    adjacent_correlation : (n_beats - 1,) float64
        Correlation of each beat with the one before it, over all measured leads at once.
    leads : tuple of str
        Rows of the arrays.
    rhythm_lead : str or None
        Where the beats' own amplitudes were read; None where no lead was measured.
    """

    beats: pd.DataFrame
    amplitudes_mv: Mapping[str, NDArray[np.float64]]
    qrs_areas_mv_ms: NDArray[np.float64]
    adjacent_correlation: NDArray[np.float64]
    leads: tuple[str, ...]
    rhythm_lead: str | None


def compute_beat_features(record: EcgRecord, delineation: Delineation) -> BeatFeatures:
    """Turn fiducials into intervals and amplitudes, beat by beat and lead by lead.

    Parameters
    ----------
    record : EcgRecord
    delineation : Delineation
        Of this record.

    Returns
    -------
    BeatFeatures

    Raises
    ------
    ValueError
        If the delineation is of another record.

    Notes
    -----
    Amplitudes are taken between 0.5 and 100 Hz over the isoelectric level, the median of the 20 ms
    before the onset of QRS: R the highest and S the lowest point of the QRS (S is at most 0, R at
    least 0), ST at the J point and 60 ms after it, T and P at that lead's own peak (P over the
    chord from its onset to its end).
    """
    if delineation.leads != record.leads or delineation.n_samples != record.n_samples:
        raise ValueError(
            f"delineation must be of record {record.record_id!r} with leads {record.leads}, got "
            f"one of {delineation.record_id!r} with leads {delineation.leads}"
        )
    signal_mv = bandpass(record.signal_mv, record.fs_hz, *_BAND_HZ)
    unmeasured = [record.leads.index(lead) for lead in delineation.reasons]
    signal_mv[unmeasured] = np.nan
    consensus = consensus_fiducials(delineation)
    amplitudes, areas = _amplitudes(signal_mv, record.fs_hz, delineation, consensus)
    rhythm_lead = next((lead for lead in RHYTHM_LEADS if lead in delineation.measured_leads), None)
    if rhythm_lead is None and delineation.measured_leads:
        rhythm_lead = delineation.measured_leads[0]
    beats = _intervals(delineation, consensus)
    row = None if rhythm_lead is None else record.leads.index(rhythm_lead)
    for name in AMPLITUDES:
        beats[name] = np.nan if row is None else amplitudes[name][row]
    beats["qrs_slope_mv_per_s"] = (
        np.nan if row is None else _steepest(signal_mv[row], record.fs_hz, consensus)
    )
    return BeatFeatures(
        beats,
        amplitudes,
        areas,
        _adjacent_correlation(signal_mv, record.fs_hz, delineation.r_peaks_samples),
        record.leads,
        rhythm_lead,
    )


def _intervals(delineation: Delineation, consensus: pd.DataFrame) -> pd.DataFrame:
    to_ms = 1000.0 / delineation.fs_hz
    peaks = delineation.r_peaks_samples

    def span(start: str, stop: str) -> NDArray[np.float64]:
        lengths = (consensus[stop] - consensus[start]).to_numpy() * to_ms
        return np.where(lengths > 0, lengths, np.nan)

    rr = np.full(peaks.size, np.nan)
    rr[1:] = np.diff(peaks) * to_ms
    rr[(rr < _RR_LIMITS_MS[0]) | (rr > _RR_LIMITS_MS[1])] = np.nan
    qt = span("qrs_on", "t_off")
    n_measured = len(delineation.measured_leads)
    with_p = np.isfinite(delineation.stack("p_peak")).sum(axis=0)
    return pd.DataFrame(
        {
            "r_peak_samples": peaks,
            "rr_ms": rr,
            "pr_ms": span("p_on", "qrs_on"),
            "p_ms": span("p_on", "p_off"),
            "qrs_ms": span("qrs_on", "qrs_off"),
            "qt_ms": qt,
            "qtc_bazett_ms": corrected_qt_ms(qt, rr, formula="bazett"),
            "t_ms": span("t_on", "t_off"),
            "p_lead_share": with_p / n_measured if n_measured else np.full(peaks.size, np.nan),
        }
    )


def _at(signal_mv: NDArray[np.float64], samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Read a signal at fractional samples that may be NaN or outside.

    `signal_mv` is (n_leads, n_samples), `samples` (n_beats,) or (n_leads, n_beats).
    """
    n_leads, n_samples = signal_mv.shape
    rounded = np.broadcast_to(np.round(samples), (n_leads, samples.shape[-1]))
    known = (rounded >= 0) & (rounded < n_samples)
    index = np.where(known, rounded, 0).astype(np.intp)
    return np.where(known, np.take_along_axis(signal_mv, index, axis=1), np.nan)


def _amplitudes(
    signal_mv: NDArray[np.float64],
    fs_hz: float,
    delineation: Delineation,
    consensus: pd.DataFrame,
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64]]:
    n_leads, n_beats = signal_mv.shape[0], delineation.n_beats
    level = np.full((n_leads, n_beats), np.nan)
    r_mv, s_mv, areas = level.copy(), level.copy(), level.copy()
    before = max(1, round(_ISOELECTRIC_MS * fs_hz / 1000))
    for beat, (on, off) in enumerate(zip(consensus["qrs_on"], consensus["qrs_off"], strict=True)):
        if not (np.isfinite(on) and np.isfinite(off) and off > on):
            continue
        start, stop = round(on), round(off) + 1
        level[:, beat] = np.median(signal_mv[:, max(0, start - before) : start + 1], axis=1)
        qrs = signal_mv[:, start:stop] - level[:, [beat]]
        r_mv[:, beat] = np.maximum(qrs.max(axis=1), 0.0)
        s_mv[:, beat] = np.minimum(qrs.min(axis=1), 0.0)
        areas[:, beat] = qrs.sum(axis=1) * 1000 / fs_hz
    j_point = consensus["qrs_off"].to_numpy()
    p_chord = (
        _at(signal_mv, delineation.stack("p_on")) + _at(signal_mv, delineation.stack("p_off"))
    ) / 2
    amplitudes = {
        "r_mv": r_mv,
        "s_mv": s_mv,
        "t_mv": _at(signal_mv, delineation.stack("t_peak")) - level,
        "p_mv": _at(signal_mv, delineation.stack("p_peak")) - p_chord,
        "st_j_mv": _at(signal_mv, j_point) - level,
        "st_j60_mv": _at(signal_mv, j_point + _ST_DELAY_MS * fs_hz / 1000) - level,
    }
    return amplitudes, areas


def _steepest(
    lead_mv: NDArray[np.float64], fs_hz: float, consensus: pd.DataFrame
) -> NDArray[np.float64]:
    """Return the largest absolute slope within each QRS, in mV/s."""
    slope = np.abs(np.gradient(lead_mv)) * fs_hz
    steepest = np.full(len(consensus), np.nan)
    for beat, (on, off) in enumerate(zip(consensus["qrs_on"], consensus["qrs_off"], strict=True)):
        if np.isfinite(on) and np.isfinite(off) and off > on:
            steepest[beat] = slope[round(on) : round(off) + 1].max()
    return steepest


def _adjacent_correlation(
    signal_mv: NDArray[np.float64], fs_hz: float, peaks: NDArray[np.int64]
) -> NDArray[np.float64]:
    windows = cut_beats(signal_mv, fs_hz, peaks)
    centred = windows - windows.mean(axis=-1, keepdims=True)
    # A lead that is unknown somewhere in a window is left out of that window's pair.
    pairs = itertools.pairwise(centred)
    return np.array([_correlation(one, other) for one, other in pairs], dtype=np.float64)


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    shared = np.isfinite(one).all(axis=-1) & np.isfinite(other).all(axis=-1)
    a, b = one[shared].ravel(), other[shared].ravel()
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / norm if norm > 0 else float("nan")
