from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from physioclr import cli
from physioclr.datasets.store import Store, StoreWriter
from physioclr.runtime import plugins
from tests.runtime.fake_packages import install_examples

# Small tensors: a second thread costs more than it brings, and two workers share two cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

FS_HZ = 500.0
N_SAMPLES = 5000


def pulse_train(rr_samples: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """12 leads with a narrow pulse a beat, a broad one after it, and a little noise."""
    rng = np.random.default_rng(seed)
    r_peaks = np.arange(200, N_SAMPLES - 200, rr_samples)
    since = np.arange(N_SAMPLES) - r_peaks[:, None]
    wave = np.exp(-((since / 12) ** 2)) + 0.3 * np.exp(-(((since - 150) / 40) ** 2))
    gains = np.linspace(0.4, 1.5, 12)
    signal = gains[:, None] * wave.sum(axis=0) + rng.normal(0, 0.02, (12, N_SAMPLES))
    return signal.astype(np.float32), r_peaks


@pytest.fixture
def run_cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run the command line in this process; return exit code, standard output and error."""

    def run(*arguments: object) -> tuple[int | str, str, str]:
        monkeypatch.setattr("sys.argv", ["physioclr", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        out = capsys.readouterr()
        return stopped.value.code or 0, out.out, out.err

    return run


@pytest.fixture(autouse=True)
def _no_plugin_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "_passed", {})


@pytest.fixture(scope="session")
def _extensions_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_examples(tmp_path_factory.mktemp("site-packages"))


@pytest.fixture
def extensions(_extensions_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the package of examples/extensions for one test; its modules stay imported."""
    monkeypatch.syspath_prepend(_extensions_folder)
    return _extensions_folder


@pytest.fixture(scope="session")
def pulse_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """24 pulse trains of 12 patients at rates from 60 to 120 a minute; half are labelled fast."""
    out: Path = tmp_path_factory.mktemp("stores") / "pulses"
    with StoreWriter(
        out,
        fs_hz=FS_HZ,
        n_samples=N_SAMPLES,
        source="pulse trains",
        simulated=True,
        label_sets={"rate": {"fast": "Fast", "slow": "Slow"}},
    ) as writer:
        for row in range(24):
            rr_samples = 500 - 10 * row
            signal, r_peaks = pulse_train(rr_samples, seed=row)
            fast = float(row >= 12)
            writer.append(
                signal,
                {"record_id": f"pulse-{row:02d}", "patient_id": f"patient-{row // 2:02d}"},
                labels={"rate": {"fast": fast, "slow": 1 - fast}},
                physiology={
                    "rr_ms_median": 2.0 * rr_samples,
                    "qrs_ms_median": 90.0 + row % 3,
                    "pr_ms_median": np.nan if row % 5 == 0 else 160.0 + row % 4,
                },
                beats={
                    "r_peaks_samples": r_peaks.tolist(),
                    "cuts_samples": (r_peaks[1:] - 120).tolist(),
                    "t_peaks_samples": (r_peaks + 150).tolist(),
                },
            )
    return Store(out)


def write_wfdb_pair(folder: Path, name: str, signal_mv: np.ndarray, leads: Sequence[str]) -> Path:
    """Write a header and a 16-bit signal file of 1 µV a unit; NaN is the format's own mark."""
    units = np.where(np.isnan(signal_mv), -32768, np.rint(np.nan_to_num(signal_mv) * 1000))
    samples = units.astype("<i2").T
    checksums = samples.astype(np.int64).sum(axis=0) % 65536
    lines = [
        f"{name} {len(leads)} {FS_HZ:g} {len(samples)}",
        *(
            f"{name}.dat 16 1000/mV 16 0 {first} {checksum} 0 {lead}"
            for first, checksum, lead in zip(samples[0], checksums, leads, strict=True)
        ),
    ]
    (folder / f"{name}.hea").write_text("\n".join(lines) + "\n")
    (folder / f"{name}.dat").write_bytes(samples.tobytes())
    return folder / f"{name}.hea"
