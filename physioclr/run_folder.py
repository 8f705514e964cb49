"""The folder of a pretraining run: its configuration, its log, and where it can go on from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialise
from torch import Tensor, nn

from physioclr.atomic import make_folder, replace_file
from physioclr.checkpoint import under_prefix
from physioclr.errors import CheckpointError

__all__ = ["RunFolder"]

_CONFIG, _METRICS, _LAST = "config.json", "metrics.jsonl", "last.safetensors"
_MODEL, _OPTIMISER, _STEP = "model.", "optimiser.", "step"


@dataclass(frozen=True)
class RunFolder:
    """A run on disk.

    Parameters
    ----------
    path : Path
    """

    path: Path

    @classmethod
    def open(cls, path: Path, config: dict[str, Any], *, resume: bool) -> RunFolder:
        """Open a folder for a run.

        Parameters
        ----------
        path : Path
            Made if absent.
        config : dict
            JSON-safe. Everything that decides what the run computes.
        resume : bool

        Returns
        -------
        RunFolder

        Raises
        ------
        CheckpointError
            If the folder holds a run and `resume` is false, or a run of another configuration.
        """
        run = cls(path)
        text = json.dumps(config, indent=2, sort_keys=True) + "\n"
        existing = path / _CONFIG
        if existing.exists():
            if not resume:
                raise CheckpointError(
                    str(path), expected="a new folder, or --resume", found="a run begun before"
                )
            before, now = json.loads(existing.read_text()), json.loads(text)
            differing = sorted(k for k in {*before, *now} if before.get(k) != now.get(k))
            if differing:
                raise CheckpointError(
                    str(path),
                    expected="the configuration the run was begun with",
                    found=f"another {', '.join(differing)}",
                )
            return run
        make_folder(path)
        replace_file(existing, text.encode())
        return run

    def save(self, model: nn.Module, optimiser: torch.optim.Optimizer, step: int) -> None:
        """Write the state after `step` steps, whole or not at all."""
        tensors = {_MODEL + name: value for name, value in model.state_dict().items()}
        for index, state in optimiser.state_dict()["state"].items():
            tensors |= {f"{_OPTIMISER}{index}.{part}": value for part, value in state.items()}
        contiguous = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
        replace_file(self.path / _LAST, serialise(contiguous, metadata={_STEP: str(step)}))

    def restore(self, model: nn.Module, optimiser: torch.optim.Optimizer) -> int:
        """Load the last saved state into `model` and `optimiser`.

        Parameters
        ----------
        model : nn.Module
        optimiser : torch.optim.Optimizer

        Returns
        -------
        int
            The number of steps done; 0 where nothing was saved yet.

        Raises
        ------
        CheckpointError
            If the state is damaged or of another model.
        """
        path = self.path / _LAST
        if not path.exists():
            self._forget_after(0)
            return 0
        try:
            with safe_open(path, framework="pt") as file:
                step = int(file.metadata()[_STEP])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            model.load_state_dict(under_prefix(tensors, _MODEL))
            optimiser.load_state_dict(
                {
                    **optimiser.state_dict(),
                    "state": _by_parameter(under_prefix(tensors, _OPTIMISER)),
                }
            )
        except (SafetensorError, RuntimeError, KeyError, ValueError) as error:
            raise CheckpointError(
                str(path), expected="the state of this run", found=str(error).splitlines()[0]
            ) from error
        self._forget_after(step)
        return step

    def log(self, line: dict[str, Any]) -> None:
        """Append one line to the metrics."""
        with (self.path / _METRICS).open("a") as file:
            file.write(json.dumps(line) + "\n")

    def metrics(self) -> list[dict[str, Any]]:
        """Return the lines of the log; a line cut short by a crash is not one."""
        path = self.path / _METRICS
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]

    def _forget_after(self, step: int) -> None:
        """Drop what was logged after the state that was saved: it will be done again."""
        kept = [json.dumps(line) + "\n" for line in self.metrics() if line["step"] <= step]
        replace_file(self.path / _METRICS, "".join(kept).encode())


def _by_parameter(tensors: dict[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, part = name.split(".", 1)
        state.setdefault(int(index), {})[part] = tensor
    return state
