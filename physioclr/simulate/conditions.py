"""What is simulated, and the ranges each parameter is drawn from.

Every range is triangular: (lowest, most likely, highest). The bounds come from the sources below;
where a source gives only a limit (``QRS ≥ 120 ms``) the other bound and the mode are ours, chosen
inside what is commonly seen.

Sources:

.. [limits] Rijnbeek PR et al. Normal values of the electrocardiogram for ages 16–90 years.
   J Electrocardiol 2014;47:914–921. doi:10.1016/j.jelectrocard.2014.07.022 (heart rate, P, PR, QRS,
   QTc, axis, precordial amplitudes by sex).
.. [ranges] Mason JW et al. Electrocardiographic reference ranges derived from 79,743 ambulatory
   subjects. J Electrocardiol 2007;40:228–234 (heart rate, PR, QRS, QT).
.. [conduction] Surawicz B et al. AHA/ACCF/HRS recommendations, part III: intraventricular
   conduction disturbances. Circulation 2009;119:e235–e240. doi:10.1161/CIRCULATIONAHA.108.191095
   (complete LBBB and RBBB in adults: QRS ≥ 120 ms; normal adult axis −30° to 90°).
.. [repolarisation] Rautaharju PM et al. Part IV: ST segment, T and U waves, QT interval.
   Circulation 2009;119:e241–e250. doi:10.1161/CIRCULATIONAHA.108.191096 (QTc prolonged at
   ≥ 460 ms in women, ≥ 450 ms in men; the QT of a wide QRS is prolonged by its QRS).
.. [hypertrophy] Sokolow M, Lyon TP. The ventricular complex in left ventricular hypertrophy as
   obtained by unipolar precordial and limb leads. Am Heart J 1949;37:161–186
   (SV1 + RV5 or RV6 ≥ 3.5 mV).
.. [infarction] Thygesen K et al. Fourth universal definition of myocardial infarction. Circulation
   2018;138:e618–e651. doi:10.1161/CIR.0000000000000617 (ST elevation at the J point ≥ 0.1 mV in two
   contiguous leads; in V2–V3 ≥ 0.2 mV in men from 40 years, ≥ 0.25 mV in men under 40, ≥ 0.15 mV
   in women).
.. [bradycardia] Kusumoto FM et al. 2018 ACC/AHA/HRS guideline on bradycardia and conduction
   delay. Circulation 2019;140:e382–e482. doi:10.1161/CIR.0000000000000628 (PR > 200 ms: 1st-degree
   AV block). The conventional limits of the sinus rate, 60 and 100 bpm, are kept.
.. [fibrillation] Hindricks G et al. 2020 ESC guidelines for atrial fibrillation. Eur Heart J
   2021;42:373–498. doi:10.1093/eurheartj/ehaa612 (irregular RR, no discernible repeating P waves).
.. [hrv] Task Force of the ESC and NASPE. Heart rate variability. Circulation 1996;93:1043–1065
   (respiratory sinus arrhythmia as the high-frequency part, 0.15–0.4 Hz).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

__all__ = ["CONDITIONS", "Condition", "Range"]


@dataclass(frozen=True)
class Range:
    """A triangular distribution from `low` over its mode to `high`."""

    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.mode <= self.high:
            raise ValueError(f"Range needs low ≤ mode ≤ high, got {self}")


@dataclass(frozen=True)
class Condition:
    """One diagnosis, and what its records are drawn from. See the module for the sources.

    Parameters
    ----------
    key, name : str
        ``"av_block_1"``, and the words for a screen.
    morphology : str
        Key of `physioclr.simulate.morphology.MORPHOLOGIES`.
    heart_rate_bpm : Range
    rr_cv : Range
        Standard deviation of the RR intervals over their mean.
    p_ms, pr_ms : Range or None
        None where there is no P wave.
    qrs_ms : Range
        For a man; `female_qrs_shift_ms` is added for a woman where conduction is normal.
    qtc_ms : Range
        Fridericia's QTc of a man; `female_qtc_shift_ms` is added for a woman.
    axis_deg : Range
        Frontal QRS axis from the net areas of I and aVF.
    sokolow_lyon_mv : Range or None
        SV1 + the larger of RV5, RV6; None where the criterion does not apply (bundle-branch block).
    st_mv : Range or None
        ST level in the least of the leads that define the condition; None: isoelectric ST, but
        for the small normal J-point offset or the discordance of the morphology itself.
    age_years : Range
    female_qrs_shift_ms, female_qtc_shift_ms : float
    conduction : {"one to one", "mobitz_1", "mobitz_2", "dissociated", "flutter"}
        Which P waves a QRS follows (see `physioclr.simulate.conduction`).
    p_per_cycle : (int, int) or None
        Fewest and most P waves, or flutter waves, from one pause or QRS to the next.
    atrial_rate_bpm : Range or None
        Where the atria have a rate of their own.
    spike_mv : Range or None
        Height of a pacemaker's pulses; None where nothing is paced.
    paced_atrium : bool
    """

    key: str
    name: str
    morphology: str = "normal"
    heart_rate_bpm: Range = Range(60.0, 72.0, 99.0)
    rr_cv: Range = Range(0.01, 0.03, 0.07)
    p_ms: Range | None = Range(84.0, 104.0, 122.0)
    pr_ms: Range | None = Range(122.0, 155.0, 190.0)
    qrs_ms: Range = Range(82.0, 96.0, 112.0)
    qtc_ms: Range = Range(370.0, 402.0, 438.0)
    axis_deg: Range = Range(-20.0, 45.0, 74.0)
    sokolow_lyon_mv: Range | None = Range(1.3, 2.2, 3.2)
    st_mv: Range | None = None
    age_years: Range = Range(18.0, 50.0, 90.0)
    female_qrs_shift_ms: float = -6.0
    female_qtc_shift_ms: float = 12.0
    conduction: str = "one to one"
    p_per_cycle: tuple[int, int] | None = None
    atrial_rate_bpm: Range | None = None
    spike_mv: Range | None = None
    paced_atrium: bool = False


_SINUS = Condition(key="sinus_rhythm", name="Sinus rhythm")
_OLDER = Range(35.0, 68.0, 92.0)
_WIDE_QTC = Range(
    405.0, 440.0, 480.0
)  # JT as in narrow QRS, the wider QRS on top: [repolarisation]

_ALL = (
    _SINUS,
    replace(
        _SINUS,
        key="sinus_bradycardia",
        name="Sinus bradycardia",
        heart_rate_bpm=Range(38.0, 52.0, 58.0),
        rr_cv=Range(0.015, 0.04, 0.09),
    ),
    replace(
        _SINUS,
        key="sinus_tachycardia",
        name="Sinus tachycardia",
        heart_rate_bpm=Range(102.0, 112.0, 145.0),
        rr_cv=Range(0.004, 0.01, 0.025),
        p_ms=Range(78.0, 95.0, 108.0),
        pr_ms=Range(112.0, 135.0, 160.0),
        qtc_ms=Range(355.0, 385.0, 420.0),
    ),
    replace(
        _SINUS,
        key="atrial_fibrillation",
        name="Atrial fibrillation",
        heart_rate_bpm=Range(55.0, 88.0, 140.0),
        rr_cv=Range(0.14, 0.21, 0.30),
        p_ms=None,
        pr_ms=None,
        qtc_ms=Range(370.0, 400.0, 435.0),
        age_years=_OLDER,
    ),
    replace(
        _SINUS,
        key="av_block_1",
        name="First-degree AV block",
        heart_rate_bpm=Range(50.0, 66.0, 86.0),
        pr_ms=Range(208.0, 232.0, 320.0),
        age_years=_OLDER,
    ),
    replace(
        _SINUS,
        key="lbbb",
        name="Left bundle-branch block",
        morphology="lbbb",
        qrs_ms=Range(124.0, 145.0, 178.0),
        qtc_ms=_WIDE_QTC,
        axis_deg=Range(-40.0, -5.0, 50.0),
        sokolow_lyon_mv=None,
        age_years=_OLDER,
        female_qrs_shift_ms=0.0,
    ),
    replace(
        _SINUS,
        key="rbbb",
        name="Right bundle-branch block",
        morphology="rbbb",
        qrs_ms=Range(122.0, 136.0, 165.0),
        qtc_ms=Range(395.0, 425.0, 455.0),
        axis_deg=Range(0.0, 35.0, 65.0),
        sokolow_lyon_mv=None,
        age_years=_OLDER,
        female_qrs_shift_ms=0.0,
    ),
    replace(
        _SINUS,
        key="pvc",
        name="Premature ventricular complexes",
        heart_rate_bpm=Range(60.0, 72.0, 90.0),
        age_years=_OLDER,
    ),
    replace(
        _SINUS,
        key="stemi_anterior",
        name="Anterior ST elevation",
        morphology="stemi_anterior",
        heart_rate_bpm=Range(58.0, 82.0, 110.0),
        st_mv=Range(0.27, 0.35, 0.6),
        axis_deg=Range(-15.0, 40.0, 70.0),
        age_years=_OLDER,
    ),
    replace(
        _SINUS,
        key="stemi_inferior",
        name="Inferior ST elevation",
        morphology="stemi_inferior",
        heart_rate_bpm=Range(50.0, 68.0, 100.0),
        st_mv=Range(0.13, 0.2, 0.4),
        axis_deg=Range(5.0, 45.0, 70.0),
        age_years=_OLDER,
    ),
    replace(
        _SINUS,
        key="lvh",
        name="Left ventricular hypertrophy",
        morphology="lvh",
        qrs_ms=Range(90.0, 104.0, 116.0),
        qtc_ms=Range(385.0, 418.0, 445.0),
        axis_deg=Range(-28.0, 15.0, 60.0),
        sokolow_lyon_mv=Range(3.7, 4.3, 5.8),
        age_years=_OLDER,
    ),
    replace(
        _SINUS,
        key="long_qt",
        name="Long QT",
        heart_rate_bpm=Range(55.0, 68.0, 88.0),
        qtc_ms=Range(482.0, 505.0, 570.0),
    ),
)

CONDITIONS = MappingProxyType({condition.key: condition for condition in _ALL})
"""Condition key → `Condition`, in the order shown to people."""
