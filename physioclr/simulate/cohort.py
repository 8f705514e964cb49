"""Simulate one ECG, or a cohort of them, with the truth of every beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from physioclr.leads import STANDARD_LEADS
from physioclr.records import EcgRecord
from physioclr.signal.delineation import FIDUCIALS
from physioclr.simulate.conditions import CONDITIONS, Condition
from physioclr.simulate.conduction import (
    CONDUCTION_CONDITIONS,
    Spikes,
    place_conducted_beats,
    place_spikes,
)
from physioclr.simulate.dipole import TO_TWELVE_LEADS
from physioclr.simulate.heartbeats import WaveTimes, shape_heart, time_waves
from physioclr.simulate.noise import draw_noise_levels, simulate_noise
from physioclr.simulate.parameters import HeartParameters, draw_parameters, fix_parameters
from physioclr.simulate.rendering import (
    render_fibrillation,
    render_flutter,
    render_leads,
)
from physioclr.simulate.rhythm import (
    Beats,
    fibrillation_beats,
    insert_premature_beats,
    sinus_beats,
)

__all__ = ["SimulatedCohort", "simulate_cohort", "simulate_record"]

BeatTable = dict[str, NDArray[Any]]

_KNOWN = CONDITIONS | CONDUCTION_CONDITIONS
_LONE_P = ("p_on", "p_peak", "p_off")

_TO_TWELVE_LEADS = TO_TWELVE_LEADS.astype(np.float32)


@dataclass(frozen=True, eq=False)
class SimulatedCohort:
    """ECGs that no person has, and everything that is true of them.

    Parameters
    ----------
    signals_mv : (n_records, 12, n_samples) float32
        Read-only.
    fs_hz : float
    leads : tuple of str
        `physioclr.leads.STANDARD_LEADS`.
    record_ids : tuple of str
    conditions : tuple of str
        Key of `CONDITIONS`, one a record.
    parameters : pandas.DataFrame
        One row a record: the drawn truth. ``heart_rate_bpm`` and ``rr_cv`` are those of the beats
        in the strip (NaN below two and three beats), ``pr_ms``, ``qt_ms``, ``qtc_bazett_ms`` and
        ``qtc_fridericia_ms`` means over its normal beats, taken at the mean RR. The levels of the
        noise are NaN where none was added.
    beats : pandas.DataFrame
        One row a beat whose R peak lies in the strip: ``record`` (index), ``beat``, ``kind``
        (``"normal"``, ``"premature"``), ``rr_ms`` (the interval before; NaN for the first) and the
        nine fiducials in samples (float). A fiducial is NaN where the wave is absent, or lies
        outside the strip. Fiducials are global: onset and end over all leads, as
        `physioclr.simulate.dipole` defines them; peaks are where the dipole is longest.
    lone_p : pandas.DataFrame
        One row a P wave that no QRS follows, in AV block: ``record`` and its three fiducials.
    spikes : pandas.DataFrame
        One row a pacemaker's pulse: ``record``, ``sample`` (float) and ``chamber`` (``"atrium"``,
        ``"ventricle"``).
    """

    signals_mv: NDArray[np.float32]
    fs_hz: float
    leads: tuple[str, ...]
    record_ids: tuple[str, ...]
    conditions: tuple[str, ...]
    parameters: pd.DataFrame
    beats: pd.DataFrame
    lone_p: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["record", *_LONE_P]))
    spikes: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["record", "sample", "chamber"])
    )

    def __len__(self) -> int:
        return len(self.record_ids)

    def record(self, index: int) -> EcgRecord:
        """Return one ECG, marked as simulated.

        Parameters
        ----------
        index : int
            From 0; negative counts from the end.

        Returns
        -------
        EcgRecord

        Raises
        ------
        IndexError
            If there is no such record.
        """
        row = self.parameters.iloc[index]
        return EcgRecord(
            self.signals_mv[index],
            self.fs_hz,
            self.leads,
            self.record_ids[index],
            {
                "simulated": True,
                "source": "simulated",
                "condition": self.conditions[index],
                "age_years": float(row["age_years"]),
                "sex": str(row["sex"]),
            },
        )

    def fiducials(self, index: int) -> pd.DataFrame:
        """Return the nine fiducials of one record: a row a beat, samples, NaN where absent.

        Parameters
        ----------
        index : int

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        IndexError
            If there is no such record.
        """
        position = range(len(self))[index]
        chosen = self.beats[self.beats["record"] == position]
        return chosen[list(FIDUCIALS)].reset_index(drop=True)


@dataclass(frozen=True)
class _Strip:
    """One simulated record before it joins a cohort."""

    signal_mv: NDArray[np.float32]
    parameters: dict[str, Any]
    beats: BeatTable
    lone_p: BeatTable
    spikes: BeatTable


def simulate_cohort(
    n_records: int,
    *,
    seed: int = 0,
    fs_hz: float = 500.0,
    duration_s: float = 10.0,
    conditions: Sequence[str] | None = None,
    noise: bool = True,
) -> SimulatedCohort:
    """Simulate a cohort in which the conditions are equally frequent.

    Parameters
    ----------
    n_records : int
    seed : int
        Record *i* depends on `seed`, *i* and `conditions`, never on `n_records`.
    fs_hz : float
        From 100 Hz. Without noise the waves are the same at every rate.
    duration_s : float
        From 2 s.
    conditions : sequence of str, optional
        Keys of `CONDITIONS` or `CONDUCTION_CONDITIONS`; by default all of the former. Dealt in
        shuffled rounds of one each.
    noise : bool
        Without, the same hearts are clean: noise has a random stream of its own.

    Returns
    -------
    SimulatedCohort

    Raises
    ------
    TypeError
        If a number is not one, or `conditions` is a single string.
    ValueError
        If a value is outside its range or a condition is unknown.
    """
    if isinstance(n_records, bool) or not isinstance(n_records, (int, np.integer)):
        raise TypeError(f"n_records must be an integer, got {n_records!r}")
    if n_records < 1:
        raise ValueError(f"n_records must be at least 1, got {n_records}")
    n_samples = _check_strip(seed, fs_hz, duration_s)
    chosen = _check_conditions(conditions)
    dealt = _deal(chosen, int(n_records), seed)
    signals = np.empty((n_records, 12, n_samples), dtype=np.float32)
    rows: list[dict[str, Any]] = []
    strips: list[_Strip] = []
    for index, condition in enumerate(dealt):
        strip = _simulate(condition, (seed, index), n_samples, fs_hz, noise, {})
        signals[index] = strip.signal_mv
        rows.append(strip.parameters)
        strips.append(strip)
    record_ids = tuple(f"sim-{seed}-{index:05d}" for index in range(n_records))
    keys = tuple(condition.key for condition in dealt)
    parameters = pd.DataFrame(rows)
    parameters.insert(0, "record_id", record_ids)
    parameters.insert(1, "condition", keys)
    signals.setflags(write=False)
    return SimulatedCohort(
        signals_mv=signals,
        fs_hz=float(fs_hz),
        leads=STANDARD_LEADS,
        record_ids=record_ids,
        conditions=keys,
        parameters=parameters,
        beats=_chained([strip.beats for strip in strips]),
        lone_p=_chained([strip.lone_p for strip in strips]),
        spikes=_chained([strip.spikes for strip in strips]),
    )


def _chained(tables: list[BeatTable]) -> pd.DataFrame:
    """Join the tables of all records, with the record's number in front."""
    first = next(iter(tables[0]))
    numbers = [np.full(len(table[first]), index) for index, table in enumerate(tables)]
    columns = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
    return pd.DataFrame({"record": np.concatenate(numbers), **columns})


