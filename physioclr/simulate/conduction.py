"""Blocked, paced and fluttering hearts: P waves that no QRS follows, spikes, many waves a beat.

Sources beyond those of `physioclr.simulate.conditions`:

.. [block] Kusumoto FM et al. 2018 ACC/AHA/HRS guideline on bradycardia and conduction delay.
   Circulation 2019;140:e382–e482 (Mobitz I: PR lengthens until a P wave is not conducted; Mobitz
   II: it does not; third degree: P waves and QRS are independent).
.. [flutter] Page RL et al. 2015 ACC/AHA/HRS guideline on supraventricular tachycardia. Circulation
   2016;133:e506–e574 (typical flutter: 240–350 a minute, negative in II, III, aVF, positive in V1).
.. [pacing] Kligfield P et al. AHA/ACC/HRS recommendations, part I. Circulation 2007;115:1306–1324
   (pacemaker pulses last 0.4–0.5 ms, less than a sample of most records).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from physioclr.simulate.conditions import CONDITIONS, Condition, Range
from physioclr.simulate.parameters import HeartParameters
from physioclr.simulate.rhythm import Beats, sinus_beats

__all__ = ["CONDUCTION_CONDITIONS", "Spikes", "place_conducted_beats", "place_spikes"]

Floats = NDArray[np.float64]

_OLDER = Range(45.0, 74.0, 94.0)
_BLOCKED = replace(
    CONDITIONS["sinus_rhythm"],
    key="",
    name="",
    rr_cv=Range(0.005, 0.015, 0.03),
    pr_ms=Range(140.0, 180.0, 300.0),
    age_years=_OLDER,
)
_WIDE = Range(140.0, 165.0, 200.0)
_PACED = replace(
    _BLOCKED,
    morphology="paced",
    heart_rate_bpm=Range(55.0, 68.0, 100.0),
    pr_ms=Range(140.0, 175.0, 230.0),
    qrs_ms=_WIDE,
    qtc_ms=Range(415.0, 450.0, 500.0),
    axis_deg=Range(-60.0, -52.0, -30.0),
    sokolow_lyon_mv=None,
    female_qrs_shift_ms=0.0,
    spike_mv=Range(0.2, 0.8, 3.0),
)

_ALL = (
    replace(
        _BLOCKED,
        key="av_block_2_mobitz_1",
        name="Second-degree AV block, Mobitz I",
        conduction="mobitz_1",
        heart_rate_bpm=Range(45.0, 55.0, 72.0),
        pr_ms=Range(150.0, 180.0, 230.0),
        p_per_cycle=(3, 5),
    ),
    replace(
        _BLOCKED,
        key="av_block_2_mobitz_2",
        name="Second-degree AV block, Mobitz II",
        conduction="mobitz_2",
        heart_rate_bpm=Range(45.0, 58.0, 72.0),
        p_per_cycle=(3, 4),
    ),
    replace(
        _BLOCKED,
        key="av_block_2_2to1",
        name="Second-degree AV block, 2:1",
        conduction="mobitz_2",
        heart_rate_bpm=Range(30.0, 38.0, 50.0),
        p_per_cycle=(2, 2),
    ),
    replace(
        _BLOCKED,
        key="av_block_3",
        name="Third-degree AV block",
        conduction="dissociated",
        morphology="rbbb",
        heart_rate_bpm=Range(28.0, 38.0, 52.0),
        qrs_ms=Range(100.0, 135.0, 170.0),
        qtc_ms=Range(395.0, 425.0, 470.0),
        axis_deg=Range(-20.0, 35.0, 65.0),
        sokolow_lyon_mv=None,
        atrial_rate_bpm=Range(60.0, 78.0, 105.0),
    ),
    replace(
        _BLOCKED,
        key="atrial_flutter",
        name="Atrial flutter",
        conduction="flutter",
        heart_rate_bpm=Range(65.0, 100.0, 155.0),
        p_ms=None,
        pr_ms=None,
        p_per_cycle=(2, 4),
    ),
    replace(_PACED, key="paced_ventricle", name="Ventricular pacing after sensed P waves"),
    replace(_PACED, key="paced_both", name="Atrial and ventricular pacing", paced_atrium=True),
    replace(
        _PACED,
        key="paced_without_p",
        name="Ventricular pacing without P waves",
        p_ms=None,
        pr_ms=None,
        rr_cv=Range(0.0, 0.002, 0.005),
    ),
)

CONDUCTION_CONDITIONS = MappingProxyType({condition.key: condition for condition in _ALL})
"""Condition key → `Condition`. They are simulated when asked for by name, and are no label of a
simulated dataset."""

_FLUTTER_HZ = (4.0, 5.4)
_WENCKEBACH_S = (0.04, 0.09)
_BEFORE_P_S = 0.012
_CAPTURE_S = (0.004, 0.030)
_PULSE_S = 0.0005


@dataclass(frozen=True, eq=False)
class Spikes:
    """The pulses of a pacemaker.

    Parameters
    ----------
    at_s : (n_spikes,) float64
    atrial : (n_spikes,) bool
        Else ventricular.
    vectors_mv : (2, 8) float64
        What an atrial and a ventricular pulse of full height adds to I, II and V1 to V6.
    """

    at_s: Floats
    atrial: NDArray[np.bool_]
    vectors_mv: Floats

    def add_to(self, leads_mv: NDArray[np.float32], fs_hz: float) -> None:
        """Add the pulses to (8, n_samples) in place.

        A pulse of 0.5 ms is shorter than a sample: what an anti-aliasing filter leaves of it is
        spread over two samples by where between them it falls.
        """
        height = min(1.0, _PULSE_S * fs_hz)
        for at_s, atrial in zip(self.at_s, self.atrial, strict=True):
            sample, between = divmod(at_s * fs_hz, 1.0)
            vector = self.vectors_mv[0 if atrial else 1] * height
            for offset, share in ((0, 1 - between), (1, between)):
                place = int(sample) + offset
                if 0 <= place < leads_mv.shape[1]:
                    leads_mv[:, place] += (share * vector).astype(np.float32)


def place_conducted_beats(
    condition: Condition,
    parameters: HeartParameters,
    r_share: float,
    duration_s: float,
    rng: np.random.Generator,
) -> Beats:
    """Place the P waves of a record and the beats that they conduct to, or do not.

    Parameters
    ----------
    condition : Condition
        One of `CONDUCTION_CONDITIONS`.
    parameters : HeartParameters
    r_share : float
        Where in QRS the R peak lies, from 0 to 1.
    duration_s : float
    rng : numpy.random.Generator

    Returns
    -------
    Beats
    """
    if condition.conduction not in ("mobitz_1", "mobitz_2", "dissociated"):
        return sinus_beats(
            parameters.heart_rate_bpm,
            parameters.rr_cv,
            parameters.respiration_hz,
            duration_s,
            rng,
        )
    swing = (parameters.rr_cv, parameters.respiration_hz, duration_s, rng)
    if condition.conduction == "dissociated":
        escape = sinus_beats(parameters.heart_rate_bpm, *swing)
        atria_s = sinus_beats(parameters.atrial_rate_bpm, *swing).r_s
        unknown = np.full(escape.r_s.size, np.nan)
        return replace(escape, p_on_s=unknown, lone_p_on_s=atria_s)
    n_p = round(parameters.p_per_cycle)
    atria_s = sinus_beats(parameters.heart_rate_bpm * n_p / (n_p - 1), *swing).r_s
    place = (np.arange(atria_s.size) + rng.integers(n_p)) % n_p
    delay_s = np.full(atria_s.size, parameters.pr_ms / 1000)
    if condition.conduction == "mobitz_1":
        # PR grows by less each time: RR shortens until the pause.
        step_s = rng.uniform(*_WENCKEBACH_S) / np.arange(1, n_p)
        delay_s += np.concatenate([[0.0], np.cumsum(step_s)])[place]
    conducted = place < n_p - 1
    p_on_s = atria_s[conducted]
    r_s = p_on_s + delay_s[conducted] + r_share * parameters.qrs_ms / 1000
    return Beats(
        r_s,
        np.zeros(r_s.size, dtype=np.bool_),
        p_on_s=p_on_s,
        lone_p_on_s=atria_s[~conducted],
    )


def place_spikes(
    condition: Condition,
    parameters: HeartParameters,
    p_on_s: Floats,
    qrs_on_s: Floats,
    rng: np.random.Generator,
) -> Spikes | None:
    """Place a pulse before each paced wave; None where nothing is paced.

    Parameters
    ----------
    condition : Condition
    parameters : HeartParameters
    p_on_s, qrs_on_s : (n_beats,) float64
    rng : numpy.random.Generator

    Returns
    -------
    Spikes or None
    """
    if not np.isfinite(parameters.spike_mv):
        return None
    at_s = qrs_on_s - rng.uniform(*_CAPTURE_S)
    atrial = np.zeros(at_s.size, dtype=np.bool_)
    if condition.paced_atrium:
        at_s = np.concatenate([at_s, p_on_s - _BEFORE_P_S])
        atrial = np.concatenate([atrial, np.ones(p_on_s.size, dtype=np.bool_)])
    known = np.isfinite(at_s)
    order = np.argsort(at_s[known], kind="stable")
    directions = rng.standard_normal((2, 8))
    directions /= np.abs(directions).max(axis=1, keepdims=True)
    sizes = parameters.spike_mv * np.array([[0.6], [1.0]])
    # Height of a whole pulse; a sample of 2 ms holds a quarter of it.
    return Spikes(at_s[known][order], atrial[known][order], 4.0 * sizes * directions)
