"""The architectures: an encoder from its configuration, and a configuration from JSON."""

from __future__ import annotations

import dataclasses
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
    if architecture not in ARCHITECTURES:
        raise ValueError(ARCHITECTURES.why_not(architecture))
    kind = ARCHITECTURES[architecture].Config
    fields = {field.name for field in dataclasses.fields(kind)}
    if unknown := sorted(set(settings) - fields):
        raise ValueError(f"{architecture} has no {unknown[0]}, only {', '.join(sorted(fields))}")
    if kind is AnsweringConfig:
        settings["encoder"] = config_from_dict(settings.get("encoder", {}))
    listed = {name: tuple(v) if isinstance(v, list) else v for name, v in settings.items()}
    config: EncoderConfig = kind(**listed)
    return config
