"""What each beat measures, on each lead: the one place where fiducials become numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.leads import rhythm_lead
from physioclr.physiology.beat_amplitudes import (
    AMPLITUDES,
    measure_amplitudes,
    steepest_slopes,
)
from physioclr.physiology.beat_noise import BeatNoise, beat_noise
from physioclr.physiology.beat_shapes import adjacent_correlation
from physioclr.physiology.consensus import consensus_fiducials
from physioclr.physiology.ectopy import BeatKinds, find_ectopic_beats
from physioclr.physiology.global_fiducials import GlobalFiducials, global_fiducials
from physioclr.physiology.intervals import corrected_qt_ms
from physioclr.physiology.measuring_band import measuring_band
from physioclr.physiology.qrs_axis import qrs_axis_deg
from physioclr.records import EcgRecord
from physioclr.signal.delineation import FIDUCIALS, Delineation
from physioclr.signal.pacing_spikes import (
    PacingSpikes,
    classify_pacing_spikes,
    find_spikes_in_pieces,
)

__all__ = ["AMPLITUDES", "BeatFeatures", "compute_beat_features"]

Floats = NDArray[np.float64]

_RR_LIMITS_MS = (200.0, 4000.0)


@dataclass(frozen=True, eq=False)
class BeatFeatures:
    """The measurements of every beat, from which all summaries are taken.

    Parameters
    ----------
    r_peaks_samples : (n_beats,) int64
    by_beat : mapping of str to (n_beats,) float64
        ``rr_ms`` (to the beat before), ``pr_ms``, ``p_ms``, ``qrs_ms``, ``qt_ms``,
        ``qtc_bazett_ms``, ``t_ms``, ``p_lead_share`` (share of the measured leads with a P wave;
        NaN where it is not known whether there is one), and of the rhythm lead ``r_mv``,
        ``s_mv``, ``t_mv``, ``p_mv``, ``st_j_mv``, ``st_j60_mv``,
        ``qrs_slope_mv_per_s``. NaN where unknown.
    amplitudes_mv : mapping of str to (n_leads, n_beats) float64
        Each of `AMPLITUDES` over all leads.
    areas_mv_ms : mapping of str to (n_leads, n_beats) float64
        Net area of ``"p"``, ``"qrs"`` and ``"t"``; see `measure_amplitudes`.
    kinds : BeatKinds
        Which beats are premature, of another shape, ectopic.
    median_beat : GlobalFiducials
        Onsets and ends of the median of the dominant beats.
    noise : BeatNoise
        Of that median beat.
    qrs_axis_deg : float
        Of that median beat; see `qrs_axis_deg`.
    pacing : PacingSpikes
    adjacent_correlation : (n_beats - 1,) float64
        Correlation of each beat with the one before it, over all measured leads at once.
    leads : tuple of str
        Rows of the arrays.
    rhythm_lead : str or None
        Where the beats' own amplitudes were read; None where no lead was measured.
    record_id : str
    reasons : mapping of str to str
        Lead → why nothing was measured on it.
    """

    r_peaks_samples: NDArray[np.int64]
    by_beat: Mapping[str, Floats]
    amplitudes_mv: Mapping[str, Floats]
    areas_mv_ms: Mapping[str, Floats]
    kinds: BeatKinds
    median_beat: GlobalFiducials
    noise: BeatNoise
    qrs_axis_deg: float
    pacing: PacingSpikes
    adjacent_correlation: Floats
    leads: tuple[str, ...]
    rhythm_lead: str | None
    record_id: str
    reasons: Mapping[str, str]

    @property
    def n_beats(self) -> int:
        """How many beats there are."""
        return int(self.r_peaks_samples.size)

    @cached_property
    def beats(self) -> pd.DataFrame:
        """One row a beat: ``r_peak_samples``, `by_beat`, `kinds` (``ectopic_origin``)."""
        kinds = {
            "premature": self.kinds.premature,
            "shape_correlation": self.kinds.shape_correlation,
            "different_shape": self.kinds.different_shape,
            "ectopic": self.kinds.ectopic,
            "ectopic_origin": self.kinds.origin,
        }
        return pd.DataFrame({"r_peak_samples": self.r_peaks_samples, **self.by_beat, **kinds})


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
        What both `summarise` and `vector_of_beats` take, so that it is computed once for the two.

    Raises
    ------
    ValueError
        If the delineation is of another record.

    Notes
    -----
    Intervals are between the fiducials that hold for all leads (`consensus_fiducials`); amplitudes
    are taken between 0.5 and 100 Hz (`measure_amplitudes`).
    """
    if delineation.leads != record.leads or delineation.n_samples != record.n_samples:
        raise ValueError(
            f"delineation must be of record {record.record_id!r} with leads {record.leads}, got "
            f"one of {delineation.record_id!r} with leads {delineation.leads}"
        )
    spikes = find_spikes_in_pieces(record.signal_mv, record.fs_hz)
    signal_mv = measuring_band(record.signal_mv, record.fs_hz, spikes)
    signal_mv[[record.leads.index(lead) for lead in delineation.reasons]] = np.nan
    of_leads = _by_name(delineation.samples)
    of_beats = _by_name(consensus_fiducials(delineation).to_numpy())
    waves = measure_amplitudes(signal_mv, record.fs_hz, of_leads, of_beats)
    measured = delineation.measured_leads
    lead = rhythm_lead(measured)
    with_p = np.isfinite(of_leads["p_peak"]).sum(axis=0)
    by_beat: dict[str, Floats] = {
        **_intervals_ms(of_beats, delineation.r_peaks_samples, 1000 / delineation.fs_hz),
        "p_lead_share": np.where(delineation.known_p(), with_p / max(len(measured), 1), np.nan),
    }
    unknown = np.full(delineation.n_beats, np.nan)
    row = None if lead is None else record.leads.index(lead)
    for name in AMPLITUDES:
        by_beat[name] = unknown if row is None else waves.amplitudes_mv[name][row]
    by_beat["qrs_slope_mv_per_s"] = (
        unknown
        if row is None
        else steepest_slopes(signal_mv[row], record.fs_hz, of_beats["qrs_on"], of_beats["qrs_off"])
    )
    kinds = find_ectopic_beats(
        signal_mv,
        record.fs_hz,
        delineation.r_peaks_samples,
        by_beat["rr_ms"],
        by_beat["qrs_ms"],
    )
    median_beat = global_fiducials(signal_mv, delineation, kinds.dominant)
    return BeatFeatures(
        delineation.r_peaks_samples,
        by_beat,
        waves.amplitudes_mv,
        waves.areas_mv_ms,
        kinds,
        median_beat,
        beat_noise(signal_mv, delineation, kinds.dominant),
        qrs_axis_deg(signal_mv, delineation, kinds.dominant, median_beat),
        classify_pacing_spikes(spikes, of_beats["qrs_on"], record.fs_hz),
        adjacent_correlation(signal_mv, record.fs_hz, delineation.r_peaks_samples),
        record.leads,
        lead,
        record.record_id,
        dict(delineation.reasons),
    )


