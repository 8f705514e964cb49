"""From probabilities to beats: which waves there are, and where each begins, peaks and ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from physioclr.signal.clear_leads import clear_leads
from physioclr.signal.flutter_waves import shows_flutter
from physioclr.signal.r_peaks import mark_beats, place_r_peaks
from physioclr.signal.wave_input import NETWORK_HZ

__all__ = ["Waves", "decode_waves"]

Floats = NDArray[np.float64]
Samples = NDArray[np.intp]
LookAlone = Callable[[], tuple[Samples, NDArray[np.float32]]]

_P, _QRS, _T = 0, 1, 2
_N_WAVES = 3
_PRESENT = (0.5, 0.5, 0.5)
_MIN_WIDTH_S = (0.024, 0.028, 0.04)
_JOIN_S = (0.04, 0.06, 0.06)
_SMOOTH_S = (0.02, 0.0, 0.04)
_MARGIN_S = (0.06, 0.06, 0.1)
_REFRACTORY_S = 0.2
_CENTROID_S = 0.02
_MIN_IN_LEAD = 0.25
_CUT_SAMPLES = 10
# Nearer to the beginning or the end of the record than this a wave may lie outside it.
_P_REACH_S, _T_REACH_S = 0.3, 0.5
_RHYTHM_BEATS = 8
_MIN_RR = 4
_MAX_IRREGULARITY = 0.1
_SURE_P = 0.85
_MOST_LOOKED = 2
_LACKING, _MOST, _SHOWN = 0.25, 0.5, 0.5
_LONE_APART_S = 0.02


@dataclass(frozen=True, eq=False)
class Waves:
    """What was found, in samples of the network.

    Parameters
    ----------
    beats : (n_beats,) float64
        One mark a beat (see `mark_beats`).
    fiducials : (n_leads, n_beats, 9) float64
        Onset, peak and end of P, QRS and T; NaN where there is no such wave.
    absent : (n_beats, 3) bool
        Where the leads agree that a beat has no P, QRS or T wave; not where the wave may lie
        outside the record.
    lone_p : (n_waves,) float64
        Peaks of the P waves that no beat follows.
    disputed_p : (n_beats,) bool
        Where a lead alone shows a P wave that is not believed.
    flutter : (n_beats,) bool
        Where no P wave is told from waves at the rate of atrial flutter.
    """

    beats: Floats
    fiducials: Floats
    absent: NDArray[np.bool_]
    lone_p: Floats
    disputed_p: NDArray[np.bool_]
    flutter: NDArray[np.bool_]


def decode_waves(
    probabilities: NDArray[np.float32],
    leads: NDArray[np.float32],
    *,
    rhythm_row: int = 0,
    look_alone: LookAlone | None = None,
) -> Waves:
    """Read the beats of a record off the network's answer.

    Parameters
    ----------
    probabilities : (n_leads, n_samples, 6) float32
        In the order of `physioclr.signal.wave_network.OUTPUTS`.
    leads : (n_leads, n_samples) float32
        What the network saw.
    rhythm_row : int
        The lead in which beats are marked.
    look_alone : callable, optional
        Returns rows of leads, and the network's answer to each of these as if it were the only
        lead. Called where all leads together show no P wave before a quarter of the beats.

    Returns
    -------
    Waves

    Notes
    -----
    Whether there is a wave is read off the mean over the leads, so the leads vote. A QRS is where
    that exceeds one half, unless it touches the record's beginning or end, or is marked within
    40 ms of it: such a QRS would be cut. A beat's P wave is the last span above one half before its
    QRS, its T wave the largest above one half after it, each on its side of the neighbouring QRS.
    In each lead the peak is where the lead's own peak probability is highest near that span. The
    onset lies before the middle of the span by the integral of the lead's probability: if p(t) is
    the probability that the wave has begun by t, that integral is the expected distance to its
    beginning. Likewise the end.

    Where the RR intervals are irregular (RMSSD of the 16 around a beat above a tenth of their
    mean; the statistic of Dash et al. 2009, Ann Biomed Eng 37:1701) a P wave must reach 0.85 in
    that mean: fibrillatory waves reach less, P waves before ectopic beats more. These limits were
    set on held-out records of LUDB.

    Flat leads would overrule the few that show a P wave. So where a quarter of the beats lack one,
    some leads are looked at alone, and those whose P waves keep one distance from QRS
    (`clear_leads`) are heard; none is where the rest between beats repeats itself as in atrial
    flutter (`shows_flutter`).

    The R peak of a lead is a matter of `place_r_peaks`.
    """
    by_output = np.ascontiguousarray(np.moveaxis(probabilities, 2, 0))
    mean = by_output.mean(axis=1, dtype=np.float64).T
    starts, stops = _spans(mean, _QRS)
    beats = mark_beats(leads[rhythm_row], starts, stops)
    whole = (beats >= _CUT_SAMPLES) & (beats < len(mean) - _CUT_SAMPLES)
    whole &= (starts > 0) & (stops < len(mean))
    starts, stops, beats = _apart(starts[whole], stops[whole], beats[whole], mean[:, _QRS])
    spans = np.full((_N_WAVES, beats.size, 2), -1, dtype=np.intp)
    spans[_QRS] = np.stack([starts, stops], axis=1)
    found, spans[_P] = _p_before(mean, starts, stops, beats)
    disputed, flutter = np.zeros((2, beats.size), dtype=bool)
    if look_alone is not None and _lacks_p(spans[_P], starts):
        irregular = _irregular(beats)
        rows, alone = look_alone()
        if any(shows_flutter(leads[row], spans[_QRS], NETWORK_HZ) for row in rows[:_MOST_LOOKED]):
            flutter = spans[_P][:, 0] < 0
        else:
            shown, disputed = _look_again(
                by_output, mean, spans[_QRS], rows, alone, regular=irregular.mean() < _MOST
            )
            if shown.any():
                voted = spans[_P][:, 0] >= 0
                found, spans[_P] = _p_before(mean, starts, stops, beats)
                spans[_P][~(voted | shown)] = -1
            lacking = spans[_P][:, 0] < 0
            disputed &= lacking & ~irregular
            # One such beat among many without a P wave is chance.
            disputed &= disputed.sum() >= _LACKING * lacking.sum()
    lone = _lone(found, spans, mean[:, _P])
    spans[_T] = _assigned(_spans(mean, _T), mean[:, _T], starts, stops, before=False)
    fiducials = np.full((len(probabilities), beats.size, 3 * _N_WAVES), np.nan)
    for wave in range(_N_WAVES):
        there = np.flatnonzero(spans[wave][:, 0] >= 0)
        low, high = _limits(spans, wave, there, len(mean))
        fiducials[:, there, 3 * wave : 3 * wave + 3] = _in_leads(
            by_output[wave],
            by_output[_N_WAVES + wave],
            spans[wave][there],
            low,
            high,
        )
    qrs = fiducials[:, :, 3 * _QRS : 3 * _QRS + 3]
    place_r_peaks(qrs, leads, by_output[_N_WAVES + _QRS])
    absent = (spans[:, :, 0] < 0).T
    absent[:, _P] &= starts >= _P_REACH_S * NETWORK_HZ
    absent[:, _T] &= stops <= len(mean) - _T_REACH_S * NETWORK_HZ
    peaks = np.array([at + np.argmax(mean[at:stop, _N_WAVES + _P]) for at, stop in lone])
    return Waves(beats, fiducials, absent, peaks.astype(np.float64), disputed, flutter)


def _p_before(
    mean: Floats, starts: Samples, stops: Samples, beats: Floats
) -> tuple[tuple[Samples, Samples], Samples]:
    """Return all P spans, and (n_beats, 2) the one before each beat, -1 for none."""
    found = _spans(mean, _P)
    before = _assigned(found, mean[:, _P], starts, stops, before=True)
    return found, _believed(before, mean[:, _P], beats)


def _lacks_p(spans: Samples, starts: Samples) -> bool:
    """Tell whether a quarter of the beats, of four and more, have no P wave before them."""
    within = starts >= _P_REACH_S * NETWORK_HZ
    n_lacking = int((within & (spans[:, 0] < 0)).sum())
    return bool(within.sum() >= _MIN_RR and n_lacking >= _LACKING * within.sum())


def _look_again(
    by_output: NDArray[np.float32],
    mean: Floats,
    qrs: Samples,
    rows: NDArray[np.intp],
    alone: NDArray[np.float32],
    *,
    regular: bool,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Let the leads that show P waves plainly be heard: raise their P levels, in place.

    Return before which beats (n_beats,) they show one, and before which any lead does.
    """
    levels = alone[:, :, _P].astype(np.float64)
    centres, heights = np.full((2, len(rows), len(qrs)), np.nan)
    for lead, level in enumerate(levels):
        own = _assigned(_spans(level[:, None], _P), level, qrs[:, 0], qrs[:, 1], before=True)
        for beat in np.flatnonzero(own[:, 0] >= 0):
            centres[lead, beat] = own[beat].sum() / 2
            heights[lead, beat] = level[slice(*own[beat])].max()
    clear, shown = clear_leads(centres, heights, qrs[:, 0], NETWORK_HZ, regular=regular)
    for output in (_P, _N_WAVES + _P) if clear.any() else ():
        heard = alone[clear][:, :, output]
        by_output[output][rows[clear]] = np.maximum(by_output[output][rows[clear]], heard)
        mean[:, output] = np.maximum(mean[:, output], heard.mean(axis=0))
    return np.asarray(shown.any(axis=0)), np.asarray((heights > _SHOWN).any(axis=0))