def simulate_record(
    condition: str = "sinus_rhythm",
    *,
    seed: int = 0,
    fs_hz: float = 500.0,
    duration_s: float = 10.0,
    noise: bool = True,
    **overrides: float | str,
) -> EcgRecord:
    """Simulate one ECG.

    Parameters
    ----------
    condition : str
        A key of `CONDITIONS` or `CONDUCTION_CONDITIONS`.
    seed, fs_hz, duration_s, noise
        As in `simulate_cohort`.
    **overrides : float or str
        Values to fix instead of drawing: ``heart_rate_bpm=60, pr_ms=160, qt_ms=390``. Names as
        in `physioclr.simulate.parameters.HeartParameters`.

    Returns
    -------
    EcgRecord
        ``meta["parameters"]`` holds the record's truth, ``meta["beats"]`` one dict a beat with
        the nine fiducials in samples, ``meta["lone_p"]`` and ``meta["spikes"]`` likewise: see
        `SimulatedCohort`.

    Raises
    ------
    TypeError, ValueError
        As in `simulate_cohort`; also for an unknown or impossible override.
    """
    n_samples = _check_strip(seed, fs_hz, duration_s)
    (chosen,) = _check_conditions((condition,))
    strip = _simulate(chosen, (seed, 0), n_samples, fs_hz, noise, overrides)
    meta = {
        "simulated": True,
        "source": "simulated",
        "condition": chosen.key,
        "age_years": float(strip.parameters["age_years"]),
        "sex": strip.parameters["sex"],
        "parameters": strip.parameters,
        "beats": tuple(pd.DataFrame(strip.beats).to_dict("records")),
        "lone_p": tuple(pd.DataFrame(strip.lone_p).to_dict("records")),
        "spikes": tuple(pd.DataFrame(strip.spikes).to_dict("records")),
    }
    name = f"sim-{chosen.key}-{seed}"
    return EcgRecord(strip.signal_mv, fs_hz, STANDARD_LEADS, name, meta)


