"""Augmentations of ECGs: batched, on the signal's device, seeded by draws."""

from physioclr.augment.ambient_noise import AmbientNoise
from physioclr.augment.amplitude_scale import AmplitudeScale
from physioclr.augment.authors_shuffle import AuthorsShuffle
from physioclr.augment.baseline_wander import BaselineWander
from physioclr.augment.crop import Crop
from physioclr.augment.draws import Draws
from physioclr.augment.gaussian_noise import GaussianNoise
from physioclr.augment.heartbeat_shuffle import HeartbeatShuffle
from physioclr.augment.lead_group_cutout import LeadGroupCutout
from physioclr.augment.lead_masking import RandomLeadMasking
from physioclr.augment.muscle_noise import MuscleNoise
from physioclr.augment.powerline_noise import PowerlineNoise
from physioclr.augment.rr_warp import RrWarp
from physioclr.augment.table import AUGMENTATIONS, Augmentation, Parameter
from physioclr.augment.time_masking import TimeMasking
from physioclr.augment.time_shift import TimeShift
from physioclr.augment.vcg_transform import VcgTransform

__all__ = [
    "AUGMENTATIONS",
    "AmbientNoise",
    "AmplitudeScale",
    "Augmentation",
    "AuthorsShuffle",
    "BaselineWander",
    "Crop",
    "Draws",
    "GaussianNoise",
    "HeartbeatShuffle",
    "LeadGroupCutout",
    "MuscleNoise",
    "Parameter",
    "PowerlineNoise",
    "RandomLeadMasking",
    "RrWarp",
    "TimeMasking",
    "TimeShift",
    "VcgTransform",
]
