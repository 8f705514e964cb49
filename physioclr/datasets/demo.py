"""The demo cohort: 1,000 simulated ECGs, embedded in the package.

The package ships everything of their store but the signals (``python -m physioclr.datasets.demo
OUT`` makes that folder). The signals follow from the simulator's seed and are made on first use.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from physioclr.datasets.manifest import MANIFEST_NAME, StoreManifest, read_manifest
from physioclr.datasets.simulated import DEMO_RECORDS, DEMO_SEED, simulated_cohort
from physioclr.datasets.standard_form import standardised
from physioclr.datasets.store import Store
from physioclr.datasets.store_writer import TABLE_NAMES, quantised
from physioclr.errors import DatasetError
from physioclr.runtime.cache_folder import cache_folder
from physioclr.runtime.shipped_files import bundled

__all__ = ["build_demo", "open_demo_store"]

_FS_HZ = 500.0
_DURATION_S = 10.0

_CHECK_NAME = "signals-check.i16"
_CHECK_RECORDS = 50
_CHECK_SAMPLES = 250
_CHECK_TOLERANCE_UV = 2
"""Rounding to 1 µV, and the last digits in which processors differ."""


def open_demo_store() -> Store:
    """Open the demo cohort.

    Returns
    -------
    Store
        In the user's cache folder, where the first call writes it in a few seconds.

    Raises
    ------
    DatasetError
        If the package lacks its demo, the cache cannot be written, or the simulator gives other
        ECGs than the shipped measurements are of.
    """
    shipped = bundled("demo")
    manifest = read_manifest(shipped)
    target = cache_folder() / f"demo-{manifest.fingerprint}"
    if not target.exists():
        _make(shipped, manifest, target)
    try:
        return Store(target)
    except DatasetError:
        shutil.rmtree(target, ignore_errors=True)
        _make(shipped, manifest, target)
    return Store(target)


def build_demo(
    out: str | Path, *, n_records: int = DEMO_RECORDS, workers: int | None = None
) -> None:
    """Make the folder that the package ships.

    Parameters
    ----------
    out : path-like
        Replaced if it holds a store.
    n_records, workers : int, optional
        How many ECGs, by how many processes.

    Raises
    ------
    DatasetError
        If an ECG is left out, or the folder cannot be written.
    """
    from physioclr.datasets.prepare import prepare_cohort  # heavy, and opening needs none of it

    out = Path(out)
    cohort = simulated_cohort(n_records, seed=DEMO_SEED)
    report = prepare_cohort(
        cohort, out, fs_hz=_FS_HZ, duration_s=_DURATION_S, workers=workers, overwrite=True
    )
    if report.left_out:
        raise DatasetError("demo", expected="every ECG prepared", found=str(report.left_out[0]))
    store = Store(out)
    (out / _CHECK_NAME).write_bytes(_check_values(store.signals_raw()).tobytes())
    for shard in store.manifest.shards:
        (out / shard.file).unlink()


def _make(shipped: Path, manifest: StoreManifest, target: Path) -> None:
    """Write the whole store, then put it at `target` unless another process was faster."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f"{target.name}.partial-", dir=target.parent))
    except OSError as error:
        raise DatasetError(
            str(target.parent),
            expected="a cache folder that can be written (PHYSIOCLR_CACHE chooses another)",
            found=str(error.strerror),
        ) from error
    try:
        _write_signals(shipped, manifest, partial)
        tables = (f"{table}.parquet" for table in TABLE_NAMES)
        for name in (MANIFEST_NAME, *(file for file in tables if (shipped / file).is_file())):
            shutil.copyfile(shipped / name, partial / name)
        if not target.exists():
            _move(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _move(partial: Path, target: Path) -> None:
    try:
        partial.rename(target)
    except OSError:
        if not target.exists():
            raise


def _write_signals(shipped: Path, manifest: StoreManifest, folder: Path) -> None:
    cohort = simulated_cohort(manifest.n_records, seed=DEMO_SEED)
    signals = np.stack(
        [
            quantised(
                standardised(record.read(), fs_hz=_FS_HZ, duration_s=_DURATION_S).signal_mv,
                subject=record.record_id,
            )
            for record in cohort.records
        ]
    )
    _verify(signals, shipped / _CHECK_NAME)
    start = 0
    for shard in manifest.shards:
        stop = start + shard.n_records
        (folder / shard.file).write_bytes(signals[start:stop].astype("<i2").tobytes())
        start = stop


def _check_values(signals: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return a few samples of a few records, spread over all."""
    return signals[::_CHECK_RECORDS, :, ::_CHECK_SAMPLES].astype("<i2")


def _verify(signals: NDArray[np.int16], check: Path) -> None:
    subject = f"{check.parent.name}/{check.name}"
    if not check.is_file():
        raise DatasetError(subject, expected="samples to check the demo by", found="no such file")
    expected = np.frombuffer(check.read_bytes(), dtype="<i2").astype(np.int32)
    found = _check_values(signals).astype(np.int32).ravel()
    if expected.shape != found.shape or np.abs(expected - found).max() > _CHECK_TOLERANCE_UV:
        raise DatasetError(
            subject,
            expected="the simulator to give the ECGs the shipped measurements are of",
            found="others: the demo has to be built again",
        )


if __name__ == "__main__":
    build_demo(sys.argv[1])