def _lone(found: tuple[Samples, Samples], spans: Samples, level: Floats) -> Samples:
    """Return (n_waves, 2): the sure P waves that no beat follows, clear of every QRS."""
    if not spans.shape[1]:
        return np.empty((0, 2), dtype=np.intp)
    every = np.stack(found, axis=1)
    taken = np.isin(every[:, 0], spans[_P][:, 0])
    # Before the first beat and after the last it is not known whether a beat follows.
    known = (every[:, 0] > spans[_QRS][0, 0]) & (every[:, 1] < spans[_QRS][-1, 0])
    sure = np.array([level[at:stop].max() >= _SURE_P for at, stop in every], dtype=bool)
    gap = _LONE_APART_S * NETWORK_HZ
    used = spans[_P][spans[_P][:, 0] >= 0]
    busy = np.concatenate([spans[_QRS], used])
    meets = (every[:, None, 0] < busy[None, :, 1] + gap) & (
        every[:, None, 1] > busy[None, :, 0] - gap
    )
    return np.asarray(every[~taken & known & sure & ~meets.any(axis=1)])


def _spans(mean: Floats, wave: int) -> tuple[Samples, Samples]:
    """Return where the leads agree on a wave: first samples, and the samples after the last."""
    level = mean[:, wave]
    width = round(_SMOOTH_S[wave] * NETWORK_HZ)
    if width > 1:
        level = uniform_filter1d(level, width, mode="nearest")
    above = np.concatenate([[False], level > _PRESENT[wave], [False]])
    edges = np.flatnonzero(above[1:] != above[:-1])
    starts, stops = edges[::2], edges[1::2]
    if starts.size:
        parted = starts[1:] - stops[:-1] > _JOIN_S[wave] * NETWORK_HZ
        starts = starts[np.concatenate([[True], parted])]
        stops = stops[np.concatenate([parted, [True]])]
    wide = stops - starts >= _MIN_WIDTH_S[wave] * NETWORK_HZ
    return starts[wide], stops[wide]


