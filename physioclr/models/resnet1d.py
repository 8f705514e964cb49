"""A one-dimensional residual network: the encoder of choice where data or time is short.

The basic residual block of He et al. 2015, arXiv 1512.03385, along time, as ECG work uses it
(Strodthoff et al. 2020, arXiv 2004.13701). Group normalisation stands in place of batch
normalisation, so that an ECG is encoded the same alone and in any batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from physioclr.models.encoder import EcgEncoder

__all__ = ["EcgResNet", "ResNetConfig"]

_GROUPS = 8


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
        if self.width % _GROUPS:
            raise ValueError(f"width must be a multiple of {_GROUPS}, got {self.width}")

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
        self.stem = nn.Sequential(*stem)
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
        if token_mask is not None:
            hidden = token_mask.repeat_interleave(self.config.samples_per_token, dim=1)
            signal = signal * ~hidden[:, None, : signal.shape[-1]]
        tokens = self.blocks(self.stem(signal)).transpose(1, 2)
        return tokens.mean(1), tokens


class _Block(nn.Module):
    def __init__(self, n_in: int, n_out: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.first = _convolution(n_in, n_out, kernel, stride)
        self.second = _convolution(n_out, n_out, kernel, 1)
        self.shortcut = (
            nn.Identity() if (n_in, stride) == (n_out, 1) else _convolution(n_in, n_out, 1, stride)
        )

    def forward(self, features: Tensor) -> Tensor:
        changed = self.second(functional.relu(self.first(features)))
        return torch.relu(changed + self.shortcut(features))


def _convolution(n_in: int, n_out: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv1d(n_in, n_out, kernel, stride=stride, padding=kernel // 2, bias=False),
        nn.GroupNorm(_GROUPS, n_out),
    )
