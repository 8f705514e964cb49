"""The named physiological vector: the numbers PhysioCLR compares two ECGs by."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.leads import STANDARD_LEADS
from physioclr.physiology.beat_features import (
    AMPLITUDES,
    BeatFeatures,
    compute_beat_features,
)
from physioclr.physiology.global_fiducials import MIN_BEATS
from physioclr.physiology.hrv import pnn50_pct, rmssd_ms, rr_cv_pct
from physioclr.physiology.measurements import Measurements, summarise
from physioclr.physiology.quantiles import known_quantile
from physioclr.records import EcgRecord
from physioclr.signal.delineation import Delineation, delineate
from physioclr.signal.gaps import require_duration

__all__ = [
    "PHYSIOLOGY_GROUPS",
    "PHYSIOLOGY_NAMES",
    "PHYSIOLOGY_UNITS",
    "PhysiologyVector",
    "physiology_vector",
    "vector_of_beats",
]

N_BEATS = 10
_BEAT_COLUMNS = {
    "rr_ms": "rate",
    "pr_ms": "conduction",
    "qrs_ms": "conduction",
    "qtc_bazett_ms": "repolarisation",
    "p_ms": "conduction",
    "t_ms": "repolarisation",
    "r_mv": "amplitudes",
    "t_mv": "repolarisation",
    "p_mv": "amplitudes",
    "qrs_slope_mv_per_s": "morphology",
}
_STATISTICS = ("mean", "sd", "median", "iqr")
_LEAD_COLUMNS = {
    "r_mv": "amplitudes",
    "s_mv": "amplitudes",
    "t_mv": "repolarisation",
    "st_j60_mv": "repolarisation",
}
_SEGMENT = {
    "rmssd_ms": "rhythm",
    "pnn50_pct": "rhythm",
    "rr_cv_pct": "rhythm",
    "short_rr_pct": "rhythm",
    "pr_above_200_pct": "conduction",
    "qrs_120_or_more_pct": "conduction",
    "qrs_100_to_119_pct": "conduction",
    "qtc_500_or_more_pct": "repolarisation",
    "absent_p_pct": "rhythm",
    "inverted_t_pct": "repolarisation",
    "abnormal_st_pct": "repolarisation",
    "st_spread_mv": "repolarisation",
    "adjacent_correlation_mean": "morphology",
    "adjacent_correlation_sd": "morphology",
    "adjacent_correlation_min": "morphology",
    "axis_cos": "conduction",
    "axis_sin": "conduction",
}
_SUFFIX_UNITS = {"_ms": "ms", "_mv": "mV", "_mv_per_s": "mV/s", "_pct": "%"}
# Leads whose T wave is normally upright (Hancock et al. 2009, AHA/ACC/HRS part IV).
_UPRIGHT_T_LEADS = ("I", "II", "V4", "V5", "V6")
_ABNORMAL_ST_MV = 0.1
_SHORT_RR = 0.8


def _split_unit(name: str) -> tuple[str, str]:
    """Split ``"rr_ms"`` into ``("rr", "_ms")``."""
    suffix = max((s for s in _SUFFIX_UNITS if name.endswith(s)), key=len, default="")
    return name.removesuffix(suffix), suffix


def _groups() -> dict[str, str]:
    groups = {}
    for beat in range(1, N_BEATS + 1):
        for name, group in _BEAT_COLUMNS.items():
            groups[f"beat{beat:02d}_{name}"] = group
    for name, group in {**_BEAT_COLUMNS, "st_j60_mv": "repolarisation"}.items():
        stem, suffix = _split_unit(name)
        for statistic in _STATISTICS:
            groups[f"{stem}_{statistic}{suffix}"] = group
    groups |= _SEGMENT
    for lead in STANDARD_LEADS:
        for name, group in _LEAD_COLUMNS.items():
            groups[f"lead_{lead.lower()}_{name}"] = group
    return groups


PHYSIOLOGY_GROUPS: Mapping[str, str] = MappingProxyType(_groups())
PHYSIOLOGY_NAMES: tuple[str, ...] = tuple(PHYSIOLOGY_GROUPS)
PHYSIOLOGY_UNITS: Mapping[str, str] = MappingProxyType(
    {name: _SUFFIX_UNITS.get(_split_unit(name)[1], "") for name in PHYSIOLOGY_NAMES}
)


@dataclass(frozen=True, eq=False)
class PhysiologyVector:
    """The physiological vector of one ECG.

    Parameters
    ----------
    names : tuple of str
        `PHYSIOLOGY_NAMES`.
    values : (d,) float64
        NaN where not measurable. Kept as a read-only array.
    units : tuple of str
        One an entry; empty for a pure number.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    units: tuple[str, ...]

    def __post_init__(self) -> None:
        values = np.array(self.values, dtype=np.float64)
        if values.shape != (len(self.names),) or len(self.units) != len(self.names):
            raise ValueError(
                f"values and units must have {len(self.names)} entries, got {values.shape} "
                f"and {len(self.units)}"
            )
        values.setflags(write=False)
        object.__setattr__(self, "values", values)

    def as_series(self) -> pd.Series[float]:
        """Return the values, indexed by name."""
        return pd.Series(self.values, index=pd.Index(self.names, name="entry"), name="value")


