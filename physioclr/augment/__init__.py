"""Augmentations of ECGs: batched, on the signal's device, seeded by a generator."""

from physioclr.augment.authors_shuffle import AuthorsShuffle
from physioclr.augment.draws import Draws
from physioclr.augment.heartbeat_shuffle import HeartbeatShuffle
from physioclr.augment.lead_masking import RandomLeadMasking
from physioclr.augment.table import AUGMENTATIONS, Augmentation, Parameter

__all__ = [
    "AUGMENTATIONS",
    "Augmentation",
    "AuthorsShuffle",
    "Draws",
    "HeartbeatShuffle",
    "Parameter",
    "RandomLeadMasking",
]
