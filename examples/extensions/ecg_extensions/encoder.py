"""An encoder: strided convolutions, and the mean of their tokens."""

import math
from dataclasses import dataclass

from torch import Tensor, nn

from physioclr.models import EcgEncoder
from physioclr.models.sizes import token_strides


@dataclass(frozen=True)
class StridedConfig:
    n_leads: int = 12
    width: int = 64
    strides: tuple[int, ...] = (2, 2, 2)

    @property
    def samples_per_token(self) -> int:
        return math.prod(self.strides)


class StridedEncoder(EcgEncoder):
    Config = StridedConfig

    @classmethod
    def sized(cls, *, fs_hz: float, n_leads: int) -> StridedConfig:
        return StridedConfig(n_leads, strides=token_strides(fs_hz))

    def __init__(self, config: StridedConfig) -> None:
        super().__init__(config)
        widths = (config.n_leads, *(config.width for _ in config.strides[1:]))
        sizes = zip(widths, config.strides, strict=True)
        layers = [nn.Conv1d(n_in, config.width, 2 * s + 1, s, s) for n_in, s in sizes]
        self.layers = nn.Sequential(*(each for layer in layers for each in (layer, nn.GELU())))

    def forward(self, signal: Tensor, token_mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        tokens = self.layers(self.without_hidden(signal, token_mask)).transpose(1, 2)
        return tokens.mean(1), tokens
