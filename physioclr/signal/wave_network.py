"""The trained network that marks P, QRS and T in every lead, run in numpy alone."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view
from numpy.typing import NDArray
from safetensors.numpy import load_file
from scipy.special import expit

__all__ = ["OUTPUTS", "SHIPPED_WEIGHTS", "WaveNetwork", "load_wave_network"]

OUTPUTS = ("p", "qrs", "t", "p_peak", "r_peak", "t_peak")
SHIPPED_WEIGHTS = Path(__file__).with_name("wave_network.safetensors")

Floats = NDArray[np.float32]

_N_PHASES = 4
_MULTIPLE = 32
_EDGE = 2
# Patches of one matrix product: 256 KiB stay in the processor's own cache.
_BLOCK_FLOATS = 1 << 16


@dataclass(frozen=True, eq=False)
class WaveNetwork:
    """Weights of the network and its forward pass.

    Parameters
    ----------
    weights : dict of str to float32 array
        ``NAME.weight`` (width, n_in, n_out) and ``NAME.bias`` (n_out,) of each layer, batch
        normalisation folded in.

    Notes
    -----
    A U-Net (Ronneberger et al. 2015, arXiv 1505.04597) over time. Each lead runs through the same
    layers at 62.5 and 31 Hz; mean and maximum over the leads feed one trunk, down to 7.8 Hz with
    5 s of sight, whose answer every lead gets back (Zaheer et al. 2017, Deep Sets, arXiv
    1703.06114). Any number of leads in any order will do. Trained by ``studies/wave_network``.
    """

    weights: dict[str, Floats]

    def probabilities(self, leads: Floats) -> Floats:
        """Say for each sample whether it lies in a wave, or at its peak.

        Parameters
        ----------
        leads : (n_leads, n_samples) float32
            As `physioclr.signal.wave_input.wave_input` gives them, at 250 Hz.

        Returns
        -------
        (n_leads, n_samples, 6) float32
            Probabilities in the order of `OUTPUTS`.
        """
        n_leads, n_samples = leads.shape
        n_padded = -(-n_samples // _MULTIPLE) * _MULTIPLE
        fine = self._stem(leads, n_padded)
        fine = self._residual("fine", fine)
        middle = self._halved("down", fine[:, _EDGE:-_EDGE], 0)
        middle = self._residual("middle_1", _with_edges(_relu(middle), _EDGE))
        middle = self._residual("middle_2", middle)
        inner = middle[:, _EDGE:-_EDGE]
        pooled = np.concatenate([inner.mean(axis=0), inner.max(axis=0)], axis=-1)
        inner += self._trunk(pooled[None])
        middle = self._residual("join", middle)
        up = self._pointwise("up", middle[:, _EDGE:-_EDGE])
        inner = fine[:, _EDGE:-_EDGE]
        inner += up.reshape(inner.shape)
        _relu(inner)
        fine = self._residual("last_2", self._residual("last_1", fine))
        logits = self._pointwise("head", fine[:, _EDGE:-_EDGE])
        logits = logits.reshape(n_leads, n_padded, len(OUTPUTS))
        return np.asarray(expit(logits[:, :n_samples]))

    def _stem(self, leads: Floats, n_padded: int) -> Floats:
        weight, bias = self.weights["stem.weight"], self.weights["stem.bias"]
        width, _, n_out = weight.shape
        n_leads, n_samples = leads.shape
        reach = (width - _N_PHASES) // 2
        padded = np.zeros((n_leads, n_padded + 2 * reach), dtype=np.float32)
        padded[:, reach : reach + n_samples] = leads
        windows = sliding_window_view(padded, width, axis=1)[:, ::_N_PHASES]
        patches = _scratch(windows.size).reshape(windows.shape)
        np.copyto(patches, windows)
        out = patches.reshape(-1, width) @ weight[:, 0]
        out += bias
        return _with_edges(_relu(out.reshape(n_leads, -1, n_out)), _EDGE)

    def _trunk(self, pooled: Floats) -> Floats:
        level_1 = _relu(self._halved("trunk_down_1", pooled, 1))
        level_1 = self._residual("trunk_1", _with_edges(level_1, _EDGE))[:, _EDGE:-_EDGE]
        level_2 = _relu(self._halved("trunk_down_2", level_1, 1))
        level_2 = self._residual("trunk_2", _with_edges(level_2, _EDGE))[:, _EDGE:-_EDGE]
        for dilation, name in ((2, "trunk_3"), (4, "trunk_4")):
            edge = _EDGE * dilation
            level_2 = self._residual(name, _with_edges(level_2, edge), dilation)[:, edge:-edge]
        level_1 = _with_edges(level_1 + np.repeat(level_2, 2, axis=1), _EDGE)
        level_1 = self._residual("trunk_up_1", level_1)[:, _EDGE:-_EDGE]
        joined = np.concatenate([np.repeat(level_1, 2, axis=1), pooled], axis=-1)
        return self._convolved("trunk_up_2", _with_edges(joined, _EDGE), 1)[:, _EDGE:-_EDGE]

    def _residual(self, name: str, signal: Floats, dilation: int = 1) -> Floats:
        out = self._convolved(name, signal, dilation)
        out += signal
        return _relu(out)

    def _convolved(self, name: str, signal: Floats, dilation: int) -> Floats:
        """Convolve over time (n_rows, edge + n_samples + edge, n_in) whose edges are 0.

        All rows are one matrix product: the edges keep neighbours apart, and are 0 again after.
        """
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        width, n_in, n_out = weight.shape
        edge, reach = _EDGE * dilation, dilation * (width // 2)
        rows = signal.reshape(-1, n_in)
        n_windows = len(rows) - 2 * reach
        step = rows.itemsize * n_in
        windows = as_strided(
            rows, (n_windows, width, n_in), (step, step * dilation, rows.itemsize), writeable=False
        )
        out = np.empty((len(rows), n_out), dtype=np.float32)
        inner = out[reach : len(rows) - reach]
        weight = weight.reshape(-1, n_out)
        block = max(1, _BLOCK_FLOATS // (width * n_in))
        for first in range(0, n_windows, block):
            piece = windows[first : first + block]
            patches = _scratch(piece.size).reshape(len(piece), -1)
            np.copyto(patches.reshape(piece.shape), piece)
            np.matmul(patches, weight, out=inner[first : first + block])
        inner += bias
        shaped = out.reshape(*signal.shape[:2], n_out)
        shaped[:, :edge] = 0.0
        shaped[:, -edge:] = 0.0
        return shaped

    def _pointwise(self, name: str, signal: Floats) -> Floats:
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        out = np.ascontiguousarray(signal).reshape(-1, weight.shape[1]) @ weight[0]
        return np.asarray(out + bias)

    def _halved(self, name: str, signal: Floats, padding: int) -> Floats:
        """Convolve (n_rows, n_samples, n_in) with stride 2, `padding` zeros at either end."""
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        width, n_in, n_out = weight.shape
        n_rows, n_samples, _ = signal.shape
        padded = _with_edges(signal, padding) if padding else signal
        n_half = n_samples // 2
        patches = np.empty((n_rows, n_half, width, n_in), dtype=np.float32)
        for tap in range(width):
            patches[:, :, tap] = padded[:, tap : tap + n_samples - 1 : 2]
        out = patches.reshape(-1, width * n_in) @ weight.reshape(-1, n_out)
        out += bias
        return np.asarray(out.reshape(n_rows, n_half, n_out))


_OWN = threading.local()


def _scratch(size: int) -> Floats:
    """Return this thread's scratch: fresh memory at every layer would cost more than the layer."""
    kept: Floats | None = getattr(_OWN, "floats", None)
    if kept is None or kept.size < size:
        kept = _OWN.floats = np.empty(size, dtype=np.float32)
    return kept[:size]


def _with_edges(signal: Floats, edge: int) -> Floats:
    n_rows, n_samples, n_channels = signal.shape
    out = np.empty((n_rows, n_samples + 2 * edge, n_channels), dtype=np.float32)
    out[:, :edge] = 0.0
    out[:, edge:-edge] = signal
    out[:, -edge:] = 0.0
    return out


def _relu(signal: Floats) -> Floats:
    return np.maximum(signal, 0, out=signal)


@cache
def load_wave_network(path: Path = SHIPPED_WEIGHTS) -> WaveNetwork:
    """Read the weights of a network; each file once in a process.

    Parameters
    ----------
    path : Path
        A safetensors file. The default ships with the package.
    """
    weights = {name: part.astype(np.float32) for name, part in load_file(path).items()}
    return WaveNetwork(weights)
