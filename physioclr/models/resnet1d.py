"""A one-dimensional residual network: the encoder of choice where data or time is short.

The residual block of He et al. 2016, arXiv 1603.05027, along time, as ECG work uses it (Strodthoff
et al. 2020, arXiv 2004.13701), without any normalisation: one over the channels of an ECG would
take its voltage away, which hypertrophy and ischaemia are read from, and one over a batch would
encode an ECG otherwise alone. A learned gain on each branch takes its place (De and Smith 2020,
arXiv 2002.10444), here from a half, and half of the work is saved.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional, init

from physioclr.models.encoder import EcgEncoder

__all__ = ["EcgResNet", "ResNetConfig"]

_FIRST_GAIN = 0.5
_LIMIT = 12.0
"""Amplitude towards which larger ones are bent, 6 mV at the usual scale: an electrode that comes
off shall not outweigh all else of an ECG."""


@dataclass(frozen=True)
class ResNetConfig:
    """Size of an `EcgResNet`.

    Parameters
    ----------
    n_leads : int
    width : int
        Channels of the last stage: the length of a token, and of the embedding. Each stage
        before has half of the channels of the next, but at least 32.
    blocks : tuple of int
        Residual blocks in each stage; each stage but the first halves the rate.
    stem_strides : tuple of int
        Stride of each convolution of the stem.
    kernel : int
        Odd width of the convolutions in the blocks.
    """

    n_leads: int = 12
    width: int = 128
    blocks: tuple[int, ...] = (2, 2, 2)
    stem_strides: tuple[int, ...] = (2,)
    kernel: int = 7

    def __post_init__(self) -> None:
        object.__setattr__(self, "blocks", tuple(self.blocks))
        object.__setattr__(self, "stem_strides", tuple(self.stem_strides))
        if self.kernel % 2 == 0:
            raise ValueError(f"kernel must be odd, got {self.kernel}")

    @property
    def strides(self) -> tuple[int, ...]:
        """Stride of every step that lowers the rate, from the signal to the tokens."""
        return (*self.stem_strides, *(2 for _ in self.blocks[1:]))

    @property
    def samples_per_token(self) -> int:
        """Product of the strides."""
        product = 1
        for stride in self.strides:
            product *= stride
        return product


class EcgResNet(EcgEncoder):
    """Encode windows of an ECG into a sequence of feature vectors and their mean.

    Parameters
    ----------
    config : ResNetConfig
    """

    Config = ResNetConfig

    def __init__(self, config: ResNetConfig) -> None:
        super().__init__(config)
        n_stages = len(config.blocks)
        widths = [max(config.width // 2 ** (n_stages - 1 - i), 32) for i in range(n_stages)]
        widths[-1] = config.width
        stem: list[nn.Module] = []
        n_in = config.n_leads
        for stride in config.stem_strides:
            stem += [_convolution(n_in, widths[0], 2 * stride + 3, stride), nn.ReLU()]
            n_in = widths[0]
        self.stem = nn.Sequential(*stem[:-1])  # a block begins with its own
        blocks: list[nn.Module] = []
        for stage, (width, n_blocks) in enumerate(zip(widths, config.blocks, strict=True)):
            for block in range(n_blocks):
                stride = 2 if stage and not block else 1
                blocks.append(_Block(n_in, width, config.kernel, stride))
                n_in = width
        self.blocks = nn.Sequential(*blocks)

    def forward(self, signal: Tensor, token_mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Encode a batch.

        Parameters
        ----------
        signal : (n_windows, n_leads, n_samples) float tensor
            Preprocessed; a lead that is not there is zero.
        token_mask : (n_windows, n_tokens) bool tensor, optional
            True where the samples a token stands for are hidden, in all leads.

        Returns
        -------
        mean : (n_windows, width) float tensor
        tokens : (n_windows, n_tokens, width) float tensor
        """
        signal = self.without_hidden(signal, token_mask)
        bounded = _LIMIT * torch.tanh(signal / _LIMIT)
        tokens = torch.relu(self.blocks(self.stem(bounded))).transpose(1, 2)
        return tokens.mean(1), tokens


class _Block(nn.Module):
    def __init__(self, n_in: int, n_out: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.first = _convolution(n_in, n_out, kernel, stride)
        self.second = _convolution(n_out, n_out, kernel, 1)
        self.gain = nn.Parameter(torch.tensor(_FIRST_GAIN))
        same = (n_in, stride) == (n_out, 1)
        self.shortcut = nn.Identity() if same else _convolution(n_in, n_out, 1, stride)

    def forward(self, features: Tensor) -> Tensor:
        changed = self.second(functional.relu(self.first(functional.relu(features))))
        summed: Tensor = self.shortcut(features) + self.gain * changed
        return summed


def _convolution(n_in: int, n_out: int, kernel: int, stride: int) -> nn.Conv1d:
    made = nn.Conv1d(n_in, n_out, kernel, stride=stride, padding=kernel // 2)
    init.kaiming_normal_(made.weight, nonlinearity="linear" if kernel == 1 else "relu")
    init.zeros_(made.bias)  # type: ignore[arg-type]
    return made
