"""What a process uses of the machine: cores, memory, its GPU and that one's memory."""

from __future__ import annotations

import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

__all__ = ["DeviceMeter", "peak_memory_bytes"]

_STATUS = Path("/proc/self/status")


class DeviceMeter:
    """Measures this process from one look to the next.

    Parameters
    ----------
    device : torch.device
        Where it computes.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._at = time.perf_counter(), time.process_time()

    def look(self) -> dict[str, Any]:
        """Return what is used now.

        Returns
        -------
        dict
            ``device`` (a name), ``cores`` and ``cores_busy`` (of this process, mean since the
            last look), ``memory_bytes`` (now; absent where the system tells only the peak) and
            ``peak_memory_bytes``; on a GPU ``gpu_memory_bytes`` (what PyTorch reserves now),
            ``gpu_memory_total_bytes`` and, where the driver tells, ``gpu_busy`` (a share, of the
            last second at most and of all processes).
        """
        now = time.perf_counter(), time.process_time()
        seconds, busy_s = now[0] - self._at[0], now[1] - self._at[1]
        self._at = now
        found: dict[str, Any] = {
            "device": "CPU",
            "cores": os.cpu_count() or 1,
            "cores_busy": busy_s / max(seconds, 1e-6),
            "peak_memory_bytes": peak_memory_bytes(torch.device("cpu")),
        }
        held = _status_bytes("VmRSS")
        if held is not None:
            found["memory_bytes"] = held
        if self._device.type == "cuda":
            found["device"] = torch.cuda.get_device_name(self._device)
            found["gpu_memory_bytes"] = torch.cuda.memory_reserved(self._device)
            found["gpu_memory_total_bytes"] = torch.cuda.mem_get_info(self._device)[1]
            busy = _gpu_busy(self._device)
            if busy is not None:
                found["gpu_busy"] = busy
        return found


def peak_memory_bytes(device: torch.device) -> int:
    """Return the most memory that this process has held.

    Parameters
    ----------
    device : torch.device
        A GPU, or the CPU for the machine's own memory.

    Returns
    -------
    int
        On a GPU what PyTorch reserved there. In Linux a process started by a larger one is told
        from it; elsewhere the larger one may count.
    """
    if device.type == "cuda":
        return int(torch.cuda.max_memory_reserved(device))
    most = _status_bytes("VmHWM")
    if most is not None:
        return most
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _status_bytes(name: str) -> int | None:
    """Return a line of ``/proc/self/status``; None where there is none."""
    if _STATUS.exists():
        for line in _STATUS.read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return None


def _gpu_busy(device: torch.device) -> float | None:
    """Return the share of the time that the GPU computed; None where that is not told."""
    try:
        nvml_error = import_module("pynvml").NVMLError
    except ModuleNotFoundError:  # of nvidia-ml-py, which PyTorch asks and does not bring
        return None
    try:
        return torch.cuda.utilization(device) / 100
    except (nvml_error, RuntimeError):  # of a part of a GPU it is not known
        return None
