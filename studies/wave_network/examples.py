"""Training examples: LUDB and simulated ECGs warped, quickened and mixed with recorded noise."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from physioclr.records import EcgRecord
from physioclr.signal.gaps import fill_gaps
from physioclr.signal.wave_input import NETWORK_HZ, filter_at_network_rate, scale_leads
from physioclr.simulate import SimulatedCohort
from studies.references.ludb import WAVES, LudbRecord
from studies.wave_network.conduction import (
    block_p,
    dissociate_p,
    flatten_p,
    shift_p,
    widen_qrs,
)
from studies.wave_network.rhythms import erase_p, quicken

__all__ = ["Source", "draw_example", "from_ludb", "from_simulated", "without_p"]

Floats = NDArray[np.float32]

_MARGIN_S = 0.024
_PEAK_SD_S = 0.010
_UNMARKED_S = 0.06
_VAGUE_S = 0.032
_QUICKENED, _WITHOUT_P = 0.3, 0.08
_TURNED_OVER = 0.25
_WIDENED = 0.25
# What is done to P waves, and how often; to the rest nothing.
_P_CHANGES = ((shift_p, 0.12), (block_p, 0.05), (dissociate_p, 0.05), (flatten_p, 0.12))


@dataclass(frozen=True, eq=False)
class Source:
    """A record at 250 Hz with what is known of its waves.

    Parameters
    ----------
    filtered_mv : (n_leads, n_samples) float32
    waves : list of dict of str to (n_waves, 3) float64
        For each lead onset, peak and end in seconds, NaN where unmarked.
    span_s : (n_leads, 2) float64
        Where waves are marked.
    only_p : bool
        Whether nothing but "no P wave anywhere" is known.
    vague_s : float
        How far from an onset or end it is not known on which side of it a sample of one lead lies:
        0 where each lead was marked for itself. Peaks are then unknown too.
    """

    filtered_mv: Floats
    waves: list[dict[str, NDArray[np.float64]]]
    span_s: NDArray[np.float64]
    only_p: bool = False
    vague_s: float = 0.0


def from_ludb(item: LudbRecord) -> Source:
    """Bring one LUDB record to the network's rate."""
    fs_hz = item.record.fs_hz
    filtered, step = filter_at_network_rate(item.record.signal_mv, fs_hz)
    grid_s = np.arange(filtered.shape[1]) * step / fs_hz
    wanted_s = np.arange(filtered.shape[1]) / NETWORK_HZ
    rows = [np.interp(wanted_s, grid_s, row) for row in filtered]
    experts = [item.expert[lead] for lead in item.record.leads]
    return Source(
        np.array(rows, dtype=np.float32),
        [{wave: marks / fs_hz for wave, marks in expert.waves.items()} for expert in experts],
        np.array([(expert.first, expert.last) for expert in experts]) / fs_hz,
    )


def without_p(record: EcgRecord) -> Source:
    """Bring a record known to have no P wave (atrial fibrillation) to the network's rate."""
    filtered, _ = filter_at_network_rate(fill_gaps(record.signal_mv)[0], record.fs_hz)
    nothing = {wave: np.empty((0, 3)) for wave in WAVES}
    span_s = np.tile([0.0, record.duration_s], (record.n_leads, 1))
    return Source(filtered, [nothing] * record.n_leads, span_s, only_p=True)


def from_simulated(cohort: SimulatedCohort, index: int) -> Source:
    """Bring one simulated ECG to the network's rate.

    Its fiducials are exact but global: in a single lead a wave may begin later or end earlier, so
    32 ms on either side of a mark teach nothing. A P wave that meets a QRS cannot be seen and is
    left out.
    """
    record = cohort.record(index)
    filtered, _ = filter_at_network_rate(record.signal_mv, record.fs_hz)
    beats = cohort.beats[cohort.beats["record"] == index]
    waves = {}
    for wave, peak in zip(WAVES, ("p_peak", "r_peak", "t_peak"), strict=True):
        marks = beats[[f"{wave}_on", peak, f"{wave}_off"]].to_numpy(dtype=np.float64)
        waves[wave] = marks[np.isfinite(marks[:, 1])] / record.fs_hz
    lone = cohort.lone_p[cohort.lone_p["record"] == index]
    marks = lone[["p_on", "p_peak", "p_off"]].to_numpy(dtype=np.float64) / record.fs_hz
    waves["p"] = np.concatenate([waves["p"], _clear_of(waves["qrs"], marks)])
    waves["p"] = waves["p"][np.argsort(waves["p"][:, 1])]
    span_s = np.tile([0.0, record.duration_s], (record.n_leads, 1))
    return Source(filtered, [waves] * record.n_leads, span_s, vague_s=_VAGUE_S)


