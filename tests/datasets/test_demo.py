from __future__ import annotations

import multiprocessing

import numpy as np
import pytest

from physioclr.datasets import demo
from physioclr.datasets.store import Store
from physioclr.errors import DatasetError

N_RECORDS = 3


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "demo"
    demo.build_demo(out, n_records=N_RECORDS, workers=1)
    return out


@pytest.fixture
def cache(shipped, tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "bundled", lambda _name: shipped)
    monkeypatch.setenv("PHYSIOCLR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_package_ships_no_signals(shipped):
    assert not list(shipped.glob("signals-[0-9]*"))
    with pytest.raises(DatasetError, match="no such file"):
        Store(shipped)


def test_the_first_call_makes_the_signals_and_the_second_finds_them(cache, monkeypatch):
    store = demo.open_demo_store()
    assert store.simulated
    assert len(store) == N_RECORDS
    assert store.path.parent == cache
    assert np.isfinite(store.signals_mv()).all()
    monkeypatch.setattr(demo, "simulated_cohort", None)
    assert demo.open_demo_store().fingerprint == store.fingerprint
    assert len(list(cache.iterdir())) == 1


def test_a_cache_that_was_damaged_is_made_again(cache):
    shard = demo.open_demo_store().path / "signals-00000.i16"
    shard.write_bytes(b"cut short")
    assert np.isfinite(demo.open_demo_store().signals_mv()).all()


def test_another_simulator_is_noticed_and_leaves_nothing(cache, monkeypatch):
    monkeypatch.setattr(demo, "DEMO_SEED", demo.DEMO_SEED + 1)
    with pytest.raises(DatasetError, match="built again"):
        demo.open_demo_store()
    assert list(cache.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_named(cache, monkeypatch):
    cache.write_text("a file, not a folder")
    with pytest.raises(DatasetError, match="PHYSIOCLR_CACHE"):
        demo.open_demo_store()


def test_processes_that_open_it_at_once_all_get_it(cache, shipped):
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    arguments = (str(shipped), str(cache), results)
    processes = [context.Process(target=_open_elsewhere, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    found = [results.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()
    assert found == [N_RECORDS, N_RECORDS]
    assert len(list(cache.iterdir())) == 1


def _open_elsewhere(shipped, cache, results):
    import os
    from pathlib import Path

    os.environ["PHYSIOCLR_CACHE"] = cache
    demo.bundled = lambda _name: Path(shipped)
    results.put(len(demo.open_demo_store()))