def _apart(
    starts: Samples, stops: Samples, beats: Floats, level: Floats
) -> tuple[Samples, Samples, Floats]:
    """Keep the stronger of two beats less than 200 ms apart."""
    areas = _areas(level, starts, stops)
    keep = np.ones(beats.size, dtype=bool)
    last = -1
    for beat in range(beats.size):
        if last >= 0 and beats[beat] - beats[last] < _REFRACTORY_S * NETWORK_HZ:
            weaker = last if areas[beat] > areas[last] else beat
            keep[weaker] = False
            if weaker == beat:
                continue
        last = beat
    return starts[keep], stops[keep], beats[keep]


def _areas(level: Floats, starts: Samples, stops: Samples) -> Floats:
    total = np.concatenate([[0.0], np.cumsum(level)])
    return np.asarray(total[stops] - total[starts])


def _assigned(
    found: tuple[Samples, Samples],
    level: Floats,
    qrs_starts: Samples,
    qrs_stops: Samples,
    *,
    before: bool,
) -> Samples:
    """Give each beat one span of its interval: the last before it, or the largest after it."""
    out = np.full((qrs_starts.size, 2), -1, dtype=np.intp)
    if not qrs_starts.size:
        return out
    starts, stops = found
    areas = _areas(level, starts, stops)
    centres = (qrs_starts + qrs_stops) / 2
    beats = np.searchsorted(centres, (starts + stops) / 2) - (0 if before else 1)
    best = np.full(qrs_starts.size, -np.inf)
    for span, beat in enumerate(beats):
        if not 0 <= beat < best.size:
            continue
        rank = starts[span] if before else areas[span]
        if rank > best[beat]:
            best[beat] = rank
            out[beat] = starts[span], stops[span]
    return out


