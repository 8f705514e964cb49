"""The shipped encoder: the recipe, longer, with its head, its references and what was measured.

::

    python -m studies.main.shipped STUDY --data DATA --steps 3000 --out checkpoints/physioclr-tiny

reads the stores of a study (`studies.main`) and writes a checkpoint, and ``STUDY/shipped`` with the
tables of its robustness and of what the embedding knows of physiology.
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd

from physioclr.encoders.checkpoint import (
    load_encoder,
    load_physiology_space,
    save_checkpoint,
)
from physioclr.encoders.encoder import Encoder
from physioclr.encoders.installed import SHIPPED
from physioclr.evaluation.embedded_physiology import EmbeddingDescription, describe_embedding
from physioclr.evaluation.noise_robustness import noise_robustness
from physioclr.evaluation.noise_sources import noise_sources
from physioclr.prediction.heads import add_head
from physioclr.pretraining.pretrain import pretrain_cohort
from physioclr.runtime.atomic_files import make_folder
from studies.main.pretraining import Study
from studies.main.rows import ROWS, budget

__all__ = ["main"]

_INTENDED_USE = (
    "Research and teaching on 10 s resting ECGs of adults with twelve leads: embeddings, maps, "
    "probes. Not a medical device; its predictions are no diagnosis."
)
_LIMITS = (
    "Pretrained on 3,065 ECGs, two thirds of them simulated by one dipole model.",
    "The head learnt from 348 ECGs of one hospital's PTB-XL: few of each class, above all of "
    "hypertrophy. Where a label is rare, most of its 'present' calls are wrong; see each label's "
    "share.",
    "The physiology it was taught is measured by this package, with its errors.",
    "Pacemakers, children and other lead systems were not looked at.",
    "The AUROC of the head is by cross-validation on ECGs whose signals, without labels, were in "
    "pretraining.",
)
_SHOWN = ("heart_rate_bpm", "pr_ms", "qrs_ms", "qtc_fridericia_ms")


def main() -> None:
    """Pretrain, measure and write the checkpoint; a run that was stopped goes on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    study = Study(arguments.data, arguments.study, seeds=[0], scale=1.0)
    study.prepare_stores()
    trained = _pretrained(study, arguments.steps)
    store = study.store("ptb-xl")
    tables = arguments.study / "shipped"
    make_folder(tables)
    described = describe_embedding(store, trained, label_set="superclass", n_bootstrap=1000)
    described.physiology.to_csv(tables / "physiology.csv")
    described.geometry.to_csv(tables / "geometry.csv")
    noises = noise_sources(study.data / "nstdb")
    robustness = noise_robustness(store, trained, "superclass", noises=noises)
    robustness.to_csv(tables / "robustness.csv", index=False)
    run = study.out / "runs" / "shipped"
    if arguments.out.exists():
        shutil.rmtree(arguments.out)
    save_checkpoint(
        arguments.out,
        trained.model,
        name=SHIPPED,
        preprocessing=trained.card.preprocessing,
        training=trained.card.training,
        physiology_space=load_physiology_space(run / "checkpoint"),
        intended_use=_INTENDED_USE,
        limits=_LIMITS,
        metrics=_metrics(described, robustness),
    )
    head = add_head(arguments.out, store, "superclass")
    for label in head.labels:
        study.say(f"{label.display_name}: AUROC {label.auroc}")


def _pretrained(study: Study, steps: int) -> Encoder:
    run = study.out / "runs" / "shipped"
    if not (run / "checkpoint").exists():
        config = replace(
            budget(ROWS[0], seed=0, scale=1.0),
            steps=steps,
            learning_rate=2e-3,
            warmup_steps=steps // 10,
            save_every=200,
            precision="bf16-mixed",
        )
        pretrain_cohort(
            study.cohort(ROWS[0]),
            run,
            config,
            resume=True,
            on_step=lambda report: (
                None
                if report.step % 100
                else study.say(f"step {report.step}: {report.loss:.3f} {report.terms}")
            ),
        )
    return load_encoder(run / "checkpoint")


def _metrics(
    described: EmbeddingDescription, robustness: pd.DataFrame
) -> dict[str, float | dict[str, float | None] | None]:
    r2 = described.physiology["r2"].to_dict()
    noisy = robustness[(robustness["kind"] == "noise") & (robustness["snr_db"] == 6)]
    losses = dict(zip(noisy["noise"], noisy["loss_pct"], strict=True))
    return {
        "r2": {name: round(float(r2[name]), 3) for name in _SHOWN},
        "auroc_loss_at_6_db_pct": {name: round(float(loss), 2) for name, loss in losses.items()},
    }


if __name__ == "__main__":
    main()
