"""When the ventricles beat: R times of sinus rhythm, atrial fibrillation and premature beats."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Beats", "fibrillation_beats", "insert_premature_beats", "sinus_beats"]

_LEAD_IN_S = 2.5  # beats before the strip, so that its first samples hold the tail of one
_SHORTEST_RR_S = 0.30  # refractory AV node; restoring the mean may shorten it by a tenth
_DEEPEST_SWING = 0.35


@dataclass(frozen=True)
class Beats:
    """Beats in and around a strip that begins at 0 s.

    Parameters
    ----------
    r_s : (n_beats,) float64
        Time of each R peak, increasing.
    premature : (n_beats,) bool
    p_on_s : (n_beats,) float64, optional
        Onset of the P wave that the beat follows, NaN where there is none; by default PR before
        QRS.
    lone_p_on_s : (n_waves,) float64
        Onsets of P waves that no beat follows.
    """

    r_s: NDArray[np.float64]
    premature: NDArray[np.bool_]
    p_on_s: NDArray[np.float64] | None = None
    lone_p_on_s: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    @property
    def rr_before_s(self) -> NDArray[np.float64]:
        """(n_beats,) interval from the beat before; the first takes the one after."""
        rr_s = np.diff(self.r_s)
        return np.concatenate([rr_s[:1], rr_s])


def sinus_beats(
    heart_rate_bpm: float,
    rr_cv: float,
    respiration_hz: float,
    duration_s: float,
    rng: np.random.Generator,
) -> Beats:
    """Place sinus beats whose RR follows breathing, a slow wave and a little chance.

    Parameters
    ----------
    heart_rate_bpm : float
        The mean over the beats placed.
    rr_cv : float
        Standard deviation of RR over its mean; 0 gives a metronome.
    respiration_hz : float
    duration_s : float
    rng : numpy.random.Generator

    Returns
    -------
    Beats
    """
    mean_rr_s = 60.0 / heart_rate_bpm
    n_beats = _beats_to_cover(duration_s, mean_rr_s)
    times_s = np.arange(n_beats) * mean_rr_s
    phases = rng.uniform(0, 2 * np.pi, 2)
    breathing = np.sqrt(2) * np.sin(2 * np.pi * respiration_hz * times_s + phases[0])
    slow = np.sqrt(2) * np.sin(2 * np.pi * 0.1 * times_s + phases[1])  # the 0.1 Hz Mayer wave
    swing = 0.8 * breathing + 0.5 * slow + 0.3 * rng.standard_normal(n_beats)
    return _from_factors(1 + np.clip(rr_cv * swing, -_DEEPEST_SWING, None), mean_rr_s, rng)


def fibrillation_beats(
    heart_rate_bpm: float, rr_cv: float, duration_s: float, rng: np.random.Generator
) -> Beats:
    """Place the beats of atrial fibrillation: RR independent and log-normal.

    Parameters
    ----------
    heart_rate_bpm, rr_cv, duration_s, rng
        As in `sinus_beats`.

    Returns
    -------
    Beats
    """
    mean_rr_s = 60.0 / heart_rate_bpm
    n_beats = _beats_to_cover(duration_s, mean_rr_s)
    spread = np.sqrt(np.log1p(rr_cv**2))
    factors = np.exp(spread * rng.standard_normal(n_beats))
    return _from_factors(np.maximum(factors, _SHORTEST_RR_S / mean_rr_s), mean_rr_s, rng)


def insert_premature_beats(
    beats: Beats, n_premature: int, coupling: float, duration_s: float, rng: np.random.Generator
) -> Beats:
    """Replace sinus beats inside the strip by premature ones; the beat after keeps its time.

    The pause is therefore compensatory: two sinus cycles from the beat before to the beat after.

    Parameters
    ----------
    beats : Beats
    n_premature : int
        Fewer are placed where the strip has no room: two premature beats never follow each other.
    coupling : float
        Interval from the beat before, over the sinus RR.
    duration_s : float
    rng : numpy.random.Generator

    Returns
    -------
    Beats
    """
    r_s = beats.r_s.copy()
    premature = beats.premature.copy()
    margin_s = min(1.0, duration_s / 5)
    inside = np.flatnonzero((r_s > margin_s) & (r_s < duration_s - margin_s))
    for beat in rng.permutation(inside[inside > 0]):
        near = premature[max(beat - 2, 0) : beat + 3]
        moved = r_s[beat - 1] + coupling * (r_s[beat] - r_s[beat - 1])
        if premature.sum() == n_premature or near.any() or moved < margin_s / 2:
            continue
        r_s[beat] = moved
        premature[beat] = True
    return Beats(r_s, premature)


def _beats_to_cover(duration_s: float, mean_rr_s: float) -> int:
    return int(np.ceil((duration_s + _LEAD_IN_S + 2.0) / (mean_rr_s * (1 - 0.25)))) + 4


def _from_factors(
    factors: NDArray[np.float64], mean_rr_s: float, rng: np.random.Generator
) -> Beats:
    rr_s = factors / factors.mean() * mean_rr_s
    r_s = np.cumsum(rr_s) - rr_s[0] - _LEAD_IN_S - rng.uniform(0, 1) * mean_rr_s
    return Beats(r_s, np.zeros(r_s.size, dtype=np.bool_))
