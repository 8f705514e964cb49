"""Onset, peak and end of the waves of every beat, in every lead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.errors import SignalError
from physioclr.records import EcgRecord
from physioclr.signal.beats import detect_heartbeats
from physioclr.signal.filtering import bandpass
from physioclr.signal.gaps import fill_gaps, require_duration
from physioclr.signal.lead_faults import find_lead_faults
from physioclr.signal.p_waves import p_wave_present
from physioclr.signal.prominence import prominence_waves

__all__ = ["FIDUCIALS", "Delineation", "cut_samples", "delineate"]

FIDUCIALS = (
    "p_on",
    "p_peak",
    "p_off",
    "qrs_on",
    "r_peak",
    "qrs_off",
    "t_on",
    "t_peak",
    "t_off",
)
_P_COLUMNS = ("p_on", "p_peak", "p_off")
_BAND_HZ = (0.5, 40.0)
_PEAK_REACH_S = 0.06
_FALLBACK_CUT = 0.65


@dataclass(frozen=True, eq=False)
class Delineation(Mapping[str, pd.DataFrame]):
    """Where the waves of each beat begin, peak and end: a mapping from lead to one table.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Lead → one row a beat, columns `FIDUCIALS`, float samples of the record; NaN where the
        wave is absent or not measurable. The rows of all leads are the same beats.
    fs_hz : float
    r_peaks_samples : (n_beats,) int64
        The R peaks all leads agree on; `r_peak` of a table is that lead's own largest deflection.
    n_samples : int
        Length of the record.
    record_id : str
    reasons : mapping of str to str
        Lead → why nothing was measured on it. Leads that were measured are not in it.
    """

    tables: Mapping[str, pd.DataFrame]
    fs_hz: float
    r_peaks_samples: NDArray[np.int64]
    n_samples: int
    record_id: str
    reasons: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        peaks = np.array(self.r_peaks_samples, dtype=np.int64)
        peaks.setflags(write=False)
        for lead, table in self.tables.items():
            if tuple(table.columns) != FIDUCIALS or len(table) != peaks.size:
                raise ValueError(
                    f"tables[{lead!r}] must have {peaks.size} rows and the columns {FIDUCIALS}, "
                    f"got {len(table)} rows and {tuple(table.columns)}"
                )
        object.__setattr__(self, "r_peaks_samples", peaks)
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))
        object.__setattr__(self, "reasons", MappingProxyType(dict(self.reasons)))

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle through the constructor: a mapping proxy has no pickle of its own."""
        return Delineation, (
            dict(self.tables),
            self.fs_hz,
            self.r_peaks_samples,
            self.n_samples,
            self.record_id,
            dict(self.reasons),
        )

    def __getitem__(self, lead: str) -> pd.DataFrame:
        """Return the table of one lead; `KeyError` where the record has no such lead."""
        return self.tables[lead]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)

    def __repr__(self) -> str:
        return (
            f"Delineation({self.record_id!r}, {self.n_beats} beats, "
            f"{len(self) - len(self.reasons)} of {len(self)} leads measured)"
        )

    @property
    def leads(self) -> tuple[str, ...]:
        """The leads of the record, in its order."""
        return tuple(self.tables)

    @property
    def measured_leads(self) -> tuple[str, ...]:
        """The leads without a reason in `reasons`."""
        return tuple(lead for lead in self.tables if lead not in self.reasons)

    @property
    def n_beats(self) -> int:
        """How many beats there are."""
        return int(self.r_peaks_samples.size)

    def stack(self, fiducial: str) -> NDArray[np.float64]:
        """Return one fiducial of every lead.

        Parameters
        ----------
        fiducial : str
            One of `FIDUCIALS`.

        Returns
        -------
        (n_leads, n_beats) float64
            Samples of the record, rows in the order of `leads`.
        """
        if fiducial not in FIDUCIALS:
            raise ValueError(f"fiducial must be one of {', '.join(FIDUCIALS)}, got {fiducial!r}")
        rows = [table[fiducial].to_numpy(dtype=np.float64) for table in self.tables.values()]
        return np.array(rows).reshape(len(rows), self.n_beats)


