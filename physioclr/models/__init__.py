"""Encoders, and the decoder of the reconstruction branch."""

from physioclr.models.answering import AnsweringConfig, AnsweringEncoder, answer_layer
from physioclr.models.architectures import EncoderConfig, build_encoder
from physioclr.models.decoder import WaveformDecoder
from physioclr.models.encoder import EcgEncoder
from physioclr.models.resnet1d import EcgResNet, ResNetConfig
from physioclr.models.sizes import ENCODER_NAMES, encoder_config, encoder_names
from physioclr.models.transformer import EcgTransformer, TransformerConfig

__all__ = [
    "ENCODER_NAMES",
    "AnsweringConfig",
    "AnsweringEncoder",
    "EcgEncoder",
    "EcgResNet",
    "EcgTransformer",
    "EncoderConfig",
    "ResNetConfig",
    "TransformerConfig",
    "WaveformDecoder",
    "answer_layer",
    "build_encoder",
    "encoder_config",
    "encoder_names",
]