def _clear_of(qrs: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    meets = (p[:, None, 0] < qrs[None, :, 2]) & (p[:, None, 2] > qrs[None, :, 0])
    return p[~meets.any(axis=1)]


def draw_example(
    source: Source,
    noise: Floats,
    n_leads: int,
    n_samples: int,
    rng: np.random.Generator,
) -> tuple[Floats, Floats, Floats]:
    """Draw leads, a span and a disturbance.

    Parameters
    ----------
    source : Source
    noise : (n_rows, n_noise) float32
        Recorded noise at 250 Hz, each row of standard deviation 1.
    n_leads, n_samples : int
    rng : Generator

    Returns
    -------
    leads : (n_leads, n_samples) float32
        As `physioclr.signal.wave_input.wave_input` gives them.
    target, known : (n_leads, 6, n_samples) float32
        Inside P, QRS, T and peak of P, R, T; and where that is known.
    """
    if not source.only_p and rng.random() < _WITHOUT_P:
        signal, waves = erase_p(source.filtered_mv, source.waves)
        source = replace(source, filtered_mv=signal, waves=waves)
    if not source.only_p and rng.random() < _QUICKENED:
        signal, waves, span_s = quicken(source.filtered_mv, source.waves, source.span_s, rng)
        source = replace(source, filtered_mv=signal, waves=waves, span_s=span_s)
    if not source.only_p:
        source = _with_disturbed_conduction(source, rng)
    stretch = float(np.exp(rng.uniform(np.log(0.75), np.log(1.35))))
    rows = rng.permutation(len(source.filtered_mv))[:n_leads]
    length_s = n_samples / NETWORK_HZ / stretch
    total_s = source.filtered_mv.shape[1] / NETWORK_HZ
    begin_s = rng.uniform(-0.15 * length_s, max(0.0, total_s - 0.85 * length_s))
    begin_s = min(max(begin_s, 0.0), max(0.0, total_s - length_s))
    at_s = begin_s + np.arange(n_samples) / NETWORK_HZ / stretch
    grid_s = np.arange(source.filtered_mv.shape[1]) / NETWORK_HZ
    leads = np.array([np.interp(at_s, grid_s, source.filtered_mv[row]) for row in rows])
    target = np.zeros((n_leads, 6, n_samples), dtype=np.float32)
    known = np.zeros((n_leads, 6, n_samples), dtype=np.float32)
    for lead, row in enumerate(rows):
        _mark(source, row, at_s, target[lead], known[lead])
    gain = np.exp(0.2 * rng.standard_normal((n_leads, 1)))
    leads *= np.where(rng.random((n_leads, 1)) < _TURNED_OVER, -gain, gain)
    if rng.random() < 0.06:
        leads = _no_heartbeat(n_leads, n_samples, rng)
        target[:], known[:] = 0.0, 1.0
    leads = _disturbed(leads.astype(np.float32), noise, rng)
    scaled = scale_leads(leads) * np.exp(0.25 * rng.standard_normal((n_leads, 1)))
    return scaled.astype(np.float32), target, known


def _with_disturbed_conduction(source: Source, rng: np.random.Generator) -> Source:
    """Draw whether P waves come earlier, more often or smaller, and whether QRS is wide."""
    signal, waves, span_s = source.filtered_mv, source.waves, source.span_s
    drawn = rng.random()
    for change, share in _P_CHANGES:
        if 0 <= drawn < share:
            signal, waves = change(signal, waves, rng)
        drawn -= share
    if rng.random() < _WIDENED:
        signal, waves, span_s = widen_qrs(signal, waves, span_s, rng)
    return replace(source, filtered_mv=signal, waves=waves, span_s=span_s)


def _mark(
    source: Source, row: int, at_s: NDArray[np.float64], target: Floats, known: Floats
) -> None:
    first_s, last_s = source.span_s[row]
    inside = (at_s >= first_s - _MARGIN_S) & (at_s <= last_s + _MARGIN_S)
    known[:, inside] = 1.0
    if source.only_p:
        known[[1, 2, 4, 5]] = 0.0
        return
    for index, wave in enumerate(WAVES):
        for onset_s, peak_s, end_s in source.waves[row][wave]:
            _draw_wave(index, onset_s, peak_s, end_s, at_s, target, known)
    if source.vague_s:
        known[3:] = 0.0
        edges_s = np.concatenate([source.waves[row][wave][:, ::2].ravel() for wave in WAVES])
        for edge_s in edges_s[np.isfinite(edges_s)]:
            known[:3, np.abs(at_s - edge_s) < source.vague_s] = 0.0


def _draw_wave(
    index: int,
    onset_s: float,
    peak_s: float,
    end_s: float,
    at_s: NDArray[np.float64],
    target: Floats,
    known: Floats,
) -> None:
    """Draw the span and the peak of one wave; an unmarked end leaves 60 ms unknown."""
    step_s = at_s[1] - at_s[0]
    from_s = peak_s - _UNMARKED_S if np.isnan(onset_s) else onset_s
    to_s = peak_s + _UNMARKED_S if np.isnan(end_s) else end_s
    reach_s = 4 * _PEAK_SD_S
    first = round((min(from_s, peak_s - reach_s) - at_s[0]) / step_s) - 1
    last = round((max(to_s, peak_s + reach_s) - at_s[0]) / step_s) + 2
    here = slice(max(0, first), max(0, last))
    near_s = at_s[here]
    if not near_s.size:
        return
    peak = np.exp(-0.5 * ((near_s - peak_s) / _PEAK_SD_S) ** 2)
    np.maximum(target[3 + index, here], peak, out=target[3 + index, here])
    covered = np.clip((near_s - from_s) / step_s + 0.5, 0, 1)
    covered *= np.clip((to_s - near_s) / step_s + 0.5, 0, 1)
    np.maximum(target[index, here], covered, out=target[index, here])
    if np.isnan(onset_s):
        known[:3, here][:, near_s < peak_s] = 0.0
    if np.isnan(end_s):
        known[:3, here][:, near_s > peak_s] = 0.0


def _no_heartbeat(n_leads: int, n_samples: int, rng: np.random.Generator) -> Floats:
    """Return asystole with drift, noise alone, or wandering sines for ventricular fibrillation."""
    time_s = np.arange(n_samples) / NETWORK_HZ
    kind = rng.integers(3)
    if kind == 0:
        drift_hz = rng.uniform(0.3, 1.0)
        out = np.sin(2 * np.pi * (drift_hz * time_s + rng.random((n_leads, 1))))
        out += 0.05 * rng.standard_normal((n_leads, n_samples))
    elif kind == 1:
        out = rng.standard_normal((n_leads, n_samples))
        for _ in range(int(rng.integers(1, 4))):
            out[:, 1:] = 0.5 * (out[:, 1:] + out[:, :-1])
    else:
        out = np.zeros((n_leads, n_samples))
        for _ in range(4):
            wander = np.cumsum(rng.standard_normal(n_samples)) * 0.02
            phase = 2 * np.pi * (rng.uniform(3.0, 8.0) * time_s + wander)
            size = 1 + 0.7 * np.sin(2 * np.pi * (rng.uniform(0.1, 0.8) * time_s + rng.random()))
            lag = rng.uniform(0, 2 * np.pi, (n_leads, 1)) * 0.3
            out += rng.uniform(0.2, 1.0, (n_leads, 1)) * size * np.sin(phase + lag)
    return np.asarray(out, dtype=np.float32)


def _disturbed(leads: Floats, noise: Floats, rng: np.random.Generator) -> Floats:
    """Add recorded noise, at 0 to 40 dB below the leads, to some or all of them."""
    if rng.random() < 0.35:
        return leads
    size = np.maximum(leads.std(axis=1, keepdims=True), 1e-6)
    n_samples = leads.shape[1]
    level = 10 ** (-rng.uniform(2.0, 36.0) / 20)
    out = leads.copy()
    for lead in range(len(leads)):
        level_here = level * np.exp(0.7 * rng.standard_normal())
        row, start = rng.integers(len(noise)), rng.integers(noise.shape[1] - n_samples)
        out[lead] += level_here * size[lead] * noise[row, start : start + n_samples]
        if rng.random() < 0.3:
            smooth = rng.standard_normal(n_samples).astype(np.float32)
            smooth[1:] = 0.5 * (smooth[1:] + smooth[:-1])
            out[lead] += 0.5 * level_here * size[lead] * smooth
    return out
