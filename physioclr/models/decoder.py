"""The decoder: transposed convolutions from the encoder's tokens back to the waveform."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from physioclr.models.encoder import EncoderSize

__all__ = ["WaveformDecoder"]


class WaveformDecoder(nn.Module):
    """Mirror the strides of an encoder.

    Parameters
    ----------
    config : EncoderSize
        Of the encoder whose tokens are decoded.
    """

    def __init__(self, config: EncoderSize) -> None:
        super().__init__()
        widths = [config.width] + [config.width // 2] * (len(config.strides) - 1)
        layers: list[nn.Module] = []
        for (n_in, n_out), stride in zip(
            pairwise([*widths, config.width // 2]), reversed(config.strides), strict=True
        ):
            layers += [nn.ConvTranspose1d(n_in, n_out, stride, stride=stride), nn.GELU()]
        layers.append(nn.Conv1d(config.width // 2, config.n_leads, 7, padding=3))
        self.layers = nn.Sequential(*layers)

    def forward(self, tokens: Tensor, n_samples: int) -> Tensor:
        """Decode a batch.

        Parameters
        ----------
        tokens : (n_windows, n_tokens, width) float tensor
        n_samples : int
            Length of the window the tokens came from; the surplus of the last token is cut.

        Returns
        -------
        (n_windows, n_leads, n_samples) float tensor
        """
        waveform: Tensor = self.layers(tokens.transpose(1, 2))
        return waveform[..., :n_samples]