def _by_name(fiducials: Floats) -> dict[str, Floats]:
    """Name the last axis of an array: (…, 9) becomes nine arrays (…)."""
    return {name: fiducials[..., index] for index, name in enumerate(FIDUCIALS)}


def _intervals_ms(
    of_beats: Mapping[str, Floats], r_peaks_samples: NDArray[np.int64], to_ms: float
) -> dict[str, Floats]:
    def span(start: str, stop: str) -> Floats:
        lengths = (of_beats[stop] - of_beats[start]) * to_ms
        return np.where(lengths > 0, lengths, np.nan)

    rr = np.full(r_peaks_samples.size, np.nan)
    rr[1:] = np.diff(r_peaks_samples) * to_ms
    rr[(rr < _RR_LIMITS_MS[0]) | (rr > _RR_LIMITS_MS[1])] = np.nan
    qt = span("qrs_on", "t_off")
    return {
        "rr_ms": rr,
        "pr_ms": span("p_on", "qrs_on"),
        "p_ms": span("p_on", "p_off"),
        "qrs_ms": span("qrs_on", "qrs_off"),
        "qt_ms": qt,
        "qtc_bazett_ms": corrected_qt_ms(qt, rr, formula="bazett"),
        "t_ms": span("t_on", "t_off"),
    }
