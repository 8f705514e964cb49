"""The measurements of one ECG, each with the beats it stands on or the reason it is missing."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.physiology.beat_features import BeatFeatures, compute_beat_features
from physioclr.physiology.rhythm import regularity
from physioclr.physiology.summary import lead_medians, summarise_beats
from physioclr.records import EcgRecord
from physioclr.signal.delineation import Delineation, delineate
from physioclr.signal.gaps import require_duration
from physioclr.signal.pacing_spikes import PacingSpikes

__all__ = ["MEASUREMENTS", "MeasurementKind", "Measurements", "measure", "summarise"]


_NOT_MEASURABLE = "not measurable"
_VERDICTS = (_NOT_MEASURABLE, "not judged")
_MAPPINGS = ("used", "reasons", "uncertainties")


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
        "p_axis_deg": MeasurementKind("P axis", "°", 0),
        "t_axis_deg": MeasurementKind("T axis", "°", 0),
        "rmssd_ms": MeasurementKind("RMSSD", "ms", 0),
        "sdnn_ms": MeasurementKind("SDNN", "ms", 0),
        "pnn50_pct": MeasurementKind("pNN50", "%", 0),
        "rr_irregularity_pct": MeasurementKind("RMSSD / mean RR", "%", 0),
        "p_wave_presence_pct": MeasurementKind("Beats with a P wave", "%", 0),
        "n_ectopic_beats": MeasurementKind("Ectopic beats", "", 0),
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
        Mean RR interval, of all beats.
    pr_ms, p_ms, qrs_ms, qt_ms : float
        PR interval, P duration, QRS duration and QT interval of the median of the dominant beats,
        over all leads together (`global_fiducials`).
    qtc_bazett_ms, qtc_fridericia_ms, qtc_framingham_ms, qtc_hodges_ms : float
        `qt_ms` corrected with `rr_ms` (see `corrected_qt_ms`).
    axis_deg, p_axis_deg, t_axis_deg : float
        Frontal axis of QRS (`qrs_axis_deg`: net area, without the late right ventricular forces
        of right bundle branch block), and of P and T, from the dominant beats' net areas.
    rmssd_ms, sdnn_ms, pnn50_pct : float
        Variability of the RR intervals between normal beats.
    rr_irregularity_pct : float
        `rmssd_ms` over the mean of these intervals; see `rhythm_regularity`.
    p_wave_presence_pct : float
        Share of the beats with a P wave, in however few leads.
    n_ectopic_beats : float
        See `find_ectopic_beats`. In an irregular rhythm only beats of another shape are counted;
        without any it is NaN, not judged.
    n_beats : float
        How many beats were found; 0 is a count, never NaN.
    leads : DataFrame
        One row a lead, columns `AMPLITUDES`: medians over the dominant beats, in mV.
    beats : DataFrame
        One row a beat (see `BeatFeatures.beats`): what the numbers above stand on.
    used : mapping of str to (n_beats,) bool
        Measurement → the beats it stands on; see `evidence`.
    reasons : mapping of str to str
        Measurement, or lead, → why it is missing.
    uncertainties : mapping of str to str
        Measurement → why its value may be wrong; see `uncertain`.
    pacing : PacingSpikes, optional
        Pacing spikes, by chamber, or why they were not looked for.
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
    p_axis_deg: float
    t_axis_deg: float
    rmssd_ms: float
    sdnn_ms: float
    pnn50_pct: float
    rr_irregularity_pct: float
    p_wave_presence_pct: float
    n_ectopic_beats: float
    n_beats: float
    leads: pd.DataFrame
    beats: pd.DataFrame
    used: Mapping[str, NDArray[np.bool_]]
    reasons: Mapping[str, str] = field(default_factory=dict)
    uncertainties: Mapping[str, str] = field(default_factory=dict)
    pacing: PacingSpikes | None = None

    def __post_init__(self) -> None:
        for name in _MAPPINGS:
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle through the constructor: a mapping proxy has no pickle of its own."""
        values = {part.name: getattr(self, part.name) for part in fields(self)}
        values |= {name: dict(values[name]) for name in _MAPPINGS}
        return Measurements, tuple(values.values())

    @property
    def rhythm_regularity(self) -> str:
        """``"regular"``, ``"irregular"`` from 10 % of irregularity on, or ``"not measurable"``."""
        return regularity(self.rr_irregularity_pct)

    def evidence(self, name: str) -> NDArray[np.bool_]:
        """Say on which beats a number stands.

        Parameters
        ----------
        name : str
            One of `MEASUREMENTS`.

        Returns
        -------
        (n_beats,) bool
            Rows of `beats`; none where the number is not measurable. Of an RR interval the beat
            that ends it; of `n_ectopic_beats` the ectopic beats.

        Raises
        ------
        ValueError
            If there is no such measurement.
        """
        if name not in self.used:
            raise ValueError(f"name must be one of {', '.join(MEASUREMENTS)}, got {name!r}")
        return self.used[name]

    def why_missing(self, name: str) -> tuple[str, str]:
        """Say why a number is missing.

        Parameters
        ----------
        name : str
            One of `MEASUREMENTS`.

        Returns
        -------
        verdict : str
            ``"not measurable"`` or ``"not judged"``; empty if there is a number.
        reason : str
            What follows after it; empty if nothing more is known.
        """
        if not math.isnan(self.scalars()[name]):
            return "", ""
        verdict, _, reason = self.reasons.get(name, _NOT_MEASURABLE).partition(": ")
        return (verdict, reason) if verdict in _VERDICTS else (_NOT_MEASURABLE, verdict)

    def uncertain(self, name: str) -> str | None:
        """Say why a measured value may be wrong.

        Parameters
        ----------
        name : str
            One of `MEASUREMENTS`.

        Returns
        -------
        str or None
            A reason, such as ``"leads disagree on the end of QRS by 62 ms"``; None for a value
            that is certain, or not measurable. Draw no "above normal" from an uncertain value:
            give the reason to `physioclr.physiology.normal_ranges.deviation`.

        Raises
        ------
        ValueError
            If there is no such measurement.
        """
        if name not in self.used:
            raise ValueError(f"name must be one of {', '.join(MEASUREMENTS)}, got {name!r}")
        return self.uncertainties.get(name)

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
            ``record_id``, ``rhythm_regularity``, ``measurements`` (name → value, unit, label, rows
            of the beats it stands on, ``reason`` if the value is None, ``uncertain`` with the
            reason if it may be wrong), ``leads``, ``beats``, ``reasons`` and ``pacing``.
        """
        measurements = {}
        for name, value in self.scalars().items():
            kind = MEASUREMENTS[name]
            entry = {
                "value": _json_value(value),
                "unit": kind.unit,
                "label": kind.label,
                "beats": np.flatnonzero(self.used[name]).tolist(),
            }
            if name in self.reasons:
                entry["reason"] = self.reasons[name]
            if name in self.uncertainties:
                entry["uncertain"] = self.uncertainties[name]
            measurements[name] = entry
        return {
            "record_id": self.record_id,
            "rhythm_regularity": self.rhythm_regularity,
            "measurements": measurements,
            "leads": {
                str(lead): {str(name): _json_value(value) for name, value in row.items()}
                for lead, row in self.leads.to_dict(orient="index").items()
            },
            "beats": [
                {str(name): _json_value(value) for name, value in row.items()}
                for row in self.beats.to_dict(orient="records")
            ],
            "reasons": dict(self.reasons),
            "pacing": None if self.pacing is None else self.pacing.to_dict(),
        }


def _json_value(value: float | str) -> float | int | str | None:
    if isinstance(value, bool | int | str):
        return value
    return float(value) if math.isfinite(value) else None


def measure(
    record: EcgRecord,
    delineation: Delineation | None = None,
    *,
    on_progress: Callable[[float, float], None] | None = None,
) -> Measurements:
    """Measure an ECG: rate, intervals, axis, variability, amplitudes.

    Parameters
    ----------
    record : EcgRecord
        At least 5 s.
    delineation : Delineation, optional
        Of this record, where it is already at hand; else it is made.
    on_progress : callable, optional
        As `delineate` takes it.

    Returns
    -------
    Measurements
        No number stands on fewer than three beats, and no PR on a record in which fewer than half
        of the beats have a P wave, or in which PR changes from beat to beat by more than 40 ms
        (its middle half): such numbers are NaN with a reason.
        Intervals, amplitudes and axes are those of the dominant beats (`BeatKinds.dominant`).

    Raises
    ------
    SignalError
        If the record is shorter than 5 s.
    ValueError
        If the delineation is of another record.

    Examples
    --------
    >>> from physioclr import measure
    >>> from physioclr.simulate import simulate_record
    >>> record = simulate_record("sinus_rhythm", seed=1, heart_rate_bpm=60)
    >>> measured = measure(record)
    >>> 55 < measured.heart_rate_bpm < 65
    True
    """
    require_duration(record)
    if delineation is None:
        delineation = delineate(record, on_progress=on_progress)
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
    summary = summarise_beats(features)
    return Measurements(
        record_id=features.record_id,
        leads=lead_medians(features),
        beats=features.beats,
        used=summary.used,
        reasons={**summary.reasons, **features.reasons},
        uncertainties=summary.uncertainties,
        pacing=features.pacing,
        **summary.values,
    )
