"""Encoders by name: an architecture and a size, for a sampling rate and a number of leads."""

from __future__ import annotations

from physioclr.models.architectures import ARCHITECTURES, EncoderConfig
from physioclr.models.resnet1d import ResNetConfig
from physioclr.models.transformer import TransformerConfig
from physioclr.runtime.plugins import plugin_named

__all__ = ["ENCODER_NAMES", "encoder_config", "encoder_names", "token_strides"]

_TOKEN_S = 0.08
_TRANSFORMERS = {  # width, layers, heads, feed-forward
    "tiny": (128, 4, 4, 512),
    "small": (256, 6, 8, 1024),
    "medium": (512, 8, 8, 2048),
    "base": (768, 12, 8, 3072),
}
_RESNETS = {  # width, blocks, seconds a token
    "tiny": (128, (2, 2, 2), 2 * _TOKEN_S),
    "small": (256, (2, 2, 2), 2 * _TOKEN_S),
    "base": (512, (3, 4, 6, 3), _TOKEN_S),
}

ENCODER_NAMES = (
    *(f"transformer-{size}" for size in _TRANSFORMERS),
    *(f"resnet1d-{size}" for size in _RESNETS),
)
"""PhysioCLR's own. ``transformer-base`` has the size of the paper's, about 90 M."""


def encoder_names() -> tuple[str, ...]:
    """Return the names that `encoder_config` knows: `ENCODER_NAMES`, then the plug-ins.

    Returns
    -------
    tuple of str
    """
    return (*ENCODER_NAMES, *(name for name in ARCHITECTURES if name not in ARCHITECTURES.own))


def encoder_config(name: str, *, fs_hz: float, n_leads: int) -> EncoderConfig:
    """Return the configuration of a named encoder.

    Parameters
    ----------
    name : str
        One of `encoder_names`.
    fs_hz : float
        Sampling rate of its input in Hz; the strides follow from it, so that a token stands for
        about 80 ms at any rate, in the smaller ResNets about 160.
    n_leads : int

    Returns
    -------
    EncoderConfig

    Raises
    ------
    ValueError
        If there is no such encoder, or the sampling rate is not from 100 to 500 Hz.
    """
    if name not in ARCHITECTURES.own and name in ARCHITECTURES:
        plugged: EncoderConfig = ARCHITECTURES[name].sized(fs_hz=fs_hz, n_leads=n_leads)
        return plugged
    if name not in ENCODER_NAMES:
        if plugin_named("physioclr.encoders", name) is not None:
            raise ValueError(ARCHITECTURES.why_not(name))
        raise ValueError(f"name must be one of {', '.join(encoder_names())}, got {name!r}")
    architecture, size = name.split("-")
    if architecture == "transformer":
        strides = token_strides(fs_hz)
        width, n_layers, n_heads, feedforward = _TRANSFORMERS[size]
        return TransformerConfig(
            n_leads=n_leads,
            width=width,
            n_layers=n_layers,
            n_heads=n_heads,
            feedforward=feedforward,
            strides=strides,
        )
    width, blocks, token_s = _RESNETS[size]
    strides = token_strides(fs_hz, token_s=token_s)
    in_stages = len(blocks) - 1
    # The stages halve the rate themselves; the stem does what is left, at least one step of 2.
    return ResNetConfig(
        n_leads=n_leads, width=width, blocks=blocks, stem_strides=_stem(strides, in_stages)
    )


def token_strides(fs_hz: float, *, token_s: float = _TOKEN_S) -> tuple[int, ...]:
    """Factor the samples of a token into the strides of a front end.

    Parameters
    ----------
    fs_hz : float
        From 100 to 500 Hz.
    token_s : float
        What a token stands for, in seconds.

    Returns
    -------
    tuple of int
        Factors 2, 3 and 5, the largest first; their product is about `token_s` of samples.

    Raises
    ------
    ValueError
        If the sampling rate is out of range.
    """
    if not 100 <= fs_hz <= 500:
        raise ValueError(f"fs_hz must lie in [100, 500], got {fs_hz:g}")
    wanted = token_s * fs_hz
    smooth = [n for n in range(4, 128) if _factors(n) is not None]
    nearest = min(smooth, key=lambda n: (abs(n - wanted), n))
    factors = _factors(nearest)
    assert factors is not None  # noqa: S101
    return factors


def _factors(number: int) -> tuple[int, ...] | None:
    factors = []
    for prime in (5, 3, 2):
        while number % prime == 0:
            factors.append(prime)
            number //= prime
    return tuple(factors) if number == 1 else None


def _stem(strides: tuple[int, ...], in_stages: int) -> tuple[int, ...]:
    halvings = min(in_stages, strides.count(2))
    left = strides[: len(strides) - halvings]
    return left or (2,)
