"""How disturbances move the measurements: ``python -m benchmarks.disturbances DATA``.

Hum, muscle noise and baseline wander are added to real ECGs; what is measured is compared with
what is measured on the same ECG before. Each row says how many ECGs are off by more than 10 ms,
how many are not measurable any more, and the largest error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import wfdb
from numpy.typing import NDArray

from benchmarks.parts import run_parts
from benchmarks.quality import read_ptb_xl
from benchmarks.twelve_lead_sets import twelve_lead_sets
from physioclr.physiology.measurements import Measurements, measure
from physioclr.records import EcgRecord
from physioclr.signal.gaps import fill_gaps
from physioclr.signal.mains_hum import find_mains_hum
from physioclr.signal.resampling import resample
from physioclr.signal.wave_input import filter_at_network_rate
from studies.references.ludb import read_ludb

__all__ = ["ELECTRODES", "with_hum", "with_noise"]

Floats = NDArray[np.float64]
Rows = dict[str, dict[str, float]]

# What one electrode's potential adds to each lead (Einthoven, Goldberger, Wilson).
ELECTRODES: Mapping[str, Mapping[str, float]] = {
    "RA": {"I": -1, "II": -1, "aVR": 1, "aVL": -1 / 2, "aVF": -1 / 2, "V": -1 / 3},
    "LA": {"I": 1, "III": -1, "aVR": -1 / 2, "aVL": 1, "aVF": -1 / 2, "V": -1 / 3},
    "LL": {"II": 1, "III": 1, "aVR": -1 / 2, "aVL": -1 / 2, "aVF": 1, "V": -1 / 3},
    **{f"V{number}": {f"V{number}": 1.0} for number in range(1, 7)},
}
_INTERVALS = ("pr_ms", "qrs_ms", "qt_ms")
_OFF_MS = 10.0


def with_hum(
    record: EcgRecord,
    electrode: str,
    mains_hz: float,
    amplitude_mv: float,
    *,
    envelope: Callable[[Floats], Floats] = np.ones_like,
    third_harmonic: float = 0.0,
    seed: int = 0,
) -> EcgRecord:
    """Put the hum of the mains on one electrode.

    Parameters
    ----------
    record : EcgRecord
    electrode : str
        One of `ELECTRODES`.
    mains_hz, amplitude_mv : float
        Of the sine at the electrode.
    envelope : callable
        From time in s to what the amplitude is multiplied by.
    third_harmonic : float
        Its amplitude as a share of the fundamental's.
    seed : int
        Of the phases.

    Returns
    -------
    EcgRecord
    """
    rng = np.random.default_rng(seed)
    time_s = np.arange(record.n_samples) / record.fs_hz
    phase, phase_of_third = rng.uniform(0, 2 * np.pi, size=2)
    wave = np.sin(2 * np.pi * mains_hz * time_s + phase)
    wave += third_harmonic * np.sin(6 * np.pi * mains_hz * time_s + phase_of_third)
    potential_mv = amplitude_mv * envelope(time_s) * wave
    added = ELECTRODES[electrode]
    share = [added.get(lead, added.get("V", 0.0) if lead[0] == "V" else 0) for lead in record.leads]
    signal_mv = record.signal_mv + np.array(share)[:, None] * potential_mv
    return EcgRecord(signal_mv, record.fs_hz, record.leads, record.record_id)


def with_noise(
    record: EcgRecord, noise: Floats, snr_db: float, rng: np.random.Generator
) -> EcgRecord:
    """Add noise to every lead, each a stretch of its own, at one ratio of powers (0.5 to 40 Hz).

    Parameters
    ----------
    record : EcgRecord
    noise : (n_channels, n) float64
        At the record's rate.
    snr_db : float
    rng : Generator

    Returns
    -------
    EcgRecord
    """
    signal = record.signal_mv.astype(np.float64)
    power = np.var(filter_at_network_rate(signal, record.fs_hz)[0], axis=1)
    for lead in range(record.n_leads):
        start = rng.integers(noise.shape[1] - record.n_samples)
        added = noise[rng.integers(len(noise)), start : start + record.n_samples]
        signal[lead] += added * np.sqrt(power[lead] / np.var(added) / 10 ** (snr_db / 10))
    return EcgRecord(signal, record.fs_hz, record.leads, record.record_id)


def _drifting(time_s: Floats) -> Floats:
    return np.asarray(1 + 0.4 * np.sin(2 * np.pi * 0.15 * time_s))


def _stepping(time_s: Floats) -> Floats:
    return np.where(time_s > time_s[-1] / 2, 1.0, 0.3)


def _swaying(time_s: Floats) -> Floats:
    return np.asarray(1 + 0.8 * np.sin(2 * np.pi * 0.7 * time_s))


def run_hum(data: Path) -> Rows:
    """Put hum on electrodes of every sixth PTB-XL record and every fourth of LUDB."""
    records = read_ptb_xl(data / "ptb-xl")[1][::6]
    records += [item.record for item in read_ludb(data / "ludb")][::4]
    rows: Rows = {}
    kinds = {
        "50 Hz, 0.1 mV": {"mains_hz": 50.0, "amplitude_mv": 0.1},
        "50 Hz, 0.3 mV": {"mains_hz": 50.0, "amplitude_mv": 0.3},
        "60 Hz, 0.3 mV": {"mains_hz": 60.0, "amplitude_mv": 0.3},
        "50 Hz, 1 mV": {"mains_hz": 50.0, "amplitude_mv": 1.0},
        "49.5 Hz, 0.3 mV ± 40 % in 7 s, third harmonic 30 %": {
            "mains_hz": 49.5,
            "amplitude_mv": 0.3,
            "envelope": _drifting,
            "third_harmonic": 0.3,
        },
        "60.5 Hz, 0.3 mV after 0.09 mV": {
            "mains_hz": 60.5,
            "amplitude_mv": 0.3,
            "envelope": _stepping,
        },
        "50 Hz, 0.3 mV ± 80 % in 1.4 s": {
            "mains_hz": 50.0,
            "amplitude_mv": 0.3,
            "envelope": _swaying,
        },
    }
    for name, kind in kinds.items():
        rows[name] = _moved(
            records,
            lambda index, record, kind=kind: with_hum(
                record, list(ELECTRODES)[index % len(ELECTRODES)], seed=index, **kind
            ),
        )
    for fs_hz in (100.0, 125.0, 250.0, 1000.0):
        at_rate = [_at(record, fs_hz) for record in records]
        for mains_hz in (50.0, 60.0):
            rows[f"{mains_hz:g} Hz, 0.3 mV, sampled at {fs_hz:g} Hz"] = _moved(
                at_rate,
                lambda index, record, mains_hz=mains_hz: with_hum(
                    record, ("RA", "LA", "LL")[index % 3], mains_hz, 0.3, seed=index
                ),
            )
    return rows


def _at(record: EcgRecord, fs_hz: float) -> EcgRecord:
    signal_mv = resample(record.signal_mv, record.fs_hz, fs_hz)
    return EcgRecord(signal_mv, fs_hz, record.leads, record.record_id)


def run_lines(data: Path) -> Rows:
    """Count the records of each set in which hum is found as they are."""
    rows: Rows = {}
    for name, records in twelve_lead_sets(data).items():
        hums = [find_mains_hum(fill_gaps(r.signal_mv)[0], r.fs_hz) for r in records]
        sizes = [float(hum.amplitude_mv.max()) for hum in hums if hum is not None]
        rows[name] = {
            "records": float(len(records)),
            "with hum": float(len(sizes)),
            "largest mV": max(sizes, default=0.0),
        }
    return rows


def run_noise(data: Path) -> Rows:
    """Add the second half of the noise stress records, which no training saw."""
    records = read_ptb_xl(data / "ptb-xl")[1][::6]
    records += [item.record for item in read_ludb(data / "ludb")][::4]
    rows: Rows = {}
    for kind in ("ma", "bw"):
        noise = read_noise(data / "nstdb" / kind)
        for snr_db in (24.0, 12.0, 6.0, 0.0):
            rng = np.random.default_rng(7)
            rows[f"{kind}, {snr_db:g} dB"] = _moved(
                records,
                lambda _, record, noise=noise, snr_db=snr_db, rng=rng: with_noise(
                    record, noise, snr_db, rng
                ),
            )
    return rows


def read_noise(stem: Path) -> Floats:
    """Read the second half of a noise stress record at 500 Hz."""
    recording = wfdb.rdrecord(str(stem))
    late = recording.p_signal[recording.sig_len // 2 :].T
    return np.asarray(resample(np.nan_to_num(late), recording.fs, 500.0), dtype=np.float64)


def _moved(
    records: Sequence[EcgRecord], disturbed: Callable[[int, EcgRecord], EcgRecord]
) -> dict[str, float]:
    """Compare the intervals of every record before and after it is disturbed."""
    before = [_intervals(measure(record)) for record in records]
    after = [_intervals(measure(disturbed(index, record))) for index, record in enumerate(records)]
    known, moved = np.isfinite(before), np.array(after) - np.array(before)
    row: dict[str, float] = {"records": float(len(records))}
    for column, name in enumerate(_INTERVALS):
        of_both = np.abs(moved[np.isfinite(moved[:, column]), column])
        row |= {
            f"{name} off": float((of_both > _OFF_MS).sum()),
            f"{name} lost": float((known & ~np.isfinite(after))[:, column].sum()),
            f"{name} largest": float(of_both.max(initial=0.0)),
        }
    return row


def _intervals(measured: Measurements) -> list[float]:
    return [measured.scalars()[name] for name in _INTERVALS]


RUN: dict[str, Callable[[Path], Rows]] = {
    "hum": run_hum,
    "noise": run_noise,
    "lines": run_lines,
}


def main() -> None:
    run_parts(__doc__, "nstdb/ and the sets of `twelve_lead_sets`", RUN)


if __name__ == "__main__":
    main()