def physiology_vector(
    record: EcgRecord, delineation: Delineation | None = None
) -> PhysiologyVector:
    """Describe an ECG by the numbers PhysioCLR compares ECGs by.

    Parameters
    ----------
    record : EcgRecord
        At least 5 s.
    delineation : Delineation, optional
        Of this record, where it is already at hand; else it is made.

    Returns
    -------
    PhysiologyVector
        In the order of `PHYSIOLOGY_NAMES`: of the first ten beats RR, PR, QRS, QTc (Bazett), P and
        T duration, R, T and P amplitude and the steepest slope of QRS; mean, sd, median and
        interquartile range over all beats of these and of ST at J + 60 ms; rhythm and share of
        abnormal beats; QRS axis as cosine and sine; R, S, T and ST at J + 60 ms of each lead.

    Raises
    ------
    SignalError
        If the record is shorter than 5 s.
    ValueError
        If the delineation is of another record.

    Notes
    -----
    After Maghsoodi et al. 2025 (arXiv 2509.08116), with these deviations: unknown is NaN, not 0;
    amplitudes are read in one lead (`rhythm_lead`), not in the average of all; axis and the
    entries of each lead are added. The entries of beats and their statistics are over all beats,
    ectopic ones too, as they are part of what is compared; axis and leads are those of the
    dominant beats. A beat has an inverted T where most of I, II and V4 to V6 do,
    an abnormal ST where at least two leads leave the isoelectric level by 0.1 mV or more at
    J + 60 ms, an absent P where fewer than half of the leads have one. The spread of ST is the
    median over beats of its range over the leads.

    Examples
    --------
    >>> from physioclr import physiology_vector
    >>> from physioclr.simulate import simulate_record
    >>> record = simulate_record("sinus_rhythm", seed=1, heart_rate_bpm=60)
    >>> vector = physiology_vector(record)
    >>> len(vector.values) == len(vector.names)
    True
    """
    require_duration(record)
    delineation = delineate(record) if delineation is None else delineation
    features = compute_beat_features(record, delineation)
    return vector_of_beats(features, summarise(features))


def vector_of_beats(features: BeatFeatures, measured: Measurements) -> PhysiologyVector:
    """Describe an ECG whose beats are already measured and summarised.

    Parameters
    ----------
    features : BeatFeatures
    measured : Measurements
        ``summarise(features)``.

    Returns
    -------
    PhysiologyVector
        As `physiology_vector` returns it.
    """
    entries = _of_beats(features) | _statistics(features)
    entries |= _of_segment(features, measured.axis_deg) | _of_leads(measured)
    values = np.array([entries.get(name, math.nan) for name in PHYSIOLOGY_NAMES])
    return PhysiologyVector(PHYSIOLOGY_NAMES, values, tuple(PHYSIOLOGY_UNITS.values()))


def _of_beats(features: BeatFeatures) -> dict[str, float]:
    return {
        f"beat{beat:02d}_{name}": value
        for name in _BEAT_COLUMNS
        for beat, value in enumerate(features.by_beat[name][:N_BEATS].tolist(), start=1)
    }


