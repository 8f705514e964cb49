"""Noise to stress an encoder with: recorded where there is a recording, else simulated.

Noise enters where an electrode meets the skin. Each source draws what nine electrodes pick up
(RA, LA, LL, V1–V6); leads are differences of electrodes, so Einthoven's and Goldberger's
identities hold for the noise as they do for the heart.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from physioclr.datasets.baseline_features import INDEPENDENT_LEADS
from physioclr.io import read_ecg
from physioclr.leads import ELECTRODES, STANDARD_LEADS, derive_limb_leads, in_standard_order
from physioclr.records import EcgRecord
from physioclr.signal.resampling import resample
from physioclr.simulate.noise import NOISE_RANGES_MV, NoiseLevels, simulate_noise

__all__ = ["NoiseSource", "noise_sources", "recorded_noise"]

Draw = Callable[[int, float, np.random.Generator], NDArray[np.floating]]

_RESPIRATION_HZ = (0.15, 0.3)
_EVENTS_PER_S = 1.0
_RISE_S, _DECAY_S = (0.02, 0.15), (0.2, 1.5)
_LAST_EVENT = 0.9
_RECORDS = {"baseline wander": "bw", "muscle": "ma", "electrode motion": "em"}
"""The records of the MIT-BIH Noise Stress Test Database."""


@dataclass(frozen=True, eq=False)
class NoiseSource:
    """One kind of noise.

    Parameters
    ----------
    name : str
    simulated : bool
        Whether it comes from a model and not from a recording.
    draw : callable
        Takes the samples wanted, the sampling rate in Hz and a generator. Returns
        (8, n_samples), the noise in I, II, V1–V6, in a unit that is the same in all leads.
    """

    name: str
    simulated: bool
    draw: Draw

    def in_standard_leads(
        self, n_samples: int, fs_hz: float, rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Draw noise of the twelve standard leads.

        Parameters
        ----------
        n_samples : int
        fs_hz : float
        rng : numpy.random.Generator

        Returns
        -------
        (12, n_samples) float64
            Rows as `STANDARD_LEADS`; each about its mean.
        """
        drawn = np.asarray(self.draw(n_samples, fs_hz, rng), dtype=np.float64)
        signal, leads = in_standard_order(*derive_limb_leads(drawn, INDEPENDENT_LEADS))
        if leads != STANDARD_LEADS or signal.shape != (len(STANDARD_LEADS), n_samples):
            raise ValueError(f"draw must return (8, {n_samples}), got {drawn.shape}")
        return np.asarray(signal - signal.mean(axis=1, keepdims=True), dtype=np.float64)


def noise_sources(nstdb: Path | None = None) -> tuple[NoiseSource, ...]:
    """Return baseline wander, muscle noise and electrode motion.

    Parameters
    ----------
    nstdb : Path, optional
        The folder of the MIT-BIH Noise Stress Test Database (Moody, Muldrow, Mark 1984, Computers
        in Cardiology 11:381). A kind whose record (``bw``, ``ma``, ``em``) lies there is recorded,
        the others are simulated; all are without it.

    Returns
    -------
    tuple of NoiseSource

    Raises
    ------
    RecordError
        If a record is damaged.

    Notes
    -----
    Simulated wander and muscle noise are those of `physioclr.simulate.noise`. Simulated electrode
    motion is a model of ours of what Webster describes (1984, IEEE Trans Biomed Eng 31:823,
    doi:10.1109/TBME.1984.325244): skin is stretched, the potential at one electrode jumps and
    comes back. About one event a second falls on any of the nine; each rises with a time constant
    of 20 to 150 ms and decays with one of 0.2 to 1.5 s, to either side, its size log-normal.
    """
    models: dict[str, Draw] = {
        "baseline wander": partial(_simulated, ("wander", "drift")),
        "muscle": partial(_simulated, ("muscle",)),
        "electrode motion": _electrode_motion,
    }
    sources = []
    for name, model in models.items():
        header = None if nstdb is None else nstdb / f"{_RECORDS[name]}.hea"
        if header is not None and header.is_file():
            sources.append(recorded_noise(header, name))
        else:
            sources.append(NoiseSource(name, True, model))
    return tuple(sources)


def recorded_noise(header: Path, name: str) -> NoiseSource:
    """Take noise from a recording.

    Parameters
    ----------
    header : Path
        Of a WFDB record, such as ``nstdb/ma.hea``. Each of its channels stands for what one
        electrode may pick up.
    name : str

    Returns
    -------
    NoiseSource
        Every electrode gets a stretch of its own: a channel and a beginning drawn at random,
        resampled, about its mean, as strong as it was recorded. Stretches may overlap.

    Raises
    ------
    RecordError
        If the file cannot be read.
    """
    return NoiseSource(name, False, partial(_stretches, read_ecg(header)))


def _stretches(
    recording: EcgRecord, n_samples: int, fs_hz: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    n_recorded = math.ceil(n_samples * recording.fs_hz / fs_hz) + 1
    if n_recorded > recording.n_samples:
        raise ValueError(
            f"n_samples must not exceed the {recording.duration_s:g} s of the recording, "
            f"got {n_samples / fs_hz:g} s"
        )
    channels = rng.integers(recording.n_leads, size=len(ELECTRODES))
    starts = rng.integers(recording.n_samples - n_recorded + 1, size=len(ELECTRODES))
    taken = np.stack(
        [
            recording.signal_mv[channel, start : start + n_recorded]
            for channel, start in zip(channels, starts, strict=True)
        ]
    )
    potentials = resample(taken, recording.fs_hz, fs_hz)[:, :n_samples]
    return _between(potentials - potentials.mean(axis=1, keepdims=True))


def _simulated(
    kinds: tuple[str, ...], n_samples: int, fs_hz: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    typical = {
        f"{kind}_mv": middle if kind in kinds else 0.0
        for kind, (_, middle, _) in NOISE_RANGES_MV.items()
    }
    levels = NoiseLevels(**typical, mains_hz=50.0)
    return simulate_noise(levels, n_samples, fs_hz, rng.uniform(*_RESPIRATION_HZ), rng)


def _electrode_motion(
    n_samples: int, fs_hz: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    times_s = np.arange(n_samples) / fs_hz
    duration_s = n_samples / fs_hz
    potentials = np.zeros((len(ELECTRODES), n_samples))
    for _ in range(max(1, rng.poisson(_EVENTS_PER_S * duration_s))):
        electrode = rng.integers(len(ELECTRODES))
        since = np.clip(times_s - rng.uniform(0, _LAST_EVENT * duration_s), 0, None)
        size = rng.choice((-1, 1)) * rng.lognormal(sigma=0.5)
        rise_s, decay_s = rng.uniform(*_RISE_S), rng.uniform(*_DECAY_S)
        potentials[electrode] += size * (1 - np.exp(-since / rise_s)) * np.exp(-since / decay_s)
    return _between(potentials)


def _between(potentials: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take the leads I, II, V1–V6 between RA, LA, LL, V1–V6 and Wilson's central terminal."""
    ra, la, ll = potentials[:3]
    central = potentials[:3].mean(axis=0)
    return np.concatenate([[la - ra, ll - ra], potentials[3:] - central])