def _simulate(
    condition: Condition,
    entropy: tuple[int, int],
    n_samples: int,
    fs_hz: float,
    noise: bool,
    overrides: dict[str, float | str],
) -> _Strip:
    seed, index = entropy
    streams = np.random.SeedSequence(seed, spawn_key=(index,)).spawn(4)
    draws, shape, rhythm, hiss = (np.random.default_rng(stream) for stream in streams)
    parameters = fix_parameters(draw_parameters(condition, draws), condition, overrides)
    duration_s = n_samples / fs_hz
    heart = shape_heart(parameters, condition.morphology, shape)
    beats = _place_beats(condition, parameters, heart.normal.qrs.peak, duration_s, rhythm)
    times = time_waves(parameters, heart, beats, duration_s)
    leads_mv = render_leads(parameters, heart, beats, times, n_samples, fs_hz)
    if condition.conduction == "flutter":
        leads_mv += render_flutter(parameters, beats, n_samples, fs_hz)
    elif np.isfinite(parameters.f_wave_mv):
        leads_mv += render_fibrillation(parameters, n_samples, fs_hz, rhythm)
    clean_mv = leads_mv.astype(np.float32)
    spikes = place_spikes(condition, parameters, times["p_on"], times["qrs_on"], rhythm)
    if spikes is not None:
        spikes.add_to(clean_mv, fs_hz)
    levels = draw_noise_levels(hiss)
    if noise:
        clean_mv += simulate_noise(levels, n_samples, fs_hz, parameters.respiration_hz, hiss)
    table = _beat_table(beats, times, n_samples, fs_hz)
    truth = _truth(parameters, table, fs_hz)
    truth |= {name: value if noise else np.nan for name, value in asdict(levels).items()}
    lone_p = times.lone_p * fs_hz
    lone_p = lone_p[(lone_p[:, 1] >= 0) & (lone_p[:, 1] <= n_samples - 1)]
    return _Strip(
        _TO_TWELVE_LEADS @ clean_mv,
        truth,
        table,
        {name: lone_p[:, column] for column, name in enumerate(_LONE_P)},
        _spike_table(spikes, n_samples, fs_hz),
    )


def _spike_table(spikes: Spikes | None, n_samples: int, fs_hz: float) -> BeatTable:
    if spikes is None:
        return {"sample": np.empty(0), "chamber": np.empty(0, dtype=object)}
    samples = spikes.at_s * fs_hz
    inside = (samples >= 0) & (samples <= n_samples - 1)
    chambers = np.where(spikes.atrial, "atrium", "ventricle").astype(object)
    return {"sample": samples[inside], "chamber": chambers[inside]}


