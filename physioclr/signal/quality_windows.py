"""The evidence on the quality of a record, window by window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from physioclr.records import EcgRecord
from physioclr.signal.gaps import fill_gaps
from physioclr.signal.lead_statistics import (
    ECG_HZ,
    LeadStatistics,
    WindowBeats,
    lead_statistics,
)
from physioclr.signal.limb_lead_identities import LimbLeadMisfit, check_limb_leads
from physioclr.signal.limb_lead_reversal import SuspectedReversal, suspect_limb_lead_reversal
from physioclr.signal.mains_hum import MainsHum, subtract_mains_hum
from physioclr.signal.quality_model import RAMPS, ramp_positions

__all__ = ["WindowEvidence", "quality_windows"]

# The model is fitted on records of 10 s.
_WINDOW_S = 10.0
_MIN_BEATS = 2
# White noise reaches 0.37 and 0.22, PTB-XL none below 0.45 and 0.40 (docs/quality.md).
_LEAST_AGREEMENT, _LEAST_ALIKE = 0.4, 0.3
# A lead cut at its extremes contradicts the others for that reason.
_MOST_CUT = 0.02
# So does one without heartbeats: none alike at the beats of the others, no peaks of its own.
_LEAST_STEADY, _LEAST_PEAKED = 0.5, 6.0
_OF_BEATS = np.array([ramp.kind == "unsteady_beats" for ramp in RAMPS])


@dataclass(frozen=True, eq=False)
class WindowEvidence:
    """What is known of one window of a record.

    Parameters
    ----------
    statistics : LeadStatistics
    positions : (n_leads, n_ramps) float64
        How far up each of `RAMPS` each lead is.
    n_beats : int
        Heartbeats the leads share.
    reversal : SuspectedReversal or None
    misfit : LimbLeadMisfit or None
    hum : MainsHum or None
        What was subtracted before the statistics.
    """

    statistics: LeadStatistics
    positions: NDArray[np.float64]
    n_beats: int
    reversal: SuspectedReversal | None
    misfit: LimbLeadMisfit | None = None
    hum: MainsHum | None = None


def quality_windows(record: EcgRecord) -> Iterator[WindowEvidence]:
    """Go through a record in windows of equal length, 10 s or the next longer that fits.

    Parameters
    ----------
    record : EcgRecord

    Yields
    ------
    WindowEvidence
        One at a time: what is held does not grow with the record. A record below 20 s is one.

    Notes
    -----
    Where fewer than two heartbeats were found, every ramp that asks for heartbeats is full.
    """
    n_windows = max(1, int(record.duration_s / _WINDOW_S + 1e-6))
    edges = np.linspace(0, record.n_samples, n_windows + 1).round().astype(int)
    for start, stop in pairwise(edges):
        filled, missing = fill_gaps(record.signal_mv[:, start:stop])
        without_hum, hum = subtract_mains_hum(filled, missing, record.fs_hz)
        statistics, beats = lead_statistics(filled, missing, record.fs_hz, without_hum)
        n_beats = beats.n_beats if _has_heartbeats(statistics) else 0
        reversal = misfit = None
        if n_beats < _MIN_BEATS:
            unknown = np.full(record.n_leads, np.nan)
            statistics = replace(statistics, agreement=unknown, beat_correlation=unknown)
        positions = ramp_positions(statistics)
        if n_beats < _MIN_BEATS:
            positions[:, _OF_BEATS] = 1.0
        else:
            reversal = suspect_limb_lead_reversal(
                beats.typical_mv, record.leads, statistics.beat_correlation, ECG_HZ
            )
            misfit = _misfit(record.leads, statistics, beats, missing)
        yield WindowEvidence(statistics, positions, n_beats, reversal, misfit, hum)


def _misfit(
    leads: Sequence[str],
    statistics: LeadStatistics,
    beats: WindowBeats,
    missing: NDArray[np.bool_],
) -> LimbLeadMisfit | None:
    cut = statistics.clipped_share + statistics.saturated_share
    steady = statistics.beat_correlation >= _LEAST_STEADY
    usable = (cut < _MOST_CUT) & (steady | (statistics.peakedness >= _LEAST_PEAKED))
    return check_limb_leads(beats.ecg_mv, leads, ECG_HZ, usable, missing, statistics.agreement)


def _has_heartbeats(statistics: LeadStatistics) -> bool:
    """Tell whether any two leads agree on heartbeats, or any lead alone has beats that return."""
    if np.isfinite(statistics.agreement).any():
        return bool(np.nanmax(statistics.agreement) >= _LEAST_AGREEMENT)
    alike = statistics.beat_correlation
    return bool(not np.isfinite(alike).any() or np.nanmax(alike) >= _LEAST_ALIKE)
