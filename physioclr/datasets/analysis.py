"""Everything a store holds about one ECG, computed in one go: `analyse`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from physioclr.datasets.cohort import CohortRecord
from physioclr.datasets.standard_form import standardised
from physioclr.datasets.stored_signal import quantised, signal_hash
from physioclr.interpretation.interpret import interpret
from physioclr.physiology.beat_features import compute_beat_features
from physioclr.physiology.consensus import consensus_fiducials
from physioclr.physiology.measurements import summarise
from physioclr.physiology.vector import vector_of_beats
from physioclr.records import EcgRecord
from physioclr.signal.delineation import cut_samples, delineate
from physioclr.signal.quality import assess_quality

__all__ = ["AnalysedEcg", "analyse"]


@dataclass(frozen=True, eq=False)
class AnalysedEcg:
    """What `StoreWriter.append` takes.

    Parameters
    ----------
    signal_mv : (12, n_samples) float32
        The standard leads, at the store's rate and of its length, in steps of 1 µV.
    metadata : mapping
        ``age_years``, ``sex``, ``quality_score``, ``acceptable``.
    signal_hash : str
        As `physioclr.datasets.stored_signal.signal_hash` gives it.
    measurements, physiology : mapping of str to float, optional
    statements : mapping of str to str, optional
        Code of a finding in lower case → its state by criteria.
    beats : mapping of str to (n,) int32, optional
    """

    signal_mv: NDArray[np.float32]
    metadata: Mapping[str, Any]
    signal_hash: str
    measurements: Mapping[str, float] = field(default_factory=dict)
    physiology: Mapping[str, float] = field(default_factory=dict)
    statements: Mapping[str, str] = field(default_factory=dict)
    beats: Mapping[str, NDArray[np.int32]] = field(default_factory=dict)


def analyse(
    record: CohortRecord, *, fs_hz: float, duration_s: float, physiology: bool = True
) -> AnalysedEcg:
    """Read, standardise and measure one ECG.

    Parameters
    ----------
    record : CohortRecord
    fs_hz, duration_s : float
        Of the store.
    physiology : bool, optional
        Delineate and measure, and judge the quality; without, the signal and what the cohort says
        are all there is.

    Returns
    -------
    AnalysedEcg
        Measured on the signal as the store holds it, after rounding to 1 µV.

    Raises
    ------
    PhysioclrError
        If it cannot be read, lacks a standard lead, is too short, does not fit a store, or cannot
        be analysed.
    """
    as_read = record.read()
    ecg = standardised(as_read, fs_hz=fs_hz, duration_s=duration_s)
    age = record.age_years
    plain = AnalysedEcg(
        signal_mv=ecg.signal_mv,
        metadata={
            "age_years": as_read.meta.get("age_years", math.nan) if math.isnan(age) else age,
            "sex": record.sex or as_read.meta.get("sex"),
        },
        signal_hash=signal_hash(quantised(ecg.signal_mv, subject=record.record_id)),
    )
    if not physiology:
        return plain
    return _measured(plain, replace(ecg, meta={**ecg.meta, **_person(plain.metadata)}))


def _person(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the age and sex that are known: the criteria's limits depend on them."""
    known = {"age_years": metadata["age_years"], "sex": metadata["sex"]}
    return {
        name: value
        for name, value in known.items()
        if value is not None and not (isinstance(value, float) and math.isnan(value))
    }


def _measured(plain: AnalysedEcg, ecg: EcgRecord) -> AnalysedEcg:
    quality = assess_quality(ecg)
    delineation = delineate(ecg)
    features = compute_beat_features(ecg, delineation)
    measured = summarise(features)
    vector = vector_of_beats(features, measured)
    waves = consensus_fiducials(delineation)
    said = interpret(ecg, quality=quality, features=features, measured=measured)
    return replace(
        plain,
        metadata={
            **plain.metadata,
            "quality_score": quality.score,
            "acceptable": quality.acceptable,
        },
        measurements=measured.scalars(),
        physiology=dict(zip(vector.names, vector.values.tolist(), strict=True)),
        statements={code.lower(): statement.state for code, statement in said.items()},
        beats={
            "r_peaks_samples": _whole_samples(delineation.r_peaks_samples),
            "cuts_samples": _whole_samples(cut_samples(delineation)),
            "p_peaks_samples": _whole_samples(waves["p_peak"].to_numpy()),
            "t_peaks_samples": _whole_samples(waves["t_peak"].to_numpy()),
        },
    )


def _whole_samples(samples: NDArray[Any]) -> NDArray[np.int32]:
    known = np.asarray(samples, dtype=np.float64)
    return np.rint(known[np.isfinite(known)]).astype(np.int32)