def _place_beats(
    condition: Condition,
    parameters: HeartParameters,
    r_share: float,
    duration_s: float,
    rng: np.random.Generator,
) -> Beats:
    if condition.key in CONDUCTION_CONDITIONS:
        return place_conducted_beats(condition, parameters, r_share, duration_s, rng)
    if np.isfinite(parameters.f_wave_mv):
        return fibrillation_beats(parameters.heart_rate_bpm, parameters.rr_cv, duration_s, rng)
    beats = sinus_beats(
        parameters.heart_rate_bpm, parameters.rr_cv, parameters.respiration_hz, duration_s, rng
    )
    if not np.isfinite(parameters.coupling):
        return beats
    wanted = round(parameters.premature_per_10_s * duration_s / 10)
    if parameters.premature_per_10_s > 0:
        wanted = max(wanted, 1)
    return insert_premature_beats(beats, wanted, parameters.coupling, duration_s, rng)


def _beat_table(beats: Beats, times: WaveTimes, n_samples: int, fs_hz: float) -> BeatTable:
    r_samples = beats.r_s * fs_hz
    inside = (r_samples >= 0) & (r_samples <= n_samples - 1)
    samples = times.seconds[inside] * fs_hz
    samples[(samples < 0) | (samples > n_samples - 1)] = np.nan
    rr_ms = 1000 * np.diff(beats.r_s[inside], prepend=np.nan)
    table: BeatTable = {
        "beat": np.arange(inside.sum()),
        "kind": np.where(beats.premature[inside], "premature", "normal"),
        "rr_ms": rr_ms,
    }
    table |= {name: samples[:, column] for column, name in enumerate(FIDUCIALS)}
    return table


def _truth(parameters: HeartParameters, table: BeatTable, fs_hz: float) -> dict[str, Any]:
    """Take what the strip itself decides from its beats, the rest from the parameters."""
    rr_ms = table["rr_ms"][1:]
    normal = table["kind"] == "normal"
    mean_rr_ms = _mean(rr_ms)
    pr_ms = _mean((table["qrs_on"] - table["p_on"])[normal] / fs_hz * 1000)
    qt_ms = _mean((table["t_off"] - table["qrs_on"])[normal] / fs_hz * 1000)
    return asdict(parameters) | {
        "heart_rate_bpm": 60_000 / mean_rr_ms,
        "rr_cv": float(rr_ms.std() / mean_rr_ms) if rr_ms.size > 1 else float("nan"),
        "pr_ms": pr_ms,
        "qt_ms": qt_ms,
        "qtc_fridericia_ms": qt_ms / (mean_rr_ms / 1000) ** (1 / 3),
        "qtc_bazett_ms": qt_ms / (mean_rr_ms / 1000) ** 0.5,
    }


def _mean(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def _deal(conditions: tuple[Condition, ...], n_records: int, seed: int) -> list[Condition]:
    """Deal rounds of every condition once, each round shuffled by the seed and its number."""
    dealt: list[Condition] = []
    for turn in range(-(-n_records // len(conditions))):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(turn, 0, 0)))
        dealt += [conditions[place] for place in rng.permutation(len(conditions))]
    return dealt[:n_records]


def _check_conditions(conditions: Sequence[str] | None) -> tuple[Condition, ...]:
    if conditions is None:
        return tuple(CONDITIONS.values())
    if isinstance(conditions, str):
        raise TypeError(f"conditions must be a sequence of keys, got the string {conditions!r}")
    if len(conditions) == 0:
        raise ValueError("conditions must name at least one condition, got none")
    for key in conditions:
        if key not in _KNOWN:
            raise ValueError(f"condition must be one of {', '.join(_KNOWN)}, got {key!r}")
    if len(set(conditions)) != len(conditions):
        raise ValueError(f"conditions must not repeat, got {tuple(conditions)}")
    return tuple(_KNOWN[key] for key in conditions)


def _check_strip(seed: int, fs_hz: float, duration_s: float) -> int:
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise TypeError(f"seed must be an integer, got {seed!r}")
    if seed < 0:
        raise ValueError(f"seed must not be negative, got {seed}")
    if not (np.isfinite(fs_hz) and fs_hz >= 100):
        raise ValueError(f"fs_hz must be at least 100, got {fs_hz}")
    if not (np.isfinite(duration_s) and duration_s >= 2):
        raise ValueError(f"duration_s must be at least 2, got {duration_s}")
    return round(duration_s * fs_hz)
