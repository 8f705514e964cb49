"""Disturbed conduction out of marked ECGs: long PR, blocked P waves, flat P waves, a wide QRS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from physioclr.signal.wave_input import NETWORK_HZ
from studies.wave_network.rhythms import Floats, Marks, Times, beat_groups, is_whole

__all__ = ["block_p", "dissociate_p", "flatten_p", "shift_p", "widen_qrs"]

_MARGIN_S = 0.012
_AFTER_QRS_S, _BEFORE_QRS_S = 0.06, 0.05
_LONGEST_QRS_S = 0.21

Moved = tuple[Floats, list[dict[str, Times]]]


@dataclass(frozen=True, eq=False)
class _LiftedP:
    """The P wave of one beat, over the line from its begin to its end.

    Parameters
    ----------
    begin_s : float
        When it begins, in any lead.
    shape_mv : (n_leads, n_wave) float32
    marks : list of (3,) float64 or None
        Onset, peak and end in each lead, from `begin_s`.
    """

    begin_s: float
    shape_mv: Floats
    marks: list[Times | None]


def shift_p(signal_mv: Floats, waves: Sequence[Marks], rng: np.random.Generator) -> Moved:
    """Draw every P wave earlier by the same time, at most onto the T wave before it.

    Parameters
    ----------
    signal_mv : (n_leads, n_samples) float32
        At 250 Hz.
    waves : sequence of mapping of str to (n_waves, 3) float64
        For each lead the onset, peak and end of its P, QRS and T waves in seconds.
    rng : Generator

    Returns
    -------
    signal_mv, waves
    """
    rest, kept, lifted = _lift(signal_mv, waves)
    ends_s = _qrs_ends_s(waves)
    earlier_s = rng.uniform(0.02, 0.28)
    for p in lifted:
        before = ends_s[ends_s < p.begin_s]
        room_s = p.begin_s - before[-1] - _AFTER_QRS_S if before.size else 0.0
        _draw(rest, kept, p, p.begin_s - min(earlier_s, max(room_s, 0.0)))
    return rest, _sorted(kept)


def block_p(signal_mv: Floats, waves: Sequence[Marks], rng: np.random.Generator) -> Moved:
    """Add a P wave that no QRS follows between the beats, as in 2:1 block.

    Parameters
    ----------
    signal_mv, waves, rng
        As in `shift_p`.

    Returns
    -------
    signal_mv, waves
    """
    _, _, lifted = _lift(signal_mv, waves)
    out, kept = signal_mv.copy(), [dict(of_lead) for of_lead in waves]
    share = rng.uniform(0.4, 0.6)
    for p, after in pairwise(lifted):
        at_s = p.begin_s + share * (after.begin_s - p.begin_s)
        if _is_free(at_s, p, waves):
            _draw(out, kept, p, at_s)
    return out, _sorted(kept)


def dissociate_p(signal_mv: Floats, waves: Sequence[Marks], rng: np.random.Generator) -> Moved:
    """Have the P waves march at a rate of their own, as in third-degree block.

    Parameters
    ----------
    signal_mv, waves, rng
        As in `shift_p`. A P wave that would meet a QRS is left out.

    Returns
    -------
    signal_mv, waves
    """
    rest, kept, lifted = _lift(signal_mv, waves)
    if not lifted:
        return signal_mv, [dict(of_lead) for of_lead in waves]
    period_s = rng.uniform(0.5, 0.95)
    last_s = signal_mv.shape[1] / NETWORK_HZ - 0.2
    for at_s in np.arange(rng.uniform(0.0, period_s), last_s, period_s):
        p = lifted[rng.integers(len(lifted))]
        if _is_free(at_s, p, waves):
            _draw(rest, kept, p, at_s)
    return rest, _sorted(kept)


def flatten_p(signal_mv: Floats, waves: Sequence[Marks], rng: np.random.Generator) -> Moved:
    """Make P waves small in most leads, so that few leads show what the record has.

    Parameters
    ----------
    signal_mv, waves, rng
        As in `shift_p`. Marks stay: the P wave is there.

    Returns
    -------
    signal_mv, waves
    """
    rest, _, lifted = _lift(signal_mv, waves)
    n_leads = len(signal_mv)
    size = rng.uniform(0.0, 0.35, (n_leads, 1)).astype(np.float32)
    clear = rng.permutation(n_leads)[: int(rng.integers(1, 4))]
    size[clear] = rng.uniform(0.7, 1.2, (len(clear), 1))
    for p in lifted:
        begin = round(p.begin_s * NETWORK_HZ)
        rest[:, begin : begin + p.shape_mv.shape[1]] += size * p.shape_mv
    return rest, [dict(of_lead) for of_lead in waves]


def widen_qrs(
    signal_mv: Floats,
    waves: Sequence[Marks],
    span_s: Times,
    rng: np.random.Generator,
) -> tuple[Floats, list[dict[str, Times]], Times]:
    """Stretch the time within every QRS, up to 210 ms.

    Parameters
    ----------
    signal_mv, waves, rng
        As in `shift_p`.
    span_s : (n_leads, 2) float64
        Where waves are marked.

    Returns
    -------
    signal_mv, waves, span_s
        The same waves, later by what the QRS before them gained.
    """
    onsets = np.array([group.min() for group in beat_groups(waves, "qrs", 0)])
    ends = np.array([group.max() for group in beat_groups(waves, "qrs", 2)])
    pairs = [
        (on, ends[(ends > on) & (ends < on + 0.3)][-1])
        for on in onsets
        if ((ends > on) & (ends < on + 0.3)).any()
    ]
    total_s = (signal_mv.shape[1] - 1) / NETWORK_HZ
    pairs = [(on, off) for on, off in pairs if on > 0 and off < total_s]
    if not pairs:
        return signal_mv, [dict(of_lead) for of_lead in waves], span_s
    usual_s = float(np.median([off - on for on, off in pairs]))
    factor = rng.uniform(1.0, max(1.0, min(2.2, _LONGEST_QRS_S / usual_s)))
    old = np.array([0.0, *np.ravel(pairs), total_s])
    lengths = np.diff(old)
    lengths[1::2] *= factor
    new = np.concatenate([[0.0], np.cumsum(lengths)])
    at_s = np.arange(round(new[-1] * NETWORK_HZ)) / NETWORK_HZ
    from_s = np.interp(at_s, new, old)
    grid_s = np.arange(signal_mv.shape[1]) / NETWORK_HZ
    stretched = np.array([np.interp(from_s, grid_s, row) for row in signal_mv], dtype=np.float32)
    moved = [
        {wave: np.interp(marks, old, new) for wave, marks in of_lead.items()} for of_lead in waves
    ]
    return stretched, moved, np.interp(span_s, old, new)


def _lift(
    signal_mv: Floats, waves: Sequence[Marks]
) -> tuple[Floats, list[dict[str, Times]], list[_LiftedP]]:
    """Take every P wave with both ends marked out of the signal and out of the marks."""
    out = signal_mv.copy()
    whole = [{"p": of_lead["p"][is_whole(of_lead["p"])]} for of_lead in waves]
    qrs = np.array([group.min() for group in beat_groups(waves, "qrs", 0)])
    ends = [group.max() for group in beat_groups(whole, "p", 2)]
    lifted = []
    for onsets, end_s in zip(beat_groups(whole, "p", 0), ends, strict=True):
        begin = round((onsets.min() - _MARGIN_S) * NETWORK_HZ)
        behind = qrs[qrs > onsets.max()]
        stop_s = min(end_s + _MARGIN_S, behind.min(initial=np.inf))
        stop = min(round(stop_s * NETWORK_HZ), out.shape[1] - 1)
        if begin < 0 or stop <= begin:
            continue
        share = np.linspace(0, 1, stop - begin + 1, dtype=np.float32)
        line = out[:, [begin]] + (out[:, [stop]] - out[:, [begin]]) * share
        marks = [_first_within(of_lead["p"], onsets.min(), end_s) for of_lead in whole]
        begin_s = begin / NETWORK_HZ
        relative = [None if own is None else own - begin_s for own in marks]
        lifted.append(_LiftedP(begin_s, out[:, begin : stop + 1] - line, relative))
        out[:, begin : stop + 1] = line
    kept = [{**of_lead, "p": of_lead["p"][~is_whole(of_lead["p"])]} for of_lead in waves]
    return out, kept, lifted


def _first_within(marks: Times, low_s: float, high_s: float) -> Times | None:
    inside = marks[(marks[:, 0] >= low_s) & (marks[:, 2] <= high_s)]
    return inside[0] if len(inside) else None


def _draw(signal_mv: Floats, waves: list[dict[str, Times]], p: _LiftedP, at_s: float) -> None:
    """Add a P wave to a signal and to its marks, in place."""
    begin = round(at_s * NETWORK_HZ)
    stop = begin + p.shape_mv.shape[1]
    if begin < 0 or stop > signal_mv.shape[1]:
        return
    signal_mv[:, begin:stop] += p.shape_mv
    for of_lead, marks in zip(waves, p.marks, strict=True):
        if marks is not None:
            of_lead["p"] = np.concatenate([of_lead["p"], marks[None] + begin / NETWORK_HZ])


def _is_free(at_s: float, p: _LiftedP, waves: Sequence[Marks]) -> bool:
    """Tell whether a P wave would keep clear of every QRS."""
    stop_s = at_s + p.shape_mv.shape[1] / NETWORK_HZ
    onsets = np.array([group.min() for group in beat_groups(waves, "qrs", 0)])
    ends = _qrs_ends_s(waves)
    n_beats = min(onsets.size, ends.size)
    busy = (onsets[:n_beats] < stop_s + _BEFORE_QRS_S) & (ends[:n_beats] > at_s - 0.02)
    return not bool(busy.any())


def _qrs_ends_s(waves: Sequence[Marks]) -> Times:
    return np.array([group.max() for group in beat_groups(waves, "qrs", 2)])


def _sorted(waves: list[dict[str, Times]]) -> list[dict[str, Times]]:
    return [
        {**of_lead, "p": of_lead["p"][np.argsort(of_lead["p"][:, 1], kind="stable")]}
        for of_lead in waves
    ]
