"""The head that ships: fitted on all labelled ECGs, with the evidence of a cross-validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

import physioclr
from physioclr.encoders.encoder import Encoder
from physioclr.interpretation.label_map import GROUP_CODES
from physioclr.interpretation.vocabulary import VOCABULARY
from physioclr.prediction.heads import label_card
from physioclr.prediction.statement_head import (
    LabelledCohortCard,
    StatementHead,
    StatementHeadCard,
    tensors_fingerprint,
)
from physioclr.probe import ProbeResult, fit_probe
from studies.rhythm_head.ecgs import EMBEDDING, LICENCES, LabelledEcgs

__all__ = ["COMMAND", "fit_head"]

COMMAND = "python -m studies.rhythm_head ../shared/data"

_PROTOCOL = (
    "Logistic regression on the frozen embedding; labels of six cohorts through label_map.csv, "
    "each code on the cohorts that annotate it; patient-grouped 5-fold cross-validation, each ECG "
    "scored once by a model that never saw its patient; 95 % patient-clustered bootstrap. The "
    "encoder saw the ECGs of all cohorts but CPSC 2018 and LUDB in pretraining, without labels"
)
_LIMITS = (
    "615 labelled ECGs: intervals are wide, and a finding of fewer than 8 patients has no label.",
    "Labels are those of the cohorts' readers; where cohorts differ in usage, so does the head.",
    "Paced rhythms, children and poor signals are hardly represented.",
)


def fit_head(
    ecgs: LabelledEcgs,
    codes: Sequence[str],
    left_out: Mapping[str, str],
    encoder: Encoder,
    evidence: Mapping[str, ProbeResult],
    *,
    seed: int,
) -> StatementHead:
    """Fit the head on all ECGs.

    Parameters
    ----------
    ecgs : LabelledEcgs
    codes : sequence of str
    left_out : mapping of str to str
        Codes without a head, and why.
    encoder : Encoder
    evidence : mapping of str to ProbeResult
        Cross-validated probes by features; those of `EMBEDDING` are the head's.
    seed : int

    Returns
    -------
    StatementHead
    """
    own = evidence[EMBEDDING]
    names = [code for code in codes if code in own.measured]
    probe = fit_probe(
        ecgs.features[EMBEDDING],
        ecgs.targets[names].to_numpy(),
        ecgs.patients,
        label_names=names,
        seed=seed,
    )
    card = StatementHeadCard(
        name=f"{encoder.card.name}-rhythm",
        encoder=encoder.card.name,
        encoder_fingerprint=encoder.card.fingerprint,
        labels=tuple(label_card(own, name, _display(name)) for name in names),
        left_out={**left_out, **{c: own.table.loc[c, "reason"] for c in codes if c not in names}},
        cohorts=_cohorts(ecgs, names),
        n_records=len(ecgs.ids),
        n_patients=len(set(ecgs.patients)),
        protocol=_PROTOCOL,
        seed=seed,
        comparison={
            features: {str(label): _rounded(area) for label, area in result.table["auroc"].items()}
            for features, result in evidence.items()
        },
        precision={name: _rounded(own.table["precision"].to_dict()[name]) for name in names},
        command=COMMAND,
        physioclr_version=physioclr.__version__,
        limits=_LIMITS,
        fingerprint=tensors_fingerprint(probe.to_tensors()),
    )
    return StatementHead(probe, card)


def _display(code: str) -> str:
    return VOCABULARY[code].text if code in VOCABULARY else GROUP_CODES[code]


def _cohorts(ecgs: LabelledEcgs, codes: Sequence[str]) -> tuple[LabelledCohortCard, ...]:
    cards = []
    for folder in dict.fromkeys(ecgs.folders.tolist()):
        rows = ecgs.folders == folder
        name, licence = LICENCES[folder]
        targets = ecgs.targets.loc[rows, list(codes)]
        counts = {
            code: (int((targets[code] == 1).sum()), int(targets[code].notna().sum()))
            for code in codes
        }
        cards.append(
            LabelledCohortCard(
                name=name,
                n_records=int(rows.sum()),
                n_patients=len(set(ecgs.patients[rows])),
                licence=licence,
                counts={code: pair for code, pair in counts.items() if pair[1]},
            )
        )
    return tuple(cards)


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)
