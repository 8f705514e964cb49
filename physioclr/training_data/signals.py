"""The signals of a cohort at the encoder's rate, as int16: on the device, or streamed from disk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from physioclr.datasets.store import Store
from physioclr.encoders.preprocessing import Preprocessing
from physioclr.errors import DatasetError
from physioclr.runtime.atomic_files import make_folder, replacing

__all__ = [
    "MV_PER_UNIT",
    "ResidentSignals",
    "StreamedSignals",
    "WindowSignals",
    "device_memory_bytes",
    "filtered_signals",
    "usable_rows",
]

MV_PER_UNIT = 1e-3
"""What an int16 unit is in mV: 1 µV, as in a store."""

_CHUNK = 256
_INT16 = np.iinfo(np.int16)


class WindowSignals(Protocol):
    """Signals by row."""

    def __len__(self) -> int: ...

    def prefetch(self, rows: Tensor) -> None:
        """Begin to fetch rows that will be taken next."""

    def take(self, rows: Tensor) -> Tensor:
        """Return rows, (n, n_leads, n_samples) int16, on the device."""


class ResidentSignals:
    """Signals that stay on the device.

    Parameters
    ----------
    signals : (n_records, n_leads, n_samples) int16 tensor
    """

    def __init__(self, signals: Tensor) -> None:
        self._signals = signals

    def __len__(self) -> int:
        return len(self._signals)

    def prefetch(self, rows: Tensor) -> None:
        """Do nothing: the rows are there."""

    def take(self, rows: Tensor) -> Tensor:
        """Return rows, (n, n_leads, n_samples) int16, on the device."""
        return self._signals[rows.to(self._signals.device)]


class StreamedSignals:
    """Signals in a file, fetched by a thread while the step before is computed.

    Parameters
    ----------
    file : Path
        int16 in C order.
    shape : (int, int, int)
        Records, leads, samples.
    device : torch.device
    """

    def __init__(self, file: Path, shape: tuple[int, int, int], device: torch.device) -> None:
        self._signals = np.memmap(file, dtype=np.int16, mode="r", shape=shape)
        self._device = device
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="signals")
        self._next: tuple[Tensor, Future[Tensor]] | None = None

    def __len__(self) -> int:
        return len(self._signals)

    def prefetch(self, rows: Tensor) -> None:
        """Begin to fetch rows that will be taken next."""
        self._next = rows, self._thread.submit(self._fetched, rows)

    def take(self, rows: Tensor) -> Tensor:
        """Return rows, (n, n_leads, n_samples) int16, on the device."""
        if self._next is not None and torch.equal(self._next[0], rows):
            host = self._next[1].result()
            self._next = None
        else:
            host = self._fetched(rows)
        return host.to(self._device, non_blocking=True)

    def _fetched(self, rows: Tensor) -> Tensor:
        host = torch.from_numpy(self._signals[rows.numpy()])
        return host.pin_memory() if self._device.type == "cuda" else host


def device_memory_bytes(device: torch.device) -> int:
    """Return how many bytes are free on a device: a GPU's memory, or the machine's.

    Parameters
    ----------
    device : torch.device

    Returns
    -------
    int
    """
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if hasattr(os, "sysconf") and "SC_AVPHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 4 * 2**30  # a system that does not say: what any laptop has


def usable_rows(store: Store, preprocessing: Preprocessing) -> NDArray[np.intp]:
    """Find the ECGs with a signal in every lead the encoder takes.

    Parameters
    ----------
    store : Store
    preprocessing : Preprocessing

    Returns
    -------
    (n,) int array

    Raises
    ------
    DatasetError
        If there is none, the store lacks a lead, or was sampled more slowly than the encoder is.
    """
    name = store.path.name
    absent = [lead for lead in preprocessing.leads if lead not in store.leads]
    if absent:
        raise DatasetError(
            name, expected=f"the leads {', '.join(preprocessing.leads)}", found=f"no {absent[0]}"
        )
    if store.fs_hz < preprocessing.fs_hz:
        raise DatasetError(
            name,
            expected=f"a sampling rate of at least {preprocessing.fs_hz:g} Hz, the encoder's",
            found=f"{store.fs_hz:g} Hz",
        )
    chunks = _chunks(np.arange(len(store)))
    whole = [preprocessing.is_usable(_leads_mv(store, rows, preprocessing)) for rows in chunks]
    rows = np.flatnonzero(np.concatenate(whole)) if whole else np.empty(0, np.intp)
    if not len(rows):
        raise DatasetError(name, expected="ECGs with a signal in every lead", found="none")
    return rows


def filtered_signals(
    stores: Sequence[tuple[Store, NDArray[np.intp]]],
    preprocessing: Preprocessing,
    n_samples: int,
    device: torch.device,
    *,
    spill_to: Path | None = None,
) -> WindowSignals:
    """Filter and resample ECGs once, as the encoder takes them.

    Parameters
    ----------
    stores : sequence of (Store, rows)
    preprocessing : Preprocessing
    n_samples : int
        Length kept of each ECG, at the encoder's rate.
    device : torch.device
        Where the signals are wanted.
    spill_to : Path, optional
        A folder. The signals then go to a file in it and are streamed from there; a whole file of
        the same signals that is there already is used as it is.

    Returns
    -------
    WindowSignals
        In units of 1 µV.
    """
    shape = (sum(len(rows) for _, rows in stores), len(preprocessing.leads), n_samples)

    def parts() -> Iterator[NDArray[np.int16]]:
        for store, rows in stores:
            for chunk in _chunks(rows):
                signal_mv = _leads_mv(store, chunk, preprocessing)
                filtered = preprocessing.filtered(signal_mv, store.fs_hz)[..., :n_samples]
                units = np.rint(filtered * (preprocessing.scale_mv / MV_PER_UNIT))
                yield units.clip(_INT16.min, _INT16.max).astype(np.int16)

    if spill_to is None:
        resident = torch.empty(shape, dtype=torch.int16, device=device)
        first = 0
        for part in parts():
            resident[first : first + len(part)] = torch.from_numpy(part)
            first += len(part)
        return ResidentSignals(resident)
    key = hashlib.sha256(preprocessing.model_dump_json().encode())
    for store, rows in stores:
        key.update(store.fingerprint.encode() + rows.tobytes())
    file = spill_to / f"signals-{key.hexdigest()[:16]}.i16"
    if not file.exists():
        make_folder(spill_to)
        with replacing(file) as stream:
            for part in parts():
                stream.write(part.tobytes())
    return StreamedSignals(file, shape, device)


def _chunks(rows: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    return [rows[first : first + _CHUNK] for first in range(0, len(rows), _CHUNK)]


def _leads_mv(
    store: Store, rows: NDArray[np.intp], preprocessing: Preprocessing
) -> NDArray[np.float32]:
    signals = store.signals_mv(rows)
    if store.leads == preprocessing.leads:
        return signals
    return signals[:, [store.leads.index(lead) for lead in preprocessing.leads]]
