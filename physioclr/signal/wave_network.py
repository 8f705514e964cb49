"""The trained network that marks P, QRS and T in every lead, run in numpy alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from scipy.linalg.blas import sgemm

__all__ = ["OUTPUTS", "SHIPPED_WEIGHTS", "WaveNetwork", "load_wave_network"]

OUTPUTS = ("p", "qrs", "t", "p_peak", "r_peak", "t_peak")
SHIPPED_WEIGHTS = Path(__file__).with_name("wave_network.safetensors")

Floats = NDArray[np.float32]

_N_PHASES = 4
_MULTIPLE = 32
# Zeros at both ends of each row: two at 31 Hz, so four at 62.5 Hz and 16 samples.
_MIDDLE_EDGE = 2
_FINE_EDGE = 2 * _MIDDLE_EDGE
_EDGE_SAMPLES = _FINE_EDGE * _N_PHASES
# OpenBLAS computes a product of fewer multiplications than 262,144 (interface/gemm.c) in the thread
# that asks; of a larger one it gives a part to every core, which then spin longer than they work.
_ONE_THREAD_MULTIPLICATIONS = 200_000


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

    All products are small. They are cut into blocks of rows that OpenBLAS does not share among
    threads, so the forward pass uses one core whatever the caller's thread settings, and does not
    touch these.
    """

    weights: dict[str, Floats]

    def probabilities(self, leads: Floats, *, alone: bool = False) -> Floats:
        """Say for each sample whether it lies in a wave, or at its peak.

        Parameters
        ----------
        leads : (n_leads, n_samples) float32
            As `physioclr.signal.wave_input.wave_input` gives them, at 250 Hz.
        alone : bool
            Judge each lead as if it were the only one of its record.

        Returns
        -------
        (n_leads, n_samples, 6) float32
            Probabilities in the order of `OUTPUTS`.
        """
        n_leads, n_samples = leads.shape
        fine = self._residual("fine", self._stem(leads), _FINE_EDGE)
        # Two rows of fine are one of middle, with the edges: both ways no copy is needed.
        middle = self._pointwise("down", fine.reshape(n_leads, -1, 2 * fine.shape[-1]))
        _without_edges(_relu(middle), _MIDDLE_EDGE)
        middle = self._residual("middle_1", middle, _MIDDLE_EDGE)
        middle = self._residual("middle_2", middle, _MIDDLE_EDGE)
        inner = middle[:, _MIDDLE_EDGE:-_MIDDLE_EDGE]
        pools = (inner, inner) if alone else ([inner.mean(axis=0)], [inner.max(axis=0)])
        inner += self._trunk(np.concatenate(pools, axis=-1))
        middle = self._residual("join", middle, _MIDDLE_EDGE)
        fine += self._pointwise("up", middle).reshape(fine.shape)
        _without_edges(_relu(fine), _FINE_EDGE)
        fine = self._residual("last_1", fine, _FINE_EDGE)
        fine = self._residual("last_2", fine, _FINE_EDGE)
        return self._at_full_rate(fine)[:, :, :n_samples].transpose(1, 2, 0)

    def _stem(self, leads: Floats) -> Floats:
        """Convolve (n_leads, n_samples) with width 16 and stride 4, as four taps of 4 samples."""
        n_leads, n_samples = leads.shape
        n_padded = -(-n_samples // _MULTIPLE) * _MULTIPLE
        weight = self.weights["stem.weight"]
        width, _, n_out = weight.shape
        begin = _EDGE_SAMPLES + (width - _N_PHASES) // 2 - _N_PHASES
        padded = np.zeros((n_leads, n_padded + 2 * _EDGE_SAMPLES), dtype=np.float32)
        padded[:, begin : begin + n_samples] = leads
        taps = weight.reshape(width // _N_PHASES, _N_PHASES, n_out)
        rows = padded.reshape(-1, _N_PHASES)
        out = self._summed(taps, self.weights["stem.bias"], rows, 1, first=1)
        return _without_edges(_relu(out).reshape(n_leads, -1, n_out), _FINE_EDGE)

    def _trunk(self, pooled: Floats) -> Floats:
        level_1 = self._trunk_residual("trunk_1", _relu(self._halved("trunk_down_1", pooled)))
        level_2 = self._trunk_residual("trunk_2", _relu(self._halved("trunk_down_2", level_1)))
        level_2 = self._trunk_residual("trunk_3", level_2, dilation=2)
        level_2 = self._trunk_residual("trunk_4", level_2, dilation=4)
        level_1 = self._trunk_residual("trunk_up_1", level_1 + np.repeat(level_2, 2, axis=1))
        joined = np.concatenate([np.repeat(level_1, 2, axis=1), pooled], axis=-1)
        out = self._convolved("trunk_up_2", _with_edges(joined, 2), 2)
        return out[:, 2:-2]

    def _trunk_residual(self, name: str, signal: Floats, *, dilation: int = 1) -> Floats:
        edge = 2 * dilation
        out = self._residual(name, _with_edges(signal, edge), edge, dilation=dilation)
        return out[:, edge:-edge]

    def _residual(self, name: str, signal: Floats, edge: int, *, dilation: int = 1) -> Floats:
        out = self._convolved(name, signal, edge, dilation=dilation)
        out += signal
        return _relu(out)

    def _convolved(self, name: str, signal: Floats, edge: int, *, dilation: int = 1) -> Floats:
        """Convolve over time (n_rows, edge + n_samples + edge, n_in) whose edges are 0.

        All rows are one matrix: the edges keep neighbours apart, and are 0 again after.
        """
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        width, n_in, n_out = weight.shape
        rows = signal.reshape(-1, n_in)
        out = self._summed(weight, bias, rows, dilation, first=dilation * (width // 2))
        return _without_edges(out.reshape(*signal.shape[:2], n_out), edge)

    def _at_full_rate(self, fine: Floats) -> Floats:
        """Return the probabilities at 250 Hz, (n_outputs, n_leads, n_samples)."""
        weight, bias = self.weights["head.weight"][0], self.weights["head.bias"]
        n_leads, n_rows, n_in = fine.shape
        logits = _product(fine.reshape(-1, n_in), weight).T
        by_phase = logits.reshape(_N_PHASES, len(OUTPUTS), n_leads, n_rows)
        n_samples = (n_rows - 2 * _FINE_EDGE) * _N_PHASES
        out = np.empty((len(OUTPUTS), n_leads, n_samples), dtype=np.float32)
        for phase, of_phase in enumerate(by_phase):
            out[:, :, phase::_N_PHASES] = of_phase[:, :, _FINE_EDGE:-_FINE_EDGE]
            out[:, :, phase::_N_PHASES] += bias.reshape(_N_PHASES, -1, 1, 1)[phase]
        # 1 / (1 + exp(-x)): several times faster than scipy's expit; exp(80) is still a float32.
        np.negative(out, out=out)
        np.minimum(out, 80.0, out=out)
        np.exp(out, out=out)
        out += 1.0
        return np.reciprocal(out, out=out)

    @staticmethod
    def _summed(taps: Floats, bias: Floats, rows: Floats, dilation: int, *, first: int) -> Floats:
        """Add up one matrix product a tap, each on the rows as they lie.

        Output row ``first + i`` sees the rows ``i``, ``i + dilation``, …
        """
        width, n_in, n_out = taps.shape
        out = np.empty((len(rows), n_out), dtype=np.float32)
        out[:] = bias
        n_windows = len(rows) - (width - 1) * dilation
        # BLAS counts columns first: transposed, these arrays are what it wants without a copy.
        inner, seen = out[first : first + n_windows].T, rows.T
        for block in _blocks(n_windows, n_in * n_out):
            for tap in range(width):
                shifted = slice(block.start + tap * dilation, block.stop + tap * dilation)
                sgemm(
                    1.0,
                    taps[tap].T,
                    seen[:, shifted],
                    beta=1.0,
                    c=inner[:, block],
                    overwrite_c=True,
                )
        return out

    def _pointwise(self, name: str, signal: Floats) -> Floats:
        """Multiply each row of (n_rows, n_samples, n_in) with one matrix."""
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        n_rows, n_samples, n_in = signal.shape
        out = _product(signal.reshape(-1, n_in), weight.reshape(n_in, -1))
        out += bias
        return np.asarray(out.reshape(n_rows, n_samples, -1))

    def _halved(self, name: str, signal: Floats) -> Floats:
        """Convolve (n_rows, n_samples, n_in) with width 4, stride 2 and a zero at either end."""
        n_samples = signal.shape[1]
        padded = _with_edges(signal, 1)
        taps = [padded[:, tap : tap + n_samples - 1 : 2] for tap in range(4)]
        return self._pointwise(name, np.concatenate(taps, axis=2))


def _product(rows: Floats, weight: Floats) -> Floats:
    """Multiply (n_rows, n_in) with (n_in, n_out), block by block."""
    out = np.empty((len(rows), weight.shape[1]), dtype=np.float32)
    for block in _blocks(len(rows), weight.size):
        np.matmul(rows[block], weight, out=out[block])
    return out


def _blocks(n_rows: int, multiplications_a_row: int) -> Iterator[slice]:
    """Cut rows into blocks whose product OpenBLAS computes in the caller's thread."""
    n_block = max(1, _ONE_THREAD_MULTIPLICATIONS // multiplications_a_row)
    for start in range(0, n_rows, n_block):
        yield slice(start, min(start + n_block, n_rows))


def _with_edges(signal: Floats, edge: int) -> Floats:
    n_rows, n_samples, n_channels = signal.shape
    out = np.zeros((n_rows, n_samples + 2 * edge, n_channels), dtype=np.float32)
    out[:, edge:-edge] = signal
    return out


def _without_edges(signal: Floats, edge: int) -> Floats:
    """Set the edges of (n_rows, edge + n_samples + edge, n_channels) to 0."""
    signal[:, :edge] = 0.0
    signal[:, -edge:] = 0.0
    return signal


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
