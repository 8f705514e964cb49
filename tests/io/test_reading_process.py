"""An upload is read where it can be stopped."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from physioclr.errors import RecordError
from physioclr.io import ReadLimits, read_ecg, reading_process
from physioclr.io.reading_process import read_apart
from tests.io.wfdb_bytes import wfdb_record

UNITS = np.random.default_rng(0).integers(-900, 900, (12, 300))
FILES = wfdb_record(UNITS, comments=("Age: 60",))


def test_what_comes_back_is_what_is_read_here():
    apart, here = read_apart(FILES), read_ecg(FILES)
    np.testing.assert_array_equal(apart.signal_mv, here.signal_mv)
    assert (dict(apart.meta), apart.leads, apart.fs_hz) == (dict(here.meta), here.leads, here.fs_hz)
    assert not apart.signal_mv.flags.writeable


def test_a_refusal_is_the_same_sentence():
    with pytest.raises(RecordError, match="a picture, which shows"):
        read_apart({"a.png": b"\x89PNG"})


def test_a_reader_that_hangs_is_stopped_and_the_next_one_reads(monkeypatch):
    read_apart(FILES)
    hanging = next(reader for reader in reading_process._all if reader._process is not None)
    hanging._process.send_signal(19)  # SIGSTOP: as a loop in C, it answers nothing
    started = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(read_apart, FILES, limits=ReadLimits(seconds=1)) for _ in range(4)]
    errors = [str(one.exception()) for one in asked if one.exception()]
    assert len(errors) == 1
    assert "read within 1 s, found one that takes longer" in errors[0]
    assert time.perf_counter() - started < 60


def test_a_reader_that_dies_is_one_sentence_and_replaced():
    read_apart(FILES)
    for reader in reading_process._all:
        if reader._process is not None:
            reader._process.kill()
            reader._process.wait()
    assert read_apart(FILES).n_samples == 300


def test_several_threads_read_at_once():
    found = []

    def read():
        found.append(read_apart(FILES).n_samples)

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [300] * 6