def _statistics(features: BeatFeatures) -> dict[str, float]:
    names = (*_BEAT_COLUMNS, "st_j60_mv")
    table = np.stack([features.by_beat[name] for name in names], axis=1).astype(np.float64)
    low, middle, high = (known_quantile(table, q) for q in (0.25, 0.5, 0.75))
    n_known = np.isfinite(table).sum(axis=0)
    enough = n_known >= MIN_BEATS
    mean = np.where(np.isfinite(table), table, 0.0).sum(axis=0) / np.maximum(n_known, 1)
    squares = np.where(np.isfinite(table), table - mean, 0.0) ** 2
    sd = np.sqrt(squares.sum(axis=0) / np.maximum(n_known - 1, 1))
    entries = {}
    for column in np.flatnonzero(enough):
        stem, suffix = _split_unit(names[column])
        of_column = (mean[column], sd[column], middle[column], high[column] - low[column])
        for statistic, value in zip(_STATISTICS, of_column, strict=True):
            entries[f"{stem}_{statistic}{suffix}"] = float(value)
    return entries


def _share_pct(
    happens: NDArray[np.bool_], known: NDArray[np.bool_], needed: int = MIN_BEATS
) -> float:
    return float(100 * happens[known].mean()) if known.sum() >= needed else math.nan


def _of_segment(features: BeatFeatures, axis_deg: float) -> dict[str, float]:
    beats = features.by_beat
    known = {name: np.isfinite(values) for name, values in beats.items()}
    rr, qrs, qtc, pr = beats["rr_ms"], beats["qrs_ms"], beats["qtc_bazett_ms"], beats["pr_ms"]
    usual_rr = float(np.median(rr[known["rr_ms"]])) if known["rr_ms"].any() else math.nan
    return {
        "rmssd_ms": rmssd_ms(rr),
        "pnn50_pct": pnn50_pct(rr),
        "rr_cv_pct": rr_cv_pct(rr),
        "short_rr_pct": _share_pct(rr < _SHORT_RR * usual_rr, known["rr_ms"], MIN_BEATS - 1),
        "pr_above_200_pct": _share_pct(pr > 200, known["pr_ms"]),
        "qrs_120_or_more_pct": _share_pct(qrs >= 120, known["qrs_ms"]),
        "qrs_100_to_119_pct": _share_pct((qrs >= 100) & (qrs < 120), known["qrs_ms"]),
        "qtc_500_or_more_pct": _share_pct(qtc >= 500, known["qtc_bazett_ms"]),
        "absent_p_pct": _share_pct(beats["p_lead_share"] == 0, known["p_lead_share"]),
        "inverted_t_pct": _inverted_t_pct(features),
        **_st_entries(features.amplitudes_mv["st_j60_mv"]),
        **_correlation_entries(features.adjacent_correlation),
        "axis_cos": math.cos(math.radians(axis_deg)),
        "axis_sin": math.sin(math.radians(axis_deg)),
    }


def _inverted_t_pct(features: BeatFeatures) -> float:
    rows = [row for row, lead in enumerate(features.leads) if lead in _UPRIGHT_T_LEADS]
    t_mv = features.amplitudes_mv["t_mv"][rows]
    n_known = np.isfinite(t_mv).sum(axis=0)
    return _share_pct((t_mv < 0).sum(axis=0) * 2 > n_known, n_known > 0)


def _st_entries(st_mv: NDArray[np.float64]) -> dict[str, float]:
    known = np.isfinite(st_mv)
    beats = known.sum(axis=0) >= 2
    if beats.sum() < MIN_BEATS:
        return {}
    abnormal = (np.abs(st_mv) >= _ABNORMAL_ST_MV).sum(axis=0) >= 2
    spread = np.nanmax(st_mv[:, beats], axis=0) - np.nanmin(st_mv[:, beats], axis=0)
    return {
        "abnormal_st_pct": _share_pct(abnormal, beats),
        "st_spread_mv": float(np.median(spread)),
    }


def _correlation_entries(correlation: NDArray[np.float64]) -> dict[str, float]:
    known = correlation[np.isfinite(correlation)]
    if known.size < MIN_BEATS - 1:
        return {}
    return {
        "adjacent_correlation_mean": float(known.mean()),
        "adjacent_correlation_sd": float(known.std(ddof=1)),
        "adjacent_correlation_min": float(known.min()),
    }


def _of_leads(measured: Measurements) -> dict[str, float]:
    medians = measured.leads.to_numpy()[:, [AMPLITUDES.index(name) for name in _LEAD_COLUMNS]]
    return {
        f"lead_{lead.lower()}_{name}": value
        for lead, of_lead in zip(measured.leads.index, medians.tolist(), strict=True)
        if lead in STANDARD_LEADS
        for name, value in zip(_LEAD_COLUMNS, of_lead, strict=True)
    }