def delineate(record: EcgRecord) -> Delineation:
    """Find the heartbeats of a record and the waves of each, lead by lead.

    Parameters
    ----------
    record : EcgRecord
        At least 5 s.

    Returns
    -------
    Delineation
        With NaN, and a sentence in `reasons`, for a lead that is flat, empty or fails. A record
        without beats gives tables without rows.

    Raises
    ------
    SignalError
        If the record is shorter than 5 s.

    Notes
    -----
    Waves by NeuroKit2's `prominence` method (see `prominence_waves`), on each lead between 0.5 and
    40 Hz, with these additions. The method expects a QRS that points up: a lead is turned over
    where its largest deflection points down. It seeks P waves that point up: both signs are tried
    and the one with the larger median P wave is kept. It always finds a P wave: `p_wave_present`
    says in which beats there is one. Waves over missing samples are NaN.
    """
    require_duration(record)
    peaks = detect_heartbeats(record)
    reasons = find_lead_faults(record)
    filled, missing = fill_gaps(record.signal_mv)
    filtered = bandpass(filled, record.fs_hz, *_BAND_HZ)
    tables = {
        lead: pd.DataFrame(np.nan, index=range(peaks.size), columns=FIDUCIALS, dtype=np.float64)
        for lead in record.leads
    }
    rows = [row for row, lead in enumerate(record.leads) if lead not in reasons]
    tables |= _delineate_rows(filtered, rows, record, peaks, reasons)
    tables = {
        lead: _without_gaps(table, gaps)
        for (lead, table), gaps in zip(tables.items(), missing, strict=True)
    }
    return Delineation(tables, record.fs_hz, peaks, record.n_samples, record.record_id, reasons)


def _delineate_rows(
    filtered: NDArray[np.float64],
    rows: list[int],
    record: EcgRecord,
    peaks: NDArray[np.int64],
    reasons: dict[str, str],
) -> dict[str, pd.DataFrame]:
    """Delineate all leads at once; where that fails one by one, with a reason for each failure."""
    if not rows:
        return {}
    leads = [record.leads[row] for row in rows]
    try:
        tables = _delineate_leads(filtered[rows], record.fs_hz, peaks)
    except SignalError as error:
        if len(rows) == 1 or peaks.size < 2:
            reasons |= {
                lead: f"lead {lead} could not be delineated: expected {error.expected}, "
                f"found {error.found}"
                for lead in leads
            }
            return {}
        one_by_one: dict[str, pd.DataFrame] = {}
        for row in rows:
            one_by_one |= _delineate_rows(filtered, [row], record, peaks, reasons)
        return one_by_one
    return dict(zip(leads, tables, strict=True))


def _delineate_leads(
    leads_mv: NDArray[np.float64], fs_hz: float, peaks: NDArray[np.int64]
) -> list[pd.DataFrame]:
    own_peaks, sign = _largest_deflections(leads_mv, fs_hz, peaks)
    upright_mv = sign[:, None] * leads_mv
    both_mv = np.concatenate([upright_mv, -upright_mv])
    both = prominence_waves(both_mv, fs_hz, np.concatenate([own_peaks, own_peaks]))
    p_height = _p_height(both_mv, both)
    n_leads = len(leads_mv)
    turned = p_height[n_leads:] > p_height[:n_leads]
    waves = {}
    for name, samples in both.items():
        waves[name] = samples[:n_leads]
        if name in _P_COLUMNS:
            waves[name] = np.where(turned[:, None], samples[n_leads:], waves[name])
    present = p_wave_present(leads_mv, fs_hz, peaks, waves["p_peak"])
    for name in _P_COLUMNS:
        waves[name] = np.where(present, waves[name], np.nan)
    waves["r_peak"] = own_peaks.astype(np.float64)
    return [
        pd.DataFrame({name: waves[name][lead] for name in FIDUCIALS}) for lead in range(n_leads)
    ]


