"""What is compared: the objectives, the recipe and its parts, at one budget and on one encoder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from physioclr.models import EncoderConfig, encoder_config
from physioclr.objectives import PhysioclrConfig, objective_config
from physioclr.pretraining.config import PretrainConfig

__all__ = ["PAPER", "RECIPE", "ROWS", "Row", "budget", "encoder", "recipe"]

RECIPE, PAPER = "PhysioCLR, levels", "PhysioCLR, paper"
REAL = ("ptb-xl", "cinc2011", "challenge2021", "chapman", "sph")
SIMULATED = ("simulated",)
STEPS, RECORDS_PER_BATCH = 400, 48
_WARMUP_STEPS = 50
"""Not a share of the steps: with 20 and a rate of 0.002, half of a network's units died."""


def recipe() -> PhysioclrConfig:
    """Return the settings of the shipped encoder's objective."""
    return PhysioclrConfig(
        levels_weight=1.0,
        contrast_weight=0.0,
        global_weight=0.0,
        peak_weight=0.0,
        lead_mask_fraction=0.15,
        shift_ms=300.0,
        lowest_snr_db=12.0,
    )


@dataclass(frozen=True)
class Row:
    """One way to pretrain.

    Parameters
    ----------
    name : str
        As the tables call it.
    part : {"objectives", "parts of the recipe", "the paper's switches", "pretrained on"}
        Which table it belongs to.
    objective : object
        A `Config` of an objective.
    stores : tuple of str
        What it is pretrained on.
    """

    name: str
    part: str
    objective: Any
    stores: tuple[str, ...] = (*REAL, *SIMULATED)

    @property
    def key(self) -> str:
        """The name as a folder has it."""
        kept = "".join(c if c.isalnum() else " " for c in self.name.lower())
        return "-".join(kept.split())


def encoder() -> EncoderConfig:
    """Return the encoder of every row."""
    return encoder_config("resnet1d-tiny", fs_hz=100.0, n_leads=12)


def budget(row: Row, *, seed: int, scale: float) -> PretrainConfig:
    """Return the run of a row.

    Parameters
    ----------
    row : Row
    seed : int
    scale : float
        Of the steps: 1 for 400 steps of 48 ECGs.
    """
    steps = max(1, round(STEPS * scale))
    return PretrainConfig(
        objective=row.objective,
        encoder=encoder(),
        steps=steps,
        records_per_batch=RECORDS_PER_BATCH,
        learning_rate=1e-3,
        weight_decay=0.05,
        warmup_steps=_WARMUP_STEPS,
        seed=seed,
        held_out=0.0,
        monitor_every=0,
        save_every=steps,
    )


def _objectives() -> list[Row]:
    rivals = ("simclr", "cmsc", "3kg", "w2v_cmsc_rlm", "mae", "jepa")
    part = "objectives"
    return [
        Row(RECIPE, part, recipe()),
        Row(PAPER, part, PhysioclrConfig()),
        *(Row(name, part, objective_config(name)) for name in rivals),
        # Simulated ECGs handicap it.
        Row("simclr, real ECGs alone", part, objective_config("simclr"), stores=REAL),
    ]


def _parts_of_the_recipe() -> list[Row]:
    part = "parts of the recipe"
    without: dict[str, dict[str, Any]] = {
        "levels and the paper's pairs": {"contrast_weight": 0.1},
        "levels and weighted pairs": {
            "contrast_weight": 0.1,
            "denominator": "all",
            "positive_weights": "similarity",
        },
        "levels and reconstruction": {"global_weight": 0.2, "peak_weight": 0.1},
        "levels, no noise": {"lowest_snr_db": None},
        "levels, no masked leads": {"lead_mask_fraction": 0.0},
        "levels, yes or no": {"levels": "hard"},
        "levels, random mixture": {"mixture": "random"},
    }
    return [Row(name, part, replace(recipe(), **change)) for name, change in without.items()]


def _switches_of_the_paper() -> list[Row]:
    part = "the paper's switches"
    changes: dict[str, dict[str, Any]] = {
        "weighted positives": {"positive_weights": "similarity"},
        "InfoNCE denominator": {"denominator": "all"},
        "no physiology": {"physiology": None},
        "no shuffle": {"shuffle": None},
        "no neighbour": {"neighbour": None},
        "no reconstruction": {"global_weight": 0.0, "peak_weight": 0.0},
        "no peak loss": {"peak_weight": 0.0},
        "authors' shuffle": {"shuffle": "authors"},
        "authors' neighbour": {"neighbour": "next_row"},
        "authors' own positive": {"own_positive": True},
        "authors' raw cosine": {"physiology": "raw", "missing": "zero"},
        "all of the authors'": {
            "shuffle": "authors",
            "neighbour": "next_row",
            "own_positive": True,
            "physiology": "raw",
            "missing": "zero",
        },
    }
    return [
        Row(f"paper, {name}", part, replace(PhysioclrConfig(), **change))
        for name, change in changes.items()
    ]


def _pretrained_on() -> list[Row]:
    part = "pretrained on"
    cohorts = {
        "real ECGs alone": REAL,
        "simulated ECGs alone": SIMULATED,
        "all but PTB-XL": (*REAL[1:], *SIMULATED),
    }
    return [
        Row(f"levels, {name}", part, recipe(), stores=stores) for name, stores in cohorts.items()
    ]


ROWS: tuple[Row, ...] = (
    *_objectives(),
    *_parts_of_the_recipe(),
    *_pretrained_on(),
    *_switches_of_the_paper(),
)
