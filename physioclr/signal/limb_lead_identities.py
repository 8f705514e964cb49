"""Limb leads that contradict one another, which of them does not fit, and what explains it.

Einthoven (1913): II = I + III. Goldberger (1942): aVR = −(I + II)/2, aVL = (I − III)/2,
aVF = (II + III)/2. Two limb leads determine the other four, so any three can be checked. An
exchange of electrodes keeps all identities (`limb_lead_reversal` looks for it); what breaks them
is in the file: columns in another order, a lead stored upside down, a gain of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, permutations

import numpy as np
from numpy.typing import NDArray

from physioclr.leads import LIMB_LEADS, derive_limb_leads

__all__ = ["LimbLeadMisfit", "check_limb_leads"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_IDENTITIES = {
    ("I", "II", "III"): "II = I + III",
    ("I", "II", "aVR"): "aVR = −(I + II)/2",
    ("I", "III", "aVL"): "aVL = (I − III)/2",
    ("II", "III", "aVF"): "aVF = (II + III)/2",
    ("aVR", "aVL", "aVF"): "aVR + aVL + aVF = 0",
}
# The other usual order of the limb leads, with aVR or −aVR.
_CABRERA = ("aVL", "I", "aVR", "II", "aVF", "III")
_AUGMENTED = ("aVR", "aVL", "aVF")
_BLOCK_S = 2.0
_MAX_MISSING = 0.1
# Root of the share of the leads' energy that no two limb leads can explain. Of the records whose
# identities hold, leads that were denoised one by one (Chapman) reach 0.10, all others 0.005.
_CONTRADICTION = 0.02
_UNEXPLAINED = 0.25
_LEAST_MV = 0.002
# What explains it leaves at most this part of the contradiction.
_LEFT = 0.3
_AS_GOOD = 2.0
_GAIN_OFF = 0.1
_MOST_LAG_S = 0.1
_SAME_TIME = 0.5


@dataclass(frozen=True)
class LimbLeadMisfit:
    """Limb leads that contradict one another.

    Parameters
    ----------
    cause : {"order", "sign", "gain", "sign and gain", "delay", "not simultaneous", "unexplained"}
        What explains it.
    leads : tuple of str
        Those that do not fit; all that were checked if that cannot be told.
    reason : str
        One sentence.
    """

    cause: str
    leads: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class _Explanation:
    cost: int
    left: float
    cause: str
    leads: tuple[str, ...]
    words: str


def check_limb_leads(
    ecg_mv: NDArray[np.floating],
    leads: Sequence[str],
    fs_hz: float,
    usable: Flags,
    missing: Flags | None = None,
    agreement: Floats | None = None,
) -> LimbLeadMisfit | None:
    """Check Einthoven's and Goldberger's identities on the limb leads that are there.

    Parameters
    ----------
    ecg_mv : (n_leads, n_samples) float array
        Without drift and hum, which filters take from each lead differently; finite.
    leads : sequence of str
    fs_hz : float
    usable : (n_leads,) bool
        Leads with a signal that is not cut at its extremes.
    missing : (n_leads, n_missing) bool, optional
        Where the record has no samples, at any rate.
    agreement : (n_leads,) float64, optional
        How far each lead's beats coincide with the others' (`LeadStatistics.agreement`).

    Returns
    -------
    LimbLeadMisfit or None
        None if all identities hold, or fewer than three limb leads can be checked.

    Notes
    -----
    In stretches of 2 s, those with missing samples left out: the part of the leads' energy that
    lies outside the plane in which all limb leads lie. It must be too large in more than half of
    them. One lead turned over or of another gain, exchanged leads, any other order (with one lead
    turned over), the augmented leads of another gain, and a delay of one lead are tried; the one
    that changes fewest leads and leaves less than 30 % of the contradiction is said. Two equally
    good ones are both said. A quantised file breaks no identity by more than a fiftieth.
    """
    rows = [row for row, lead in enumerate(leads) if lead in LIMB_LEADS and usable[row]]
    names = [leads[row] for row in rows]
    if len(rows) < 3:
        return None
    signal = np.asarray(ecg_mv[rows], dtype=np.float64)
    blocks = _blocks(signal, fs_hz, None if missing is None else missing[rows])
    if not len(blocks):
        return None
    plane = _directions(names)
    outside = np.eye(len(names)) - plane @ np.linalg.pinv(plane)
    grams = np.einsum("bln,bmn->blm", blocks, blocks)
    shares = _contradiction(outside, grams)
    missed_mv = np.sqrt(np.einsum("lm,bml->b", outside, grams) / blocks[0].size)
    broken = (shares > _CONTRADICTION) & (missed_mv > _LEAST_MV)
    if broken.mean() <= 0.5:
        return None
    # Each stretch counts the same: a jump of one lead does not speak for the rest of the record.
    energies = np.trace(grams[broken], axis1=1, axis2=2)
    gram = np.mean(grams[broken] / energies[:, None, None], axis=0)
    share = float(_contradiction(outside, gram))
    found = _explained(names, outside, gram, share) or _delayed(names, blocks[broken], share, fs_hz)
    by_mv, identity = _largest_misfit(names, blocks[broken])
    if found is not None:
        return _named(found, names, by_mv, identity)
    if np.median(shares) < _UNEXPLAINED:
        return None
    return _unexplained(names, by_mv, identity, None if agreement is None else agreement[rows])


def _blocks(signal: Floats, fs_hz: float, missing: Flags | None) -> Floats:
    """Cut (n_blocks, n_leads, n) stretches that no lead lacks."""
    n_leads, n_samples = signal.shape
    length = min(round(_BLOCK_S * fs_hz), n_samples)
    n_blocks = n_samples // length
    cut = signal[:, : n_blocks * length].reshape(n_leads, n_blocks, length).swapaxes(0, 1)
    cut = cut - cut.mean(axis=2, keepdims=True)
    if missing is None or not missing.any():
        return np.asarray(cut)
    edges = np.linspace(0, missing.shape[1] * n_blocks * length / n_samples, n_blocks + 1)
    whole = [
        missing[:, int(start) : int(stop)].mean(axis=1).max() <= _MAX_MISSING
        for start, stop in pairwise(edges)
    ]
    return np.asarray(cut[np.array(whole)])


def _directions(names: Sequence[str]) -> Floats:
    """Return each lead as (weight of I, weight of II), (n_leads, 2)."""
    weights, order = derive_limb_leads(np.eye(2), ("I", "II"))
    return np.array([weights[order.index(name)] for name in names], dtype=np.float64)


def _contradiction(outside: Floats, grams: Floats) -> Floats:
    """Return the root of the share of energy outside the plane, of (…, k, k) Gram matrices."""
    energy = np.trace(grams, axis1=-2, axis2=-1)
    left = np.einsum("lm,...ml->...", outside, grams)
    return np.asarray(np.sqrt(np.maximum(left, 0.0) / np.maximum(energy, 1e-12)))


def _explained(
    names: Sequence[str], outside: Floats, gram: Floats, share: float
) -> list[_Explanation] | None:
    """Return the explanations that change fewest leads, the best and those as good as it."""
    limit = _LEFT * share
    possible = [one for one in _single_leads(names, outside, gram) if one.left < limit]
    possible += list(_other_orders(names, outside, gram, limit))
    if not possible:
        return None
    cost = min(one.cost for one in possible)
    cheapest = sorted((one for one in possible if one.cost == cost), key=lambda one: one.left)
    as_good = max(_AS_GOOD * cheapest[0].left, limit / 10)
    return [one for one in cheapest if one.left <= as_good]


def _single_leads(names: Sequence[str], outside: Floats, gram: Floats) -> Iterator[_Explanation]:
    """Try another gain, or sign, of each lead and of the augmented leads together."""
    augmented = [row for row, name in enumerate(names) if name in _AUGMENTED]
    groups = [[row] for row in range(len(names))]
    if 1 < len(augmented) < len(names):
        groups.append(augmented)
    for group in groups:
        gain = _fitted_gain(outside, gram, group)
        if abs(gain - 1.0) < _GAIN_OFF or not 0.02 < abs(gain) < 50.0:
            continue
        scale = np.ones(len(names))
        scale[group] = 1.0 / gain
        left = float(_contradiction(outside, gram * np.outer(scale, scale)))
        of = tuple(names[row] for row in group)
        is_are = "is" if len(of) == 1 else "are"
        if abs(gain + 1.0) < _GAIN_OFF:
            cause, words = "sign", f"{_listed(of)} {is_are} turned over"
        elif gain > 0:
            cause, words = "gain", f"{_listed(of)} {is_are} at {gain:.2f} of the others' gain"
        else:
            cause = "sign and gain"
            words = f"{_listed(of)} {is_are} turned over and at {-gain:.2f} of the others' gain"
        yield _Explanation(len(group), left, cause, of, words)


def _fitted_gain(outside: Floats, gram: Floats, group: Sequence[int]) -> float:
    """Return the gain of some leads that brings all into one plane best.

    With the leads scaled by 1/g the energy outside is a parabola in 1/g: a + 2 b/g + c/g².
    """
    inside = np.zeros(len(gram), dtype=bool)
    inside[list(group)] = True
    product = outside * gram
    mixed = float(product[np.ix_(inside, ~inside)].sum())
    own = float(product[np.ix_(inside, inside)].sum())
    return -own / mixed if mixed else np.inf


def _other_orders(
    names: Sequence[str], outside: Floats, gram: Floats, limit: float
) -> Iterator[_Explanation]:
    """Try every order of the leads, with none or one of them turned over."""
    n_leads = len(names)
    orders = np.array(list(permutations(range(n_leads))))
    ordered = gram[orders[:, :, None], orders[:, None, :]]
    signs = np.ones((n_leads + 1, n_leads))
    signs[np.arange(1, n_leads + 1), np.arange(n_leads)] = -1.0
    left = np.einsum("sl,sm,lm,olm->os", signs, signs, outside, ordered)
    left = np.sqrt(np.maximum(left, 0.0) / np.trace(gram))
    moved = (orders != np.arange(n_leads)).sum(axis=1)
    for row, column in zip(*np.nonzero(left < limit), strict=True):
        if not moved[row]:
            continue
        # To turn a lead over as well costs more than to exchange two.
        cost = max(1, int(moved[row]) - 1) + (2 if column else 0)
        stored = tuple(names[place] for place in np.argsort(orders[row]))
        if stored == _CABRERA and (not column or names[column - 1] == "aVR"):
            cost = 1
        yield _order(names, orders[row], int(column), cost, float(left[row, column]))


def _order(
    names: Sequence[str], order: NDArray[np.intp], turned: int, cost: int, left: float
) -> _Explanation:
    changed = [place for place in range(len(names)) if order[place] != place]
    if len(changed) == 2:
        words = f"{_listed([names[place] for place in changed])} are exchanged"
    else:
        stored = ", ".join(f"{names[place]} stored as {names[order[place]]}" for place in changed)
        words = f"the leads are in another order, such as {stored}"
    if turned:
        words += f", and {names[turned - 1]} is turned over"
    leads = {names[place] for place in changed} | ({names[turned - 1]} if turned else set())
    return _Explanation(cost, left, "order", tuple(name for name in names if name in leads), words)


def _delayed(
    names: Sequence[str], blocks: Floats, share: float, fs_hz: float
) -> list[_Explanation] | None:
    """Try a delay of one lead, if the others fit one another."""
    if len(names) < 4:
        return None
    n_samples = blocks.shape[2]
    most = min(max(1, round(_MOST_LAG_S * fs_hz)), n_samples // 4)
    for row, name in enumerate(names):
        others = [other for other in range(len(names)) if other != row]
        plane = _directions([names[other] for other in others])
        weights = _directions([name])[0] @ np.linalg.pinv(plane)
        expected = np.einsum("o,bon->bn", weights, blocks[:, others])
        inner = slice(most, n_samples - most)
        size = float((expected[:, inner] ** 2).sum())
        best, lag = min(
            (float(((np.roll(blocks[:, row], -by, axis=1) - expected)[:, inner] ** 2).sum()), by)
            for by in range(-most, most + 1)
        )
        if lag and size > 0 and np.sqrt(best / size) < _LEFT * share:
            by_ms = 1000 * abs(lag) / fs_hz
            words = f"{name} {'lags behind' if lag > 0 else 'is ahead'} by {by_ms:.0f} ms"
            return [_Explanation(1, np.sqrt(best / size), "delay", (name,), words)]
    return None


def _largest_misfit(names: Sequence[str], blocks: Floats) -> tuple[float, str]:
    """Return by how much, in mV, the identity that is broken most is off, and that identity."""
    worst, identity = 0.0, ""
    for three, text in _IDENTITIES.items():
        if not set(three) <= set(names):
            continue
        by_mv = _off(names, three, blocks)
        if by_mv > worst:
            worst, identity = by_mv, text
    if identity:
        return worst, identity
    return max(
        (_off(names, three, blocks), f"{three[0]}, {three[1]} and {three[2]}")
        for three in combinations(names, 3)
    )


def _off(names: Sequence[str], three: Sequence[str], blocks: Floats) -> float:
    rows = [list(names).index(name) for name in three]
    first, second, third = _directions(three)
    weights = np.linalg.solve(np.array([first, second]).T, third)
    off = blocks[:, rows[2]] - np.einsum("w,bwn->bn", weights, blocks[:, rows[:2]])
    return float(np.abs(off).max())


def _named(
    found: Sequence[_Explanation], names: Sequence[str], by_mv: float, identity: str
) -> LimbLeadMisfit:
    first = found[0]
    leads = {lead for one in found for lead in one.leads}
    ordered = tuple(name for name in names if name in leads)
    if len(found) == 1:
        fit = "does not fit" if len(first.leads) == 1 else "do not fit"
        who = (
            f"lead{'s' * (len(first.leads) > 1)} {_listed(first.leads)} {fit} the other limb leads"
        )
        reason = f"{who} ({identity} is off by up to {by_mv:.1f} mV): {first.words}"
    else:
        reason = (
            f"limb leads contradict one another ({identity} is off by up to {by_mv:.1f} mV): "
            f"{', or '.join(one.words for one in found)}"
        )
    causes = {one.cause for one in found}
    return LimbLeadMisfit(" or ".join(sorted(causes)), ordered, reason)


def _unexplained(
    names: Sequence[str], by_mv: float, identity: str, agreement: Floats | None
) -> LimbLeadMisfit:
    said = f"limb leads contradict one another ({identity} is off by up to {by_mv:.1f} mV)"
    if agreement is not None and np.nanmin(agreement) < _SAME_TIME:
        return LimbLeadMisfit(
            "not simultaneous",
            tuple(names),
            f"{said}: their beats do not coincide, so they were not recorded at the same time",
        )
    return LimbLeadMisfit(
        "unexplained",
        tuple(names),
        f"{said}: neither order, sign, gain nor delay of a lead explains it",
    )


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