def _largest_deflections(
    leads_mv: NDArray[np.float64], fs_hz: float, peaks: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return (n_leads, n_beats) peaks of each lead's usual sign, and those (n_leads,) signs."""
    if not peaks.size:
        return np.empty((len(leads_mv), 0), dtype=np.int64), np.ones(len(leads_mv))
    reach = round(_PEAK_REACH_S * fs_hz)
    at = np.clip(peaks[:, None] + np.arange(-reach, reach + 1), 0, leads_mv.shape[1] - 1)
    windows = leads_mv[:, at]
    windows = windows - np.median(windows, axis=2, keepdims=True)
    up = np.median(windows.max(axis=2), axis=1)
    down = np.median(-windows.min(axis=2), axis=1)
    sign = np.where(up >= down, 1.0, -1.0)
    chosen = np.argmax(sign[:, None, None] * windows, axis=2)
    return np.take_along_axis(at, chosen.T, axis=1).T, sign


def _p_height(
    leads_mv: NDArray[np.float64], waves: dict[str, NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return each lead's median height of P over the chord from onset to offset, in mV."""
    samples = np.array([waves[name] for name in _P_COLUMNS])
    known = np.isfinite(samples).all(axis=0)
    index = np.where(known, samples, 0).astype(np.intp)
    on_mv, peak_mv, off_mv = (np.take_along_axis(leads_mv, part, axis=1) for part in index)
    height = np.where(known, peak_mv - (on_mv + off_mv) / 2, np.nan)
    medians = np.zeros(len(leads_mv))
    some = known.any(axis=1)
    if some.any():
        medians[some] = np.nanmedian(height[some], axis=1)
    return medians


def _without_gaps(table: pd.DataFrame, gaps: NDArray[np.bool_]) -> pd.DataFrame:
    """Write NaN for every fiducial that stands on a missing sample."""
    if not gaps.any():
        return table
    samples = table.to_numpy(copy=True)
    known = np.isfinite(samples)
    at = np.where(known, samples, 0).astype(np.intp)
    samples[gaps[at] & known] = np.nan
    return pd.DataFrame(samples, columns=table.columns)


def cut_samples(delineation: Delineation) -> NDArray[np.int64]:
    """Choose one point between each pair of neighbouring beats, where the heart is at rest.

    Parameters
    ----------
    delineation : Delineation

    Returns
    -------
    (n_cuts,) int64
        Samples of the record, increasing; ``max(n_beats - 1, 0)`` of them.

    Notes
    -----
    The middle of the TP segment: halfway from the end of T (median over leads) to the onset of the
    next P, or of the next QRS where there is no P wave. Where the end of T is not known, or does
    not come before that onset, 65 % of the RR interval after the R peak: behind T and before P at
    usual rates (QT about 40 % and PR about 15-20 % of RR).
    """
    peaks = delineation.r_peaks_samples
    if peaks.size < 2:
        return np.empty(0, dtype=np.int64)
    t_off = _median_over_leads(delineation.stack("t_off"))[:-1]
    p_on = _median_over_leads(delineation.stack("p_on"))[1:]
    qrs_on = _median_over_leads(delineation.stack("qrs_on"))[1:]
    next_on = np.where(np.isfinite(p_on), p_on, qrs_on)
    before, after = peaks[:-1], peaks[1:]
    ordered = (before < t_off) & (t_off < next_on) & (next_on < after)
    middle = np.where(ordered, (t_off + next_on) / 2, before + _FALLBACK_CUT * (after - before))
    return np.clip(np.round(middle), before + 1, np.maximum(after - 1, before + 1)).astype(np.int64)


def _median_over_leads(stacked: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of each column's known values, NaN where there is none."""
    medians = np.full(stacked.shape[1], np.nan)
    known = np.isfinite(stacked).any(axis=0)
    if known.any():
        medians[known] = np.nanmedian(stacked[:, known], axis=0)
    return medians
