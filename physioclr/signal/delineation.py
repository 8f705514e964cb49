"""Onset, peak and end of the waves of every beat, in every lead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.records import EcgRecord
from physioclr.signal.gaps import fill_gaps, require_duration
from physioclr.signal.lead_faults import find_lead_faults
from physioclr.signal.wave_finding import find_waves
from physioclr.signal.wave_network import WaveNetwork, load_wave_network

__all__ = ["FIDUCIALS", "Delineation", "cut_samples", "delineate", "delineate_many"]

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
_COLUMNS = pd.Index(FIDUCIALS)
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
        One a beat for all leads: where half of the energy of QRS, summed over leads, has passed.
        `r_peak` of a table is that lead's own peak.
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


def delineate(record: EcgRecord, *, network: WaveNetwork | None = None) -> Delineation:
    """Find the heartbeats of a record and the waves of each, lead by lead.

    Parameters
    ----------
    record : EcgRecord
        At least 5 s, from 100 Hz, any leads.
    network : WaveNetwork, optional
        Other weights than the shipped ones.

    Returns
    -------
    Delineation
        With NaN, and a sentence in `reasons`, for a lead that is flat or empty, and for every lead
        of a record without heartbeats (its tables have no rows).

    Raises
    ------
    SignalError
        If the record is shorter than 5 s.

    Notes
    -----
    `wave_input` filters and resamples all leads, `WaveNetwork` marks P, QRS and T in each with the
    others in sight, `decode_waves` makes beats of it: the leads vote on which waves there are, each
    has its own onset, peak and end. Waves over missing samples are NaN. ``docs/physiology.md``
    holds what is reached on LUDB.
    """
    return _delineate(record, network or load_wave_network())


def delineate_many(records: Iterable[EcgRecord]) -> Iterator[Delineation]:
    """Delineate records one after the other, with memory that does not grow with their number.

    Parameters
    ----------
    records : iterable of EcgRecord
        Of any lengths, rates and leads; taken one at a time.

    Yields
    ------
    Delineation
        To the bit what `delineate` gives for the record alone.

    Raises
    ------
    SignalError
        At a record shorter than 5 s.
    """
    network = load_wave_network()
    for record in records:
        yield _delineate(record, network)


def _delineate(record: EcgRecord, network: WaveNetwork) -> Delineation:
    require_duration(record)
    reasons = find_lead_faults(record)
    rows = [row for row, lead in enumerate(record.leads) if lead not in reasons]
    samples = np.full((record.n_leads, 0, len(FIDUCIALS)), np.nan)
    beats = np.empty(0)
    if rows:
        filled, missing = fill_gaps(record.signal_mv)
        waves = find_waves(filled[rows], record.fs_hz, network)
        beats = waves.beats
        samples = np.full((record.n_leads, beats.size, len(FIDUCIALS)), np.nan)
        samples[rows] = waves.fiducials
        _erase_in_gaps(samples, missing)
    if not beats.size:
        reasons |= {
            lead: f"lead {lead} shows no heartbeat" for lead in record.leads if lead not in reasons
        }
    tables = {
        lead: pd.DataFrame(of_lead, columns=_COLUMNS)
        for lead, of_lead in zip(record.leads, samples, strict=True)
    }
    peaks = np.round(beats).astype(np.int64)
    return Delineation(tables, record.fs_hz, peaks, record.n_samples, record.record_id, reasons)


def _erase_in_gaps(samples: NDArray[np.float64], missing: NDArray[np.bool_]) -> None:
    """Write NaN for every fiducial (n_leads, n_beats, 9) that stands on a missing sample."""
    if not missing.any():
        return
    for of_lead, gone in zip(samples, missing, strict=True):
        known = np.isfinite(of_lead)
        at = np.round(np.where(known, of_lead, 0)).astype(np.intp)
        of_lead[gone[at] & known] = np.nan


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
