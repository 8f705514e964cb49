"""The measurements of one ECG, each with the beats it stands on or the reason it is missing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from physioclr.physiology.axis import frontal_axis_deg
from physioclr.physiology.beat_features import (
    AMPLITUDES,
    BeatFeatures,
    compute_beat_features,
)
from physioclr.physiology.hrv import pnn50_pct, rmssd_ms, sdnn_ms
from physioclr.physiology.intervals import QT_FORMULAS, corrected_qt_ms
from physioclr.physiology.quantiles import known_quantile
from physioclr.records import EcgRecord
from physioclr.signal.delineation import Delineation, delineate
from physioclr.signal.gaps import require_duration

__all__ = [
    "MEASUREMENTS",
    "MIN_BEATS",
    "MeasurementKind",
    "Measurements",
    "lead_medians",
    "measure",
    "summarise",
]

MIN_BEATS = 3
_MIN_P_SHARE = 0.5


@dataclass(frozen=True)
class MeasurementKind:
    """How one measurement is named and written.

    Parameters
    ----------
    label : str
        As a person reads it.
    unit : str
        Empty for a pure number.
    decimals : int
        How many decimals carry meaning.
    """

    label: str
    unit: str
    decimals: int


MEASUREMENTS: Mapping[str, MeasurementKind] = MappingProxyType(
    {
        "heart_rate_bpm": MeasurementKind("Heart rate", "bpm", 0),
        "rr_ms": MeasurementKind("RR interval", "ms", 0),
        "pr_ms": MeasurementKind("PR interval", "ms", 0),
        "p_ms": MeasurementKind("P duration", "ms", 0),
        "qrs_ms": MeasurementKind("QRS duration", "ms", 0),
        "qt_ms": MeasurementKind("QT interval", "ms", 0),
        "qtc_bazett_ms": MeasurementKind("QTc (Bazett)", "ms", 0),
        "qtc_fridericia_ms": MeasurementKind("QTc (Fridericia)", "ms", 0),
        "qtc_framingham_ms": MeasurementKind("QTc (Framingham)", "ms", 0),
        "qtc_hodges_ms": MeasurementKind("QTc (Hodges)", "ms", 0),
        "axis_deg": MeasurementKind("QRS axis", "°", 0),
        "rmssd_ms": MeasurementKind("RMSSD", "ms", 0),
        "sdnn_ms": MeasurementKind("SDNN", "ms", 0),
        "pnn50_pct": MeasurementKind("pNN50", "%", 0),
        "p_wave_presence_pct": MeasurementKind("Beats with a P wave", "%", 0),
        "n_beats": MeasurementKind("Beats", "", 0),
    }
)


@dataclass(frozen=True, eq=False)
class Measurements:
    """What was measured on one ECG; NaN, with a reason, where it could not be.

    Parameters
    ----------
    record_id : str
    heart_rate_bpm : float
        60,000 / `rr_ms`.
    rr_ms : float
        Mean RR interval.
    pr_ms, p_ms, qrs_ms, qt_ms : float
        Median over beats of PR interval, P duration, QRS duration and QT interval.
    qtc_bazett_ms, qtc_fridericia_ms, qtc_framingham_ms, qtc_hodges_ms : float
        `qt_ms` corrected with `rr_ms` (see `corrected_qt_ms`).
    axis_deg : float
        Frontal QRS axis.
    rmssd_ms, sdnn_ms, pnn50_pct : float
        Variability of the RR intervals.
    p_wave_presence_pct : float
        Share of the beats with a P wave in at least half of the measured leads.
    n_beats : float
        How many beats were found; 0 is a count, never NaN.
    leads : DataFrame
        One row a lead, columns `AMPLITUDES`: medians over beats, in mV.
    beats : DataFrame
        One row a beat (see `BeatFeatures.beats`): what the numbers above stand on.
    reasons : mapping of str to str
        Measurement, or lead, → why it is missing.
    """

    record_id: str
    heart_rate_bpm: float
    rr_ms: float
    pr_ms: float
    p_ms: float
    qrs_ms: float
    qt_ms: float
    qtc_bazett_ms: float
    qtc_fridericia_ms: float
    qtc_framingham_ms: float
    qtc_hodges_ms: float
    axis_deg: float
    rmssd_ms: float
    sdnn_ms: float
    pnn50_pct: float
    p_wave_presence_pct: float
    n_beats: float
    leads: pd.DataFrame
    beats: pd.DataFrame
    reasons: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "reasons", MappingProxyType(dict(self.reasons)))

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle through the constructor: a mapping proxy has no pickle of its own."""
        values = [getattr(self, part.name) for part in fields(self)]
        return Measurements, (*values[:-1], dict(self.reasons))

    def scalars(self) -> dict[str, float]:
        """Return the numbers of `MEASUREMENTS`, in its order.

        Returns
        -------
        dict of str to float
            NaN where not measurable.
        """
        return {name: float(getattr(self, name)) for name in MEASUREMENTS}

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON has it: lists, numbers, None for NaN.

        Returns
        -------
        dict
            ``record_id``, ``measurements`` (name → value, unit, label and, where the value is
            None, reason), ``leads``, ``beats`` and ``reasons``.
        """
        measurements = {}
        for name, value in self.scalars().items():
            kind = MEASUREMENTS[name]
            entry = {"value": _json_number(value), "unit": kind.unit, "label": kind.label}
            if name in self.reasons:
                entry["reason"] = self.reasons[name]
            measurements[name] = entry
        return {
            "record_id": self.record_id,
            "measurements": measurements,
            "leads": {
                str(lead): {str(name): _json_number(value) for name, value in row.items()}
                for lead, row in self.leads.to_dict(orient="index").items()
            },
            "beats": [
                {str(name): _json_number(value) for name, value in row.items()}
                for row in self.beats.to_dict(orient="records")
            ],
            "reasons": dict(self.reasons),
        }


def _json_number(value: float) -> float | int | None:
    if isinstance(value, int | np.integer):
        return int(value)
    return float(value) if math.isfinite(value) else None


def measure(record: EcgRecord, delineation: Delineation | None = None) -> Measurements:
    """Measure an ECG: rate, intervals, axis, variability, amplitudes.

    Parameters
    ----------
    record : EcgRecord
        At least 5 s.
    delineation : Delineation, optional
        Of this record, where it is already at hand; else it is made.

    Returns
    -------
    Measurements
        No number stands on fewer than three beats, and no PR on a record in which fewer than half
        of the beats have a P wave in half of the leads: such numbers are NaN with a reason.

    Raises
    ------
    SignalError
        If the record is shorter than 5 s.
    ValueError
        If the delineation is of another record.
    """
    require_duration(record)
    delineation = delineate(record) if delineation is None else delineation
    return summarise(compute_beat_features(record, delineation))


def summarise(features: BeatFeatures) -> Measurements:
    """Summarise the beats of one ECG.

    Parameters
    ----------
    features : BeatFeatures

    Returns
    -------
    Measurements
        As `measure` returns them.
    """
    summary = _Summary(features)
    values: dict[str, float] = {"n_beats": float(features.n_beats)}
    values["rr_ms"] = summary.mean("rr_ms", "RR interval", MIN_BEATS - 1)
    values["p_wave_presence_pct"] = summary.p_wave_presence()
    for name, wave in (("pr_ms", "PR interval"), ("p_ms", "P wave")):
        values[name] = summary.of_p_wave(name, wave, values["p_wave_presence_pct"])
    values["qrs_ms"] = summary.median("qrs_ms", "QRS duration")
    values["qt_ms"] = summary.median("qt_ms", "QT interval")
    values["heart_rate_bpm"] = 60_000 / values["rr_ms"]
    for formula in QT_FORMULAS:
        corrected = corrected_qt_ms([values["qt_ms"]], [values["rr_ms"]], formula=formula)
        values[f"qtc_{formula}_ms"] = float(corrected[0])
    values["axis_deg"] = _axis(features)
    rr = features.by_beat["rr_ms"]
    values |= {"rmssd_ms": rmssd_ms(rr), "sdnn_ms": sdnn_ms(rr), "pnn50_pct": pnn50_pct(rr)}
    reasons = summary.reasons | _derived_reasons(values, summary.reasons)
    reasons |= dict(features.reasons)
    return Measurements(
        record_id=features.record_id,
        leads=lead_medians(features),
        beats=features.beats,
        reasons=reasons,
        **values,
    )


class _Summary:
    """Means and medians over beats, and the reasons of those that cannot be had."""

    def __init__(self, features: BeatFeatures) -> None:
        self._features = features
        self.reasons: dict[str, str] = {}

    def _known(self, name: str, what: str, needed: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        values = np.asarray(self._features.by_beat[name], dtype=np.float64)
        values = values[np.isfinite(values)]
        n_beats = self._features.n_beats
        if n_beats < MIN_BEATS:
            self.reasons[name] = (
                f"not measurable: {n_beats} beats found, at least {MIN_BEATS} are needed"
            )
        elif values.size < needed:
            self.reasons[name] = (
                f"not measurable: the {what} was found in {values.size} of {n_beats} "
                f"beats, at least {needed} are needed"
            )
        return values

    def mean(self, name: str, what: str, needed: int = MIN_BEATS) -> float:
        values = self._known(name, what, needed)
        return math.nan if name in self.reasons else float(np.mean(values))

    def median(self, name: str, what: str, needed: int = MIN_BEATS) -> float:
        values = self._known(name, what, needed)
        return math.nan if name in self.reasons else float(np.median(values))

    def p_wave_presence(self) -> float:
        name = "p_lead_share"
        values = self._known(name, "share of leads with a P wave", MIN_BEATS)
        if name in self.reasons:
            self.reasons["p_wave_presence_pct"] = self.reasons.pop(name)
            return math.nan
        return float(100 * np.mean(values >= _MIN_P_SHARE))

    def of_p_wave(self, name: str, what: str, presence_pct: float) -> float:
        value = self.median(name, what)
        if presence_pct < 100 * _MIN_P_SHARE:
            self.reasons[name] = (
                f"not measurable: a P wave is present in {presence_pct:.0f} % of the beats, "
                f"at least {100 * _MIN_P_SHARE:.0f} % are needed"
            )
            return math.nan
        return value


def _axis(features: BeatFeatures) -> float:
    areas = {}
    for lead, of_beats in zip(features.leads, features.areas_mv_ms["qrs"], strict=True):
        known = of_beats[np.isfinite(of_beats)]
        if known.size >= MIN_BEATS:
            areas[lead] = float(np.median(known))
    return frontal_axis_deg(areas)


def _derived_reasons(values: Mapping[str, float], reasons: Mapping[str, str]) -> dict[str, str]:
    """Say why a number that follows from others is missing."""
    derived = {}
    for name, value in values.items():
        if math.isfinite(value) or name in reasons:
            continue
        if name == "axis_deg":
            derived[name] = (
                "not measurable: fewer than two limb leads with a QRS in "
                f"at least {MIN_BEATS} beats"
            )
        elif name.startswith("qtc_") and "qt_ms" in reasons:
            derived[name] = reasons["qt_ms"]
        elif "rr_ms" in reasons:
            derived[name] = reasons["rr_ms"]
        else:
            derived[name] = "not measurable: no two RR intervals follow one another"
    return derived


def lead_medians(features: BeatFeatures) -> pd.DataFrame:
    """Take the median over beats of each amplitude of each lead.

    Parameters
    ----------
    features : BeatFeatures

    Returns
    -------
    DataFrame
        One row a lead, columns `AMPLITUDES`, in mV; NaN on fewer than three beats.
    """
    of_beats = np.stack([features.amplitudes_mv[name] for name in AMPLITUDES])
    medians = known_quantile(np.moveaxis(of_beats, 2, 0), 0.5, min_known=MIN_BEATS)
    return pd.DataFrame(
        medians.T, index=pd.Index(features.leads, name="lead"), columns=pd.Index(AMPLITUDES)
    )
