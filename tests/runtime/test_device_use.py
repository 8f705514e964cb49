"""What a process uses of the machine, now and at most."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from physioclr.runtime.device_use import _STATUS, DeviceMeter, peak_memory_bytes

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.mark.skipif(not _STATUS.exists(), reason="only Linux tells what is held now")
def test_memory_that_was_given_back_counts_for_the_peak_alone():
    meter = DeviceMeter(CPU)
    before = meter.look()
    held = np.ones(40_000_000)  # 320 MB, far above what else may change meanwhile
    with_it = meter.look()
    del held
    after = meter.look()
    assert with_it["memory_bytes"] - before["memory_bytes"] > 200e6
    assert with_it["memory_bytes"] - after["memory_bytes"] > 200e6
    assert after["peak_memory_bytes"] >= with_it["memory_bytes"] - 1e6  # counted per thread
    assert after["peak_memory_bytes"] == pytest.approx(peak_memory_bytes(CPU), rel=0.01)


def test_where_only_the_peak_is_told_nothing_is_said_of_now(tmp_path, monkeypatch):
    monkeypatch.setattr("physioclr.runtime.device_use._STATUS", tmp_path / "none")
    found = DeviceMeter(CPU).look()
    assert "memory_bytes" not in found
    assert found["peak_memory_bytes"] > 50e6  # torch alone holds more


class NVMLError(Exception):
    """As pynvml has it."""


@pytest.fixture
def gpu(monkeypatch):
    """A GPU as `torch.cuda` tells of it."""
    told = {
        "get_device_name": lambda _: "a GPU",
        "memory_reserved": lambda _: 2_000,
        "mem_get_info": lambda _: (6_000, 8_000),
        "utilization": lambda _: 87,
    }
    for name, value in told.items():
        monkeypatch.setattr(torch.cuda, name, value)
    monkeypatch.setitem(sys.modules, "pynvml", SimpleNamespace(NVMLError=NVMLError))


@pytest.mark.usefixtures("gpu")
def test_of_a_gpu_its_memory_now_and_how_busy_it_is():
    found = DeviceMeter(GPU).look()
    assert (found["device"], found["gpu_busy"]) == ("a GPU", 0.87)
    assert (found["gpu_memory_bytes"], found["gpu_memory_total_bytes"]) == (2_000, 8_000)


@pytest.mark.usefixtures("gpu")
def test_where_the_driver_does_not_tell_how_busy_a_gpu_is_nothing_is_said(monkeypatch):
    def refuse(_):
        raise NVMLError

    monkeypatch.setattr(torch.cuda, "utilization", refuse)
    assert "gpu_busy" not in DeviceMeter(GPU).look()
    monkeypatch.setitem(sys.modules, "pynvml", None)  # not installed
    assert "gpu_busy" not in DeviceMeter(GPU).look()
