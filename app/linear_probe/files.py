"""What a run of probes found, as files to take away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from physioclr.probe.figure import comparison_figure

if TYPE_CHECKING:
    from physioclr.evaluation.probe_run import ProbeRun
    from physioclr.probe import ProbeResult

__all__ = ["figure_html", "run_json", "scores_csv"]


def scores_csv(results: Mapping[str, ProbeResult], pairs: pd.DataFrame) -> str:
    """Return one row for each label and feature set: its scores, and its paired test.

    Parameters
    ----------
    results : mapping of str to ProbeResult
        Features → result, at one seed.
    pairs : DataFrame
        As `physioclr.probe.paired_table` returns it.

    Returns
    -------
    str
    """
    scores = [one.table.reset_index().assign(features=name) for name, one in results.items()]
    tested = pairs.rename(
        columns=lambda column: column if column == "label" else f"reference_{column}"
    )
    table = pd.concat(scores).merge(
        tested, how="left", left_on=["label", "features"], right_on=["label", "reference_model"]
    )
    return table.drop(columns="reference_model").to_csv(index=False)


def run_json(run: ProbeRun) -> str:
    """Return everything a run found, at every seed, as JSON."""
    return json.dumps(
        {
            "cohort": vars(run.cohort),
            "record_ids": run.record_ids.tolist(),
            "results": {
                str(seed): {model: result.to_dict() for model, result in results.items()}
                for seed, results in run.results.items()
            },
            "subgroups": json.loads(run.subgroups.to_json(orient="records")),
            "label_efficiency": json.loads(run.efficiency.to_json(orient="records")),
        }
    )


def figure_html(run: ProbeRun, seed: int) -> str:
    """Return the comparison of a run's features at one seed as a page of HTML."""
    title = f"AUROC [95 % CI], {run.cohort.source}, {run.cohort.label_set}"
    return str(comparison_figure(run.results[seed], title=title).to_html(include_plotlyjs=True))
