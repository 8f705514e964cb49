"""Make the statement head and the fusion, and measure them: ``python -m studies.rhythm_head DATA``.

Writes the head's folder and ``fusion.json``, and prints the tables of ``docs/rhythm_head.md``.
About 10 minutes on one core, less with a cache.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from physioclr.encoders.checkpoint import load_encoder
from physioclr.encoders.installed import SHIPPED
from physioclr.interpretation.fusion import Fusion
from physioclr.interpretation.fusion_fit import fit_fusion
from physioclr.probe import ProbeResult, compare_probes, label_efficiency
from physioclr.runtime.atomic_files import replace_file
from studies.rhythm_head import tables
from studies.rhythm_head.ecgs import EMBEDDING, PHYSIOLOGY, RANDOM, LabelledEcgs, read_ecgs
from studies.rhythm_head.evidence import (
    SOURCES,
    findings_of,
    fittable_codes,
    grouped_states,
    out_of_fold,
    table_of,
)
from studies.rhythm_head.head import COMMAND, fit_head

_ROOT = Path(__file__).resolve().parents[2]
_FRACTIONS = (0.05, 0.1, 0.2, 0.5, 1.0)
_BOTH = "embedding + physiology vector"
_SEEDS = (0, 1, 2)


def main() -> None:
    """Read, fit, measure, write, print."""
    arguments = _arguments()
    encoder = load_encoder(arguments.encoder)
    ecgs = read_ecgs(arguments.data, encoder, seed=arguments.seed, cache=arguments.cache)
    codes, left_out = fittable_codes(ecgs)
    print(
        f"{len(ecgs.ids)} ECGs of {len(set(ecgs.patients))} patients; heads for {', '.join(codes)}"
    )
    for reason in ecgs.left_out:
        print(f"left out: {reason}")
    for code, reason in left_out.items():
        print(f"no head for {code}: {reason}")
    results = _compared(ecgs, codes, arguments.seed)
    print(f"\n## Features\n\n{tables.features_table(results)}")
    found = out_of_fold(ecgs, codes, seed=arguments.seed)
    evidence = table_of(ecgs, found)
    print(f"\n## Criteria, head, both\n\n{tables.evidence_table(evidence)}")
    print(f"\n## CPSC 2018\n\n{tables.nine_words_table(ecgs, found)}")
    print(f"\n## Calibration\n\n{tables.calibration_table(ecgs, found)}")
    head = fit_head(ecgs, codes, left_out, encoder, results, seed=arguments.seed)
    head.save(arguments.head)
    fusion = _fusion(ecgs, results[EMBEDDING], evidence, encoder.card.fingerprint)
    replace_file(arguments.fusion, (json.dumps(fusion.to_dict(), indent=1) + "\n").encode())
    print(f"\nwritten: {arguments.head.name}/, {arguments.fusion.name}")
    if arguments.compare_heads:
        _compare_heads(ecgs, codes, evidence, arguments.seed)
    if not arguments.skip_efficiency:
        curve = label_efficiency(
            _features(ecgs),
            ecgs.targets[list(codes)].to_numpy(),
            ecgs.patients,
            label_names=codes,
            fractions=_FRACTIONS,
            seeds=_SEEDS,
        )
        print(f"\n## Label efficiency\n\n{tables.efficiency_table(curve)}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder of the cohorts, such as ../shared/data")
    parser.add_argument("--encoder", default=SHIPPED)
    parser.add_argument("--head", type=Path, default=_ROOT / "heads" / "physioclr-tiny-rhythm")
    parser.add_argument(
        "--fusion", type=Path, default=_ROOT / "physioclr" / "interpretation" / "fusion.json"
    )
    parser.add_argument("--cache", type=Path, help="a folder for features, to run it again sooner")
    parser.add_argument("--seed", type=int, default=0, help="of folds and bootstrap")
    parser.add_argument("--skip-efficiency", action="store_true")
    parser.add_argument(
        "--compare-heads",
        action="store_true",
        help="also fuse a head on embedding and measurements",
    )
    return parser.parse_args()


def _features(ecgs: LabelledEcgs) -> dict[str, np.ndarray]:
    return {
        EMBEDDING: ecgs.features[EMBEDDING],
        PHYSIOLOGY: ecgs.features[PHYSIOLOGY],
        RANDOM: ecgs.features[RANDOM],
    }


def _compared(ecgs: LabelledEcgs, codes: tuple[str, ...], seed: int) -> dict[str, ProbeResult]:
    features = _features(ecgs)
    features[_BOTH] = np.hstack([features[EMBEDDING], features[PHYSIOLOGY]])
    return compare_probes(
        features,
        ecgs.targets[list(codes)].to_numpy(),
        ecgs.patients,
        label_names=codes,
        seed=seed,
    )


def _compare_heads(
    ecgs: LabelledEcgs, codes: tuple[str, ...], evidence: pd.DataFrame, seed: int
) -> None:
    """Print F1 and AUROC of criteria with either head, mean over the head's statements."""
    joined = np.hstack([ecgs.features[EMBEDDING], ecgs.features[PHYSIOLOGY]])
    wider = replace(ecgs, features={**ecgs.features, _BOTH: joined})
    other = table_of(wider, out_of_fold(wider, codes, seed=seed, features=_BOTH))
    for name, table in ((EMBEDDING, evidence), (_BOTH, other)):
        fused = table[(table["source"] == "both") & table["code"].isin(codes)]
        f1, area = fused["f1"].mean(), fused["auroc"].mean()
        print(f"\nfused with a head on {name}: mean F1 {f1:.3f}, mean AUROC {area:.3f}")


def _fusion(
    ecgs: LabelledEcgs, head: ProbeResult, evidence: pd.DataFrame, fingerprint: str
) -> Fusion:
    """Fit the fusion on all ECGs, with the head's out-of-fold probabilities."""
    states = grouped_states(ecgs.states)
    asked = [code for code in ecgs.targets if code in states]
    heads = dict(zip(head.label_names, head.probabilities.T, strict=True))
    everyone = np.ones(len(ecgs.ids), dtype=bool)
    weights = fit_fusion(findings_of(ecgs, states, asked, heads, everyone))
    measured = evidence.set_index(["code", "source"])
    scores = ("f1", "auroc", "sensitivity", "specificity")
    return Fusion(
        weights,
        encoder_fingerprint=fingerprint,
        evidence={
            code: {
                source: {name: _rounded(measured.loc[(code, source), name]) for name in scores}
                for source in SOURCES
                if (code, source) in measured.index
            }
            for code in weights
        },
        command=COMMAND,
    )


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 3)


if __name__ == "__main__":
    main()
