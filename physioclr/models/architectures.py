"""The architectures: an encoder from its configuration, and a configuration from JSON."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from physioclr.models.answering import AnsweringConfig, AnsweringEncoder
from physioclr.models.encoder import EcgEncoder, EncoderSize
from physioclr.models.resnet1d import EcgResNet, ResNetConfig
from physioclr.models.transformer import EcgTransformer, TransformerConfig
from physioclr.runtime.plugins import PluginTable

__all__ = [
    "ARCHITECTURES",
    "EncoderConfig",
    "architecture_name",
    "build_encoder",
    "config_from_dict",
    "config_to_dict",
]

EncoderConfig = TransformerConfig | ResNetConfig | AnsweringConfig | EncoderSize
"""The configuration of an encoder: one of PhysioCLR's own, or that of a plug-in."""


def _architecture(name: str, found: object) -> type[EcgEncoder]:  # noqa: ARG001
    if not (isinstance(found, type) and issubclass(found, EcgEncoder)):
        raise TypeError(f"a subclass of EcgEncoder, got {found!r}")
    if not dataclasses.is_dataclass(getattr(found, "Config", None)):
        raise TypeError("a subclass of EcgEncoder whose Config is a dataclass")
    return found


ARCHITECTURES: PluginTable[type[EcgEncoder]] = PluginTable(
    "physioclr.encoders",
    _architecture,
    {"transformer": EcgTransformer, "resnet1d": EcgResNet, "answering": AnsweringEncoder},
)
"""The module of each architecture, by the name it has in a checkpoint's card."""


def architecture_name(config: object) -> str:
    """Return the name of the architecture that a configuration is of.

    Parameters
    ----------
    config : object

    Returns
    -------
    str

    Raises
    ------
    TypeError
        If it is of none.
    """
    for name, kind in ARCHITECTURES.items():
        if type(config) is kind.Config:
            return name
    raise TypeError(
        f"config must be of an encoder, got {type(config).__name__}; use_plugin makes an encoder "
        "known that is not installed"
    )


# Several times the largest encoder of `physioclr.models.sizes`.
_LARGEST = {"blocks": 256, "n_layers": 256, "n_heads": 256, "strides": 256, "stem_strides": 256}
_LARGEST |= {"kernel": 1023, "position_kernel": 4095, "n_leads": 1000}
_LARGEST_WIDTH = 65_536
_REAL = ("dropout", "temperature")
_LONGEST_REASON = 200


def build_encoder(config: EncoderConfig) -> EcgEncoder:
    """Make an encoder with weights drawn from torch's global generator.

    Parameters
    ----------
    config : EncoderConfig

    Returns
    -------
    EcgEncoder

    Raises
    ------
    TypeError
        If `config` is of no architecture.
    """
    if isinstance(config, AnsweringConfig):
        return AnsweringEncoder(config, build_encoder(config.encoder))
    return ARCHITECTURES[architecture_name(config)](config)


def config_to_dict(config: EncoderSize) -> dict[str, Any]:
    """Return a configuration as JSON has it, its architecture named.

    Parameters
    ----------
    config : EncoderSize
        Of one of `ARCHITECTURES`.

    Returns
    -------
    dict
    """
    settings: dict[str, Any] = dataclasses.asdict(config)  # type: ignore[call-overload]
    if isinstance(config, AnsweringConfig):
        settings["encoder"] = config_to_dict(config.encoder)
    return {"architecture": architecture_name(config), **settings}


def config_from_dict(state: Mapping[str, Any]) -> EncoderConfig:
    """Rebuild a configuration from `config_to_dict`.

    Parameters
    ----------
    state : mapping

    Returns
    -------
    EncoderConfig

    Raises
    ------
    ValueError
        If the architecture is unknown or a field does not belong to it.
    """
    settings = dict(state)
    architecture = settings.pop("architecture", None)
    if not isinstance(architecture, str) or architecture not in ARCHITECTURES:
        raise ValueError(ARCHITECTURES.why_not(architecture)[:_LONGEST_REASON])
    kind = ARCHITECTURES[architecture].Config
    fields = {field.name for field in dataclasses.fields(kind)}
    if unknown := sorted(set(settings) - fields):
        raise ValueError(f"{architecture} has no {unknown[0]}, only {', '.join(sorted(fields))}")
    if kind is AnsweringConfig:
        inner = settings.get("encoder")
        if not isinstance(inner, Mapping) or inner.get("architecture") == "answering":
            raise ValueError("encoder must be the configuration of what reads the ECG")
        settings["encoder"] = config_from_dict(inner)
    if architecture in ARCHITECTURES.own:
        _check_sizes(settings)
    listed = {name: tuple(v) if isinstance(v, list) else v for name, v in settings.items()}
    try:
        config: EncoderConfig = kind(**listed)
    except TypeError as error:
        raise ValueError(f"{architecture} lacks a field: {error}") from None
    return config


def _check_sizes(settings: Mapping[str, Any]) -> None:
    """Refuse sizes that no encoder has, before anything of that size is made."""
    for name, value in settings.items():
        if name == "encoder" or (name == "centred" and isinstance(value, bool)):
            continue
        if name in _REAL:
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"{name} must be a number, got {value!r}"[:_LONGEST_REASON])
            if not 0 <= value < math.inf:
                raise ValueError(f"{name} must be finite and 0 or more, got {value}")
            continue
        is_list = isinstance(value, list | tuple)
        numbers = list(value) if is_list else [value]
        if not all(isinstance(n, int) and not isinstance(n, bool) for n in numbers):
            raise ValueError(f"{name} must be a whole number, got {value!r}"[:_LONGEST_REASON])
        if not numbers or min(numbers) < 1 or sum(numbers) > _LARGEST.get(name, _LARGEST_WIDTH):
            most = _LARGEST.get(name, _LARGEST_WIDTH)
            raise ValueError(f"{name} must be 1 to {most}, got {value!r}"[:_LONGEST_REASON])
