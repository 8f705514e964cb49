"""The augmentations as a table: what each is called, takes, and preserves, and how to apply it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
import torch

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
from physioclr.augment.time_masking import TimeMasking
from physioclr.augment.time_shift import TimeShift
from physioclr.augment.vcg_transform import VcgTransform
from physioclr.augment.windows import EcgWindows
from physioclr.errors import SignalError
from physioclr.records import EcgRecord
from physioclr.runtime.plugins import PluginTable
from physioclr.signal.delineation import Delineation, cut_samples

__all__ = ["AUGMENTATIONS", "Augmentation", "Parameter"]


@dataclass(frozen=True)
class Parameter:
    """One parameter of an augmentation, as a page offers it.

    Parameters
    ----------
    name : str
        The field of the augmentation's dataclass.
    label : str
    kind : {"choice", "number"}
    default : str, int, float or bool
    options : mapping, optional
        For a choice: value to label.
    low, high, step : float
        For a number.
    unit : str
    """

    name: str
    label: str
    kind: Literal["choice", "number"]
    default: str | float
    options: Mapping[Any, str] | None = None
    low: float = 0.0
    high: float = 1.0
    step: float = 0.1
    unit: str = ""


@dataclass(frozen=True)
class Augmentation:
    """One augmentation.

    A new one is a file with its dataclass and an entry in this table, or a plug-in of the group
    ``physioclr.augmentations`` (CONTRIBUTING.md).

    Parameters
    ----------
    key, name : str
    kind : callable
        The augmentation's dataclass, which `parameters` name the fields of. An instance is called
        with `EcgWindows` and ``draws=``, and returns other `EcgWindows` of the same shape.
    preserves, changes : str
        A sentence each.
    citation : str
    parameters : tuple of Parameter
    fewest_beats : int
        Heartbeats an ECG must have for it.
    """

    plugin_group: ClassVar[str] = "physioclr.augmentations"
    key: str
    name: str
    kind: Callable[..., Any]
    preserves: str
    changes: str
    citation: str
    parameters: tuple[Parameter, ...] = ()
    fewest_beats: int = 0

    def apply(
        self, record: EcgRecord, delineation: Delineation, *, seed: int, **parameters: Any
    ) -> EcgRecord:
        """Augment one ECG.

        Parameters
        ----------
        record : EcgRecord
        delineation : Delineation
            Of `record`.
        seed : int
        **parameters
            By the names in `parameters`; the defaults where absent.

        Returns
        -------
        EcgRecord

        Raises
        ------
        SignalError
            If the ECG does not have what the augmentation needs.
        ValueError
            If a parameter is unknown or out of range.
        """
        values = {parameter.name: parameter.default for parameter in self.parameters}
        unknown = sorted(set(parameters) - set(values))
        if unknown:
            raise ValueError(
                f"parameters must be among {', '.join(values) or 'none'}, got {unknown[0]!r}"
            )
        augmentation = self.kind(**(values | parameters))
        n_beats = len(delineation.r_peaks_samples)
        if n_beats < self.fewest_beats:
            raise SignalError(
                record.record_id,
                expected=f"at least {self.fewest_beats} heartbeats for this augmentation",
                found=str(n_beats),
            )
        try:
            augmented = augmentation(windows_of(record, delineation), draws=Draws.seeded(seed))
        except ValueError as error:  # what is wrong with the ECG: its leads, its sampling rate
            raise SignalError(
                record.record_id,
                expected=f"an ECG that {self.name.lower()} can be applied to",
                found=str(error),
            ) from error
        return replace(record, signal_mv=augmented.signal.squeeze(0).numpy())


def windows_of(record: EcgRecord, delineation: Delineation) -> EcgWindows:
    """Make a whole ECG the one window of a batch.

    Parameters
    ----------
    record : EcgRecord
    delineation : Delineation
        Of `record`.

    Returns
    -------
    EcgWindows
        In mV.
    """
    r_peaks = torch.from_numpy(np.array(delineation.r_peaks_samples)).unsqueeze(0)
    if not r_peaks.shape[1]:
        r_peaks = torch.full((1, 1), record.n_samples)
    cuts = torch.from_numpy(np.array(cut_samples(delineation))).long().unsqueeze(0)
    return EcgWindows(
        signal=torch.from_numpy(np.array(record.signal_mv)).unsqueeze(0),
        fs_hz=record.fs_hz,
        leads=record.leads,
        r_peaks=r_peaks,
        cuts=cuts[:, : r_peaks.shape[1] - 1],
    )


def _snr(default: float) -> Parameter:
    return Parameter(
        "snr_db", "ECG to noise", "number", default, low=-6, high=30, step=1, unit="dB"
    )


_OWN: tuple[Augmentation, ...] = (
    Augmentation(
        key="heartbeat_shuffle",
        name="Heartbeat shuffle",
        kind=HeartbeatShuffle,
        preserves="Every heartbeat's shape, and so the intervals and amplitudes within a beat.",
        changes="The order of the heartbeats; with whole beats, the order of the RR intervals too.",
        citation="Maghsoodi et al. 2025, arXiv 2509.08116; here cut in the TP segment",
        parameters=(
            Parameter(
                "order",
                "What moves",
                "choice",
                default="beats",
                options={
                    "beats": "Whole beats with their intervals",
                    "morphology": "Beat shapes only, rhythm kept",
                },
            ),
            Parameter(
                "crossfade_ms", "Cross-fade", "number", 32.0, low=0, high=96, step=8, unit="ms"
            ),
        ),
        fewest_beats=4,
    ),
    Augmentation(
        key="authors_shuffle",
        name="Heartbeat shuffle, the authors' way",
        kind=AuthorsShuffle,
        preserves="The stretches from one R peak to the next, in another order.",
        changes="Each QRS is cut in two; the start is lost, and the end is a tail of zeros.",
        citation="Maghsoodi et al. 2025, arXiv 2509.08116, as their code has it: for comparison",
        fewest_beats=3,
    ),
    Augmentation(
        key="lead_masking",
        name="Random lead masking",
        kind=RandomLeadMasking,
        preserves="The leads that are kept, sample for sample.",
        changes="The masked leads are zero.",
        citation="Oh et al. 2022, arXiv 2203.06889",
        parameters=(
            Parameter("fraction", "Share of leads masked", "number", 0.5, high=0.9, step=0.1),
        ),
    ),
    Augmentation(
        key="lead_group_cutout",
        name="Lead-group cutout",
        kind=LeadGroupCutout,
        preserves="The leads of the other groups, sample for sample.",
        changes="The limb leads, or neighbouring chest leads, are zero.",
        citation="A variant of cutout, DeVries and Taylor 2017, arXiv 1708.04552",
        parameters=(Parameter("probability", "Probability", "number", 1.0, step=0.1),),
    ),
    Augmentation(
        key="baseline_wander",
        name="Baseline wander",
        kind=BaselineWander,
        preserves="The rhythm, and all waves but for a slow drift beneath them.",
        changes="The level of the baseline, and with it the measured ST level.",
        citation="Spectrum after record bw of Moody, Muldrow, Mark 1984",
        parameters=(
            _snr(6.0),
            Parameter("corner_hz", "Falls off above", "number", 0.4, low=0.1, high=0.8, unit="Hz"),
        ),
    ),
    Augmentation(
        key="muscle_noise",
        name="Muscle noise",
        kind=MuscleNoise,
        preserves="The rhythm, and the waves beneath the noise.",
        changes="Small waves drown: P waves first.",
        citation="Spectrum after record ma of Moody, Muldrow, Mark 1984",
        parameters=(_snr(12.0),),
    ),
    Augmentation(
        key="powerline_noise",
        name="Powerline noise",
        kind=PowerlineNoise,
        preserves="The rhythm, and the waves beneath the hum.",
        changes="A hum of the mains frequency, with its third harmonic.",
        citation="Friesen et al. 1990, doi:10.1109/10.43620, names the interference",
        parameters=(
            Parameter("mains_hz", "Mains", "choice", 50, options={50: "50 Hz", 60: "60 Hz"}),
            _snr(10.0),
        ),
    ),
    Augmentation(
        key="gaussian_noise",
        name="Gaussian noise",
        kind=GaussianNoise,
        preserves="The rhythm, and the waves beneath the noise.",
        changes="White noise, each lead its own, so that Einthoven's law no longer holds exactly.",
        citation="Chen et al. 2020, arXiv 2002.05709, for signals",
        parameters=(_snr(20.0),),
    ),
    Augmentation(
        key="ambient_noise",
        name="Ambient noise",
        kind=AmbientNoise,
        preserves="The rhythm, and the waves beneath the noise.",
        changes="Drift, muscle noise and white noise in a mixture and a strength drawn by chance.",
        citation="The mixture of the MIT-BIH Noise Stress Test, Moody et al. 1984, here simulated",
        parameters=(
            Parameter(
                "lowest_snr_db", "Strongest noise", "number", 3.0, low=-6, high=30, unit="dB"
            ),
            Parameter(
                "highest_snr_db", "Weakest noise", "number", 30.0, low=30, high=40, unit="dB"
            ),
        ),
    ),
    Augmentation(
        key="amplitude_scale",
        name="Amplitude scale",
        kind=AmplitudeScale,
        preserves="All intervals; with one factor, the axis and the ratios of the leads.",
        changes="All voltages, and with them every voltage criterion.",
        citation="Um et al. 2017, arXiv 1706.00527",
        parameters=(
            Parameter("most", "Largest factor", "number", 1.25, low=1, high=2, step=0.05, unit="×"),
            Parameter(
                "each_lead",
                "Factors",
                "choice",
                False,
                options={False: "One for all leads", True: "One for each lead"},
            ),
        ),
    ),
    Augmentation(
        key="vcg_transform",
        name="Dipole rotation and scaling",
        kind=VcgTransform,
        preserves="Rhythm and intervals; what the dipole does not explain, if it is kept.",
        changes="The axis and the amplitudes, in all leads consistently.",
        citation="3KG, Gopal et al. 2021, arXiv 2106.04452; matrix of Dower et al. 1980",
        parameters=(
            Parameter(
                "most_degrees", "Largest turn", "number", 15.0, high=90, step=5, unit="degrees"
            ),
            Parameter(
                "most_scale", "Largest factor", "number", 1.2, low=1, high=2, step=0.1, unit="×"
            ),
            Parameter(
                "keep_residual",
                "Beside the dipole",
                "choice",
                True,
                options={True: "Kept", False: "Dropped, as in 3KG"},
            ),
        ),
    ),
    Augmentation(
        key="rr_warp",
        name="RR warp",
        kind=RrWarp,
        preserves="P, QRS and T and the intervals among them, sample for sample.",
        changes="The RR intervals, by a few percent; their mean is kept.",
        citation="Time warping, Um et al. 2017, arXiv 1706.00527, confined to the TP segments",
        parameters=(
            Parameter("most_pct", "Largest change", "number", 4.0, high=20, step=1, unit="%"),
        ),
        fewest_beats=3,
    ),
    Augmentation(
        key="time_shift",
        name="Time shift",
        kind=TimeShift,
        preserves="Rhythm, intervals and amplitudes of what stays in the window.",
        changes="Where the strip begins; at the edge the last value is held.",
        citation="Kiyasseh et al. 2021, arXiv 2005.13249, among others",
        parameters=(
            Parameter("most_ms", "Largest shift", "number", 300.0, high=1000, step=50, unit="ms"),
        ),
    ),
    Augmentation(
        key="crop",
        name="Crop",
        kind=Crop,
        preserves="The stretch that is kept, sample for sample and at its own speed.",
        changes="The rest is zero.",
        citation="Mehari and Strodthoff 2022, arXiv 2103.12676",
        parameters=(
            Parameter("fraction", "Share kept", "number", 0.6, low=0.1, high=1.0, step=0.1),
        ),
    ),
    Augmentation(
        key="time_masking",
        name="Time masking",
        kind=TimeMasking,
        preserves="What is not masked, sample for sample.",
        changes="A stretch is zero in all leads.",
        citation="3KG, Gopal et al. 2021, arXiv 2106.04452",
        parameters=(Parameter("fraction", "Share masked", "number", 0.25, high=0.9, step=0.05),),
    ),
)


def _augmentation(name: str, found: object) -> Augmentation:
    if not isinstance(found, Augmentation):
        raise TypeError(f"an Augmentation, got {found!r}")
    return replace(found, key=name)


AUGMENTATIONS: PluginTable[Augmentation] = PluginTable(
    "physioclr.augmentations", _augmentation, {each.key: each for each in _OWN}
)
"""Every augmentation by its key, as the page Augmentations offers them."""