def _believed(spans: Samples, level: Floats, beats: Floats) -> Samples:
    """Drop doubtful P waves where the rhythm is irregular, as in atrial fibrillation."""
    out = spans.copy()
    for beat in np.flatnonzero((spans[:, 0] >= 0) & _irregular(beats)):
        if level[slice(*spans[beat])].max() < _SURE_P:
            out[beat] = -1
    return out


def _irregular(beats: Floats) -> NDArray[np.bool_]:
    """Tell around which beats the RR intervals are irregular; nowhere with fewer than four."""
    rr = np.diff(beats)
    if rr.size < _MIN_RR:
        return np.zeros(beats.size, dtype=bool)
    beat = np.arange(beats.size)
    low, high = np.maximum(beat - _RHYTHM_BEATS, 0), np.minimum(beat + _RHYTHM_BEATS, rr.size)
    squares = np.concatenate([[0.0], np.cumsum(np.diff(rr) ** 2)])
    n_rr = np.maximum(high - low, 2)
    usual = (beats[high] - beats[low]) / n_rr
    rmssd = np.sqrt((squares[np.maximum(high - 1, low)] - squares[low]) / (n_rr - 1))
    return np.asarray((high - low >= _MIN_RR) & (rmssd > _MAX_IRREGULARITY * usual))


def _limits(spans: Samples, wave: int, there: Samples, n_samples: int) -> tuple[Samples, Samples]:
    """Return how far a wave may reach: a margin, but not past the middle of a neighbour."""
    margin = round(_MARGIN_S[wave] * NETWORK_HZ)
    low = np.maximum(spans[wave][there, 0] - margin, 0)
    high = np.minimum(spans[wave][there, 1] + margin, n_samples)
    others = np.concatenate([spans[other] for other in range(_N_WAVES) if other != wave])
    middles = np.sort(others[others[:, 0] >= 0].sum(axis=1) // 2)
    own = spans[wave][there].sum(axis=1) // 2
    after = np.searchsorted(middles, own, side="right")
    fenced = np.concatenate([[0], middles, [n_samples]])
    return np.maximum(low, fenced[after]), np.minimum(high, fenced[after + 1])


def _in_leads(
    inside: NDArray[np.float32],
    peak: NDArray[np.float32],
    spans: Samples,
    low: Samples,
    high: Samples,
) -> Floats:
    """Return onset, peak and end in each lead, (n_leads, n_beats, 3)."""
    n_leads = len(inside)
    out = np.full((n_leads, len(spans), 3), np.nan)
    if not len(spans):
        return out
    total = np.zeros((n_leads, inside.shape[1] + 1))
    np.cumsum(inside, axis=1, out=total[:, 1:])
    offsets = np.arange(int((high - low).max()))
    at = low[:, None] + offsets
    valid = at < high[:, None]
    at = np.minimum(at, inside.shape[1] - 1)
    in_window = inside[:, at] * valid
    peaks = low + np.argmax(peak[:, at] * valid, axis=2)
    # The most probable point of the lead's own wave, or the middle of the record's, divides it.
    middle = np.clip((spans[:, 0] + spans[:, 1]) // 2, low, high - 1)
    own = low + np.argmax(in_window, axis=2)
    sure = inside[:, middle] >= 0.5
    middle = np.where(sure, middle, own)
    rows = np.arange(n_leads)[:, None]
    # Sample k stands for the time from k - 1/2 to k + 1/2.
    # Given that the wave is there, a sample is in it with its probability over the highest.
    top = np.maximum(in_window.max(axis=2), _MIN_IN_LEAD)
    out[:, :, 0] = middle - 0.5 - (total[rows, middle] - total[:, low]) / top
    out[:, :, 1] = _centroid(peak, peaks)
    out[:, :, 2] = middle - 0.5 + (total[:, high] - total[rows, middle]) / top
    out[in_window.max(axis=2) < _MIN_IN_LEAD] = np.nan
    return out


def _centroid(level: NDArray[np.floating], at: Samples) -> Floats:
    """Return the centre of mass of `level` (n_rows, n_samples) around samples (n_rows, n)."""
    if not at.size:
        return at.astype(np.float64)
    reach = round(_CENTROID_S * NETWORK_HZ)
    near = np.clip(at[..., None] + np.arange(-reach, reach + 1), 0, level.shape[1] - 1)
    weight = level[np.arange(len(level))[:, None, None], near].astype(np.float64) + 1e-9
    return np.asarray((weight * near).sum(axis=-1) / weight.sum(axis=-1))
