"""Onset, peak and end of the waves of every beat, in every lead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.leads import rhythm_lead
from physioclr.records import EcgRecord
from physioclr.signal.gaps import require_duration
from physioclr.signal.lead_faults import find_lead_faults
from physioclr.signal.wave_finding import find_waves
from physioclr.signal.wave_network import WaveNetwork, load_wave_network

__all__ = [
    "FIDUCIALS",
    "WAVE_STATES",
    "Delineation",
    "cut_samples",
    "delineate",
    "delineate_many",
]

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
WAVE_STATES = (
    "present",
    "absent",
    "not measurable: too small in this lead",
    "not measurable: samples are missing",
    "not measurable: outside the record",
    "not measurable: the lead has no signal",
    "not measurable: the leads contradict one another",
    "not measurable: waves at the rate of atrial flutter",
)
_PRESENT, _ABSENT, _TOO_SMALL, _MISSING, _OUTSIDE, _NO_SIGNAL, _DISPUTED, _FLUTTER = range(
    len(WAVE_STATES)
)
_WAVES = ("p", "qrs", "t")
_COLUMNS = pd.Index(FIDUCIALS)
_FALLBACK_CUT = 0.65


@dataclass(frozen=True, eq=False)
class Delineation(Mapping[str, pd.DataFrame]):
    """Where the waves of each beat begin, peak and end: a mapping from lead to one table.

    A table has one row a beat, the columns `FIDUCIALS`, and float samples of the record, NaN where
    the wave is absent or not measurable (`states` says which). The rows of all leads are the same
    beats.

    Parameters
    ----------
    samples : (n_leads, n_beats, 9) float64
        The tables as one read-only array.
    wave_states : (n_leads, n_beats, 3) uint8
        Index into `WAVE_STATES` of P, QRS and T.
    leads : tuple of str
        The leads of the record, in its order.
    fs_hz : float
    r_peaks_samples : (n_beats,) int64
        One mark a beat for all leads, read in the rhythm lead (`mark_beats`). `r_peak` of a table
        is that lead's own peak.
    n_samples : int
        Length of the record.
    record_id : str
    reasons : mapping of str to str
        Lead → why nothing was measured on it. Leads that were measured are not in it.
    lone_p_samples : (n_waves,) float64
        Peaks of the P waves that no beat follows, as in second- and third-degree block; between
        the first beat and the last.
    """

    samples: NDArray[np.float64]
    wave_states: NDArray[np.uint8]
    leads: tuple[str, ...]
    fs_hz: float
    r_peaks_samples: NDArray[np.int64]
    n_samples: int
    record_id: str
    reasons: Mapping[str, str] = field(default_factory=dict)
    lone_p_samples: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        arrays: dict[str, NDArray[Any]] = {
            "r_peaks_samples": np.array(self.r_peaks_samples, dtype=np.int64),
            "samples": np.array(self.samples, dtype=np.float64),
            "wave_states": np.array(self.wave_states, dtype=np.uint8),
            "lone_p_samples": np.array(self.lone_p_samples, dtype=np.float64),
        }
        per_lead = (len(self.leads), arrays["r_peaks_samples"].size)
        for name, n_columns in (("samples", len(FIDUCIALS)), ("wave_states", len(_WAVES))):
            expected = (*per_lead, n_columns)
            if arrays[name].shape != expected:
                raise ValueError(f"{name} must have the shape {expected}, got {arrays[name].shape}")
        for name, array in arrays.items():
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        object.__setattr__(self, "leads", tuple(self.leads))
        object.__setattr__(self, "reasons", MappingProxyType(dict(self.reasons)))

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle through the constructor: a mapping proxy has no pickle of its own."""
        return Delineation, (
            self.samples,
            self.wave_states,
            self.leads,
            self.fs_hz,
            self.r_peaks_samples,
            self.n_samples,
            self.record_id,
            dict(self.reasons),
            self.lone_p_samples,
        )

    def __getitem__(self, lead: str) -> pd.DataFrame:
        """Return the table of one lead; `KeyError` where the record has no such lead."""
        return pd.DataFrame(self.samples[self._row(lead)], columns=_COLUMNS)

    def __iter__(self) -> Iterator[str]:
        return iter(self.leads)

    def __len__(self) -> int:
        return len(self.leads)

    def __repr__(self) -> str:
        return (
            f"Delineation({self.record_id!r}, {self.n_beats} beats, "
            f"{len(self) - len(self.reasons)} of {len(self)} leads measured)"
        )

    def _row(self, lead: str) -> int:
        if lead not in self.leads:
            raise KeyError(lead)
        return self.leads.index(lead)

    def states(self, lead: str) -> pd.DataFrame:
        """Say of each wave of a lead whether it is there, is absent, or why it is not known.

        Parameters
        ----------
        lead : str

        Returns
        -------
        DataFrame
            One row a beat, columns ``p``, ``qrs`` and ``t``; entries of `WAVE_STATES`.

        Raises
        ------
        KeyError
            If the record has no such lead.
        """
        named = np.array(WAVE_STATES, dtype=object)[self.wave_states[self._row(lead)]]
        return pd.DataFrame(named, columns=list(_WAVES))

    @property
    def measured_leads(self) -> tuple[str, ...]:
        """The leads without a reason in `reasons`."""
        return tuple(lead for lead in self.leads if lead not in self.reasons)

    def known_p(self) -> NDArray[np.bool_]:
        """Tell before which beats it is known whether there is a P wave.

        Returns
        -------
        (n_beats,) bool
            Not where it may lie outside the record, over missing samples or among flutter waves,
            or where the leads contradict one another, in every lead that was measured.
        """
        states = self.wave_states[:, :, 0]
        known = np.isin(states, (_PRESENT, _ABSENT, _TOO_SMALL))
        return np.asarray(known.any(axis=0), dtype=bool)

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
            Samples of the record, rows in the order of `leads`; read-only.
        """
        if fiducial not in FIDUCIALS:
            raise ValueError(f"fiducial must be one of {', '.join(FIDUCIALS)}, got {fiducial!r}")
        return self.samples[:, :, FIDUCIALS.index(fiducial)]


def delineate(
    record: EcgRecord,
    *,
    network: WaveNetwork | None = None,
    on_progress: Callable[[float, float], None] | None = None,
) -> Delineation:
    """Find the heartbeats of a record and the waves of each, lead by lead.

    Parameters
    ----------
    record : EcgRecord
        At least 5 s, from 100 Hz, any leads.
    network : WaveNetwork, optional
        Other weights than the shipped ones.
    on_progress : callable, optional
        Called with the seconds done and the seconds in all: once for a record up to 60 s, after
        every 50 s of a longer one. What it raises ends the work.

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

    Examples
    --------
    >>> from physioclr import delineate
    >>> from physioclr.simulate import simulate_record
    >>> record = simulate_record("sinus_rhythm", seed=1, heart_rate_bpm=60)
    >>> beats = delineate(record)["II"]
    >>> len(beats) > 5
    True
    """
    return _delineate(record, network or load_wave_network(), on_progress)


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


def _delineate(
    record: EcgRecord,
    network: WaveNetwork,
    on_progress: Callable[[float, float], None] | None = None,
) -> Delineation:
    require_duration(record)
    reasons = find_lead_faults(record)
    measured = [lead for lead in record.leads if lead not in reasons]
    if not measured:
        return _without_beats(record, reasons)
    rows = [record.leads.index(lead) for lead in measured]
    rhythm_row = measured.index(str(rhythm_lead(measured)))
    signal_mv = record.signal_mv if len(rows) == record.n_leads else record.signal_mv[rows]
    waves = find_waves(
        signal_mv,
        record.fs_hz,
        network,
        leads=measured,
        rhythm_row=rhythm_row,
        on_progress=on_progress,
    )
    if not waves.beats.size:
        silent = {lead: f"lead {lead} shows no heartbeat" for lead in measured}
        return _without_beats(record, reasons | silent)
    samples = np.full((record.n_leads, waves.beats.size, len(FIDUCIALS)), np.nan)
    samples[rows] = waves.fiducials
    in_gap = _erase_in_gaps(samples, record.signal_mv)
    states = np.full((*samples.shape[:2], len(_WAVES)), _NO_SIGNAL, dtype=np.uint8)
    states[rows] = np.where(waves.absent, _ABSENT, _OUTSIDE)
    of_p = states[rows, :, 0]
    of_p[:, waves.disputed_p] = _DISPUTED
    of_p[:, waves.flutter] = _FLUTTER
    states[rows, :, 0] = of_p
    found_elsewhere = np.isfinite(waves.fiducials[:, :, 1::3]).any(axis=0)
    states[rows] = np.where(found_elsewhere, _TOO_SMALL, states[rows])
    states[in_gap] = _MISSING
    states[np.isfinite(samples[:, :, 1::3])] = _PRESENT
    return Delineation(
        samples,
        states,
        record.leads,
        record.fs_hz,
        np.round(waves.beats).astype(np.int64),
        record.n_samples,
        record.record_id,
        reasons,
        waves.lone_p,
    )


def _without_beats(record: EcgRecord, reasons: Mapping[str, str]) -> Delineation:
    return Delineation(
        np.empty((record.n_leads, 0, len(FIDUCIALS))),
        np.empty((record.n_leads, 0, len(_WAVES)), dtype=np.uint8),
        record.leads,
        record.fs_hz,
        np.empty(0, dtype=np.int64),
        record.n_samples,
        record.record_id,
        reasons,
    )


def _erase_in_gaps(
    samples: NDArray[np.float64], signal_mv: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Write NaN for every fiducial (n_leads, n_beats, 9) that stands on a missing sample.

    Return in which waves (n_leads, n_beats, 3) that happened to the peak.
    """
    known = np.isfinite(samples)
    at = np.round(np.where(known, samples, 0)).astype(np.intp)
    stands_on = np.take_along_axis(signal_mv, at.reshape(len(at), -1), axis=1).reshape(at.shape)
    erased = known & ~np.isfinite(stands_on)
    samples[erased] = np.nan
    return erased[:, :, 1::3]


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
