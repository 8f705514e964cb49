"""What every encoder is: `EcgEncoder`."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Protocol

from torch import Tensor, nn

__all__ = ["EcgEncoder", "EncoderSize"]


class EncoderSize(Protocol):
    """What is known of an encoder from its configuration, whichever its architecture.

    Its fields are those of a frozen dataclass.
    """

    @property
    def n_leads(self) -> int:
        """Rows of its input."""

    @property
    def width(self) -> int:
        """Length of a token, and of the embedding."""

    @property
    def strides(self) -> tuple[int, ...]:
        """Stride of every step that lowers the rate, from the signal to the tokens."""

    @property
    def samples_per_token(self) -> int:
        """Product of the strides."""


class EcgEncoder(nn.Module):
    """Windows of an ECG in; a summary and a sequence of tokens out.

    A new encoder is a subclass in a separate file and a line in `physioclr.models.architectures`,
    or a plug-in of the group ``physioclr.encoders`` (CONTRIBUTING.md).

    Parameters
    ----------
    config : EncoderSize
        An instance of `Config`.

    Attributes
    ----------
    Config : type
        A frozen dataclass with the properties of `EncoderSize`. Its fields go into a checkpoint's
        card as JSON: numbers, texts, None, and tuples of them.
    """

    plugin_group: ClassVar[str] = "physioclr.encoders"
    Config: ClassVar[type[Any]]

    @classmethod
    def sized(cls, *, fs_hz: float, n_leads: int) -> Any:  # noqa: ARG003
        """Choose the configuration for a sampling rate and a number of leads.

        `physioclr pretrain --encoder NAME` and the page Pretraining take it for a plug-in.

        Parameters
        ----------
        fs_hz : float
            Sampling rate of the encoder's input in Hz.
        n_leads : int

        Returns
        -------
        object
            An instance of `Config`; by default with all other fields at their defaults.
        """
        return cls.Config(n_leads=n_leads)

    def __init__(self, config: EncoderSize) -> None:
        super().__init__()
        self.config = config

    def n_tokens(self, n_samples: int) -> int:
        """Return how many tokens a window of `n_samples` gives."""
        for stride in self.config.strides:
            n_samples = (n_samples - 1) // stride + 1
        return n_samples

    def local_features(self, signal: Tensor) -> Tensor:
        """Describe each token's stretch of the signal, as little of the rest as can be.

        Parameters
        ----------
        signal : (n_windows, n_leads, n_samples) float tensor

        Returns
        -------
        (n_windows, n_tokens, width) float tensor
            The tokens, where an architecture has nothing more local.
        """
        tokens: Tensor = self(signal)[1]
        return tokens

    def without_hidden(self, signal: Tensor, token_mask: Tensor | None) -> Tensor:
        """Set the samples that hidden tokens stand for to zero, in all leads.

        Parameters
        ----------
        signal : (n_windows, n_leads, n_samples) float tensor
        token_mask : (n_windows, n_tokens) bool tensor, optional
            True where a token is hidden.

        Returns
        -------
        (n_windows, n_leads, n_samples) float tensor
        """
        if token_mask is None:
            return signal
        hidden = token_mask.repeat_interleave(self.config.samples_per_token, dim=1)
        return signal * ~hidden[:, None, : signal.shape[-1]]

    @abstractmethod
    def forward(self, signal: Tensor, token_mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Encode a batch.

        Parameters
        ----------
        signal : (n_windows, n_leads, n_samples) float tensor
            Preprocessed; a lead that is not there is zero, as in random lead masking.
        token_mask : (n_windows, n_tokens) bool tensor, optional
            True where a token is hidden.

        Returns
        -------
        summary : (n_windows, width) float tensor
        tokens : (n_windows, n_tokens, width) float tensor
        """
