"""The folder of a pretraining run: its configuration, its log, and where it can go on from."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialise
from torch import Tensor, nn

from physioclr.encoders.checkpoint import under_prefix
from physioclr.errors import CheckpointError, PhysioclrError
from physioclr.runtime.atomic_files import make_folder, replace_file
from physioclr.runtime.file_locks import is_locked

__all__ = ["RunFolder", "RunState"]

_CONFIG, _METRICS, _LAST, _LOCK = "config.json", "metrics.jsonl", "last.safetensors", "run.lock"
_MODEL, _OPTIMISER, _AVERAGE = "model.", "optimiser.", "average."
_STEP, _BEST = "step", "best"


@dataclass(frozen=True, eq=False)
class RunState:
    """Everything that a step changes.

    Parameters
    ----------
    model : nn.Module
        The objective.
    optimiser : Optimizer
    average : nn.Module or None
        The moving average of the encoder, where there is one.
    """

    model: nn.Module
    optimiser: torch.optim.Optimizer
    average: nn.Module | None = None


@dataclass(frozen=True)
class RunFolder:
    """A run on disk.

    Parameters
    ----------
    path : Path
    """

    path: Path

    @property
    def events(self) -> Path:
        """The folder of the TensorBoard events."""
        return self.path / "events"

    @property
    def best(self) -> Path:
        """The checkpoint that scored best so far."""
        return self.path / "best"

    @property
    def checkpoint(self) -> Path:
        """The checkpoint of the run's end."""
        return self.path / "checkpoint"

    @property
    def begun(self) -> bool:
        """Whether a run took a step here; one that failed before its first left nothing to lose."""
        return (self.path / _LAST).exists() or bool(self.metrics())

    def check(self, config: Mapping[str, Any], *, resume: bool) -> None:
        """Refuse a folder that a run cannot begin or go on in.

        Parameters
        ----------
        config : mapping
            JSON-safe. Everything that decides what the run computes.
        resume : bool

        Raises
        ------
        CheckpointError
            If the folder holds a run and `resume` is false, or a run of another configuration.
        """
        if not self.begun:
            return
        if not resume:
            raise CheckpointError(
                str(self.path), expected="a new folder, or --resume", found="a run begun before"
            )
        before, now = self.config(), json.loads(json.dumps(config))
        differing = sorted(k for k in {*before, *now} if before.get(k) != now.get(k))
        if differing:
            raise CheckpointError(
                str(self.path),
                expected="the configuration the run was begun with",
                found=f"another {', '.join(differing)}",
            )

    @contextmanager
    def opened(self, config: Mapping[str, Any]) -> Iterator[None]:
        """Hold the folder for one process; write the configuration if there is none.

        Parameters
        ----------
        config : mapping

        Raises
        ------
        CheckpointError
            If another process holds it.
        """
        make_folder(self.path)
        try:
            with FileLock(self.path / _LOCK, timeout=0):
                if not self.begun:
                    text = json.dumps(config, indent=2, sort_keys=True) + "\n"
                    replace_file(self.path / _CONFIG, text.encode())
                yield
        except Timeout as error:
            raise CheckpointError(
                str(self.path), expected="a run that no process works at", found="one that is"
            ) from error

    def is_running(self) -> bool:
        """Return whether a process holds the folder."""
        return is_locked(self.path / _LOCK)

    def config(self) -> dict[str, Any]:
        """Read the configuration.

        Returns
        -------
        dict

        Raises
        ------
        CheckpointError
            If there is none, or it is damaged.
        """
        path = self.path / _CONFIG
        try:
            config = json.loads(path.read_bytes())
        except FileNotFoundError as error:
            raise CheckpointError(
                str(self.path), expected="a run folder, with its config.json", found="none"
            ) from error
        except (ValueError, RecursionError, OSError) as error:
            raise CheckpointError(str(path), expected="JSON", found="a damaged file") from error
        if not isinstance(config, dict):
            raise CheckpointError(str(path), expected="a configuration", found="another JSON")
        return config

    def save(self, state: RunState, step: int, *, best: float | None) -> None:
        """Write the state after `step` steps, whole or not at all.

        Parameters
        ----------
        state : RunState
        step : int
        best : float or None
            The score of the best checkpoint.
        """
        tensors = {_MODEL + name: value for name, value in state.model.state_dict().items()}
        for index, parts in state.optimiser.state_dict()["state"].items():
            tensors |= {f"{_OPTIMISER}{index}.{part}": value for part, value in parts.items()}
        if state.average is not None:
            average = state.average.state_dict()
            tensors |= {_AVERAGE + name: value for name, value in average.items()}
        metadata = {_STEP: str(step), _BEST: "" if best is None else repr(best)}
        replace_file(self.path / _LAST, serialise(_on_cpu(tensors), metadata=metadata))

    def restore(self, state: RunState) -> tuple[int, float | None]:
        """Load the last saved state.

        Parameters
        ----------
        state : RunState
            What it is loaded into.

        Returns
        -------
        step : int
            The number of steps done; 0 where nothing was saved yet.
        best : float or None
            The score of the best checkpoint.

        Raises
        ------
        CheckpointError
            If the state is damaged or of another model.
        """
        path = self.path / _LAST
        if not path.exists():
            return 0, None
        try:
            with safe_open(path, framework="pt") as file:
                metadata = file.metadata()
                step, best = int(metadata[_STEP]), metadata.get(_BEST)
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            state.model.load_state_dict(under_prefix(tensors, _MODEL))
            state.optimiser.load_state_dict(
                {
                    **state.optimiser.state_dict(),
                    "state": _by_parameter(under_prefix(tensors, _OPTIMISER)),
                }
            )
            if state.average is not None:
                state.average.load_state_dict(under_prefix(tensors, _AVERAGE))
        except (SafetensorError, RuntimeError, KeyError, ValueError) as error:
            raise CheckpointError(
                str(path), expected="the state of this run", found=str(error).splitlines()[0]
            ) from error
        return step, float(best) if best else None

    def keep(self, name: str, tensors: Mapping[str, Tensor], *, note: Mapping[str, str]) -> Path:
        """Write tensors beside the run, for someone to look into.

        Parameters
        ----------
        name : str
        tensors : mapping of str to Tensor
        note : mapping of str to str

        Returns
        -------
        Path
        """
        path = self.path / f"{name}.safetensors"
        replace_file(path, serialise(_on_cpu(tensors), metadata=dict(note)))
        return path

    def log(self, line: Mapping[str, Any]) -> None:
        """Append one line to the metrics.

        Parameters
        ----------
        line : mapping
            A number that is not finite is written as null.

        Raises
        ------
        PhysioclrError
            If the disk is full.
        """
        finite = {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in line.items()
        }
        path = self.path / _METRICS
        try:
            with path.open("a") as file:
                file.write(json.dumps(finite) + "\n")
        except OSError as error:
            raise PhysioclrError(
                str(path), expected="room for a line", found=str(error.strerror)
            ) from error

    def metrics(self) -> list[dict[str, Any]]:
        """Return the lines of the log; one that was cut short or damaged is not one."""
        path = self.path / _METRICS
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []
        found = [_logged(line) for line in lines]
        return [line for line in found if line is not None]

    def forget_after(self, step: int) -> None:
        """Drop what was logged after the state that was saved: it will be done again.

        Parameters
        ----------
        step : int
        """
        kept = [json.dumps(line) + "\n" for line in self.metrics() if line["step"] <= step]
        replace_file(self.path / _METRICS, "".join(kept).encode())


def _logged(line: str) -> dict[str, Any] | None:
    try:
        logged = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return logged if isinstance(logged, dict) and isinstance(logged.get("step"), int) else None


def _on_cpu(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}


def _by_parameter(tensors: dict[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, part = name.split(".", 1)
        state.setdefault(int(index), {})[part] = tensor
    return state
