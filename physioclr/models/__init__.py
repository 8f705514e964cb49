"""Encoders, and the decoder of the reconstruction branch."""

from physioclr.models.decoder import WaveformDecoder
from physioclr.models.transformer import EcgTransformer, TransformerConfig

__all__ = ["EcgTransformer", "TransformerConfig", "WaveformDecoder"]
