"""The tables of the study, in Markdown, and its figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go

from physioclr.probe import MACRO, ProbeResult
from physioclr.runtime.atomic_files import make_folder, replace_file
from studies.main.measures import CONTROLS, LABEL_SETS, probe_results
from studies.main.pretraining import Study
from studies.main.rows import PAPER, RECIPE, ROWS
from studies.main.seeds import seed_difference, seed_mean

__all__ = ["write_tables"]

_SCORES = ("auprc", "f1", "brier", "ece")


def write_tables(study: Study) -> Path:
    """Write ``tables/*.md`` and ``figures/*.html`` of what has been measured so far.

    Parameters
    ----------
    study : Study

    Returns
    -------
    Path
        The folder of the tables.
    """
    folder = study.out / "tables"
    tables = {
        "objectives": _against(study, "superclass", "objectives", RECIPE),
        "parts": _against(study, "superclass", "parts of the recipe", RECIPE),
        "pretrained-on": _against(study, "superclass", "pretrained on", RECIPE),
        "paper-switches": _against(study, "superclass", "the paper's switches", PAPER),
        "superclass-labels": _by_label(study, "superclass"),
        "statements": _by_label(study, "statements"),
        "challenge": _by_label(study, "challenge_2021"),
        "label-efficiency": _label_efficiency(study),
        "quality": _quality(study),
    }
    make_folder(folder)
    for name, table in tables.items():
        if table:
            replace_file(folder / f"{name}.md", (table + "\n").encode())
    if figure := _efficiency_figure(study):
        make_folder(study.out / "figures")
        drawn = figure.to_html(include_plotlyjs=True)
        replace_file(study.out / "figures" / "label-efficiency.html", drawn.encode())
    return folder


def _against(study: Study, label_set: str, part: str, reference: str) -> str:
    """One row a way to pretrain: its macro scores, and the reference less it."""
    own = probe_results(study, label_set, reference)
    names = [row.name for row in ROWS if row.part == part]
    asked = dict.fromkeys([reference, *names, *(CONTROLS if part == "objectives" else ())])
    scored = [score.upper() for score in _SCORES]
    header = ["", "seeds", "macro AUROC ± seeds [95 % CI]", *scored, "reference less"]
    lines = []
    for name in asked:
        results = probe_results(study, label_set, name)
        if not results:
            continue
        macro = pd.DataFrame([result.table.loc[MACRO] for result in results])
        difference = "" if name == reference or not own else str(seed_difference(own, results))
        scores = [_short(float(macro[score].mean())) for score in _SCORES]
        lines.append([name, str(len(results)), str(seed_mean(results)), *scores, difference])
    return _markdown(header, lines)


def _by_label(study: Study, label_set: str) -> str:
    """One row a label, a column for each of the objectives and controls."""
    names = [*(row.name for row in ROWS if row.part == "objectives"), *CONTROLS]
    found = {name: results for name in names if (results := probe_results(study, label_set, name))}
    if not found:
        return ""
    first = next(iter(found.values()))[0]
    header = [f"{LABEL_SETS[label_set]}, {len(first.targets)} ECGs", "ECGs with it", *found]
    lines = []
    for label in (*first.measured, MACRO):
        n_positive = int(first.table["n_positive"].to_dict()[label])
        cells = [str(seed_mean(results, label)) for results in found.values()]
        lines.append([label, "" if label == MACRO else str(n_positive), *cells])
    reasons = first.table["reason"].to_dict()
    left_out = [f"{label} {reason}" for label, reason in reasons.items() if reason]
    note = f"\n\nNot measured: {'; '.join(left_out)}." if left_out else ""
    return _markdown(header, lines) + note


def _label_efficiency(study: Study) -> str:
    table = _efficiency(study)
    if table is None:
        return ""
    header = ["labels", "ECGs", *dict.fromkeys(table["model"])]
    lines = []
    for fraction, rows in table.groupby("fraction"):
        cells = []
        for row in rows.to_dict("records"):
            limits = f"[{_short(row['auroc_low'])}, {_short(row['auroc_high'])}]"
            cells.append(f"{_short(row['auroc'])} {limits}")
        lines.append(
            [f"{100 * float(str(fraction)):g} %", f"{rows['n_records'].iloc[0]:.0f}", *cells]
        )
    return _markdown(header, lines)


def _efficiency(study: Study) -> pd.DataFrame | None:
    file = study.out / "label-efficiency.json"
    return pd.DataFrame(json.loads(file.read_text())["table"]) if file.exists() else None


def _efficiency_figure(study: Study) -> go.Figure | None:
    table = _efficiency(study)
    if table is None:
        return None
    figure = go.Figure()
    for model, rows in table.groupby("model", sort=False):
        figure.add_trace(
            go.Scatter(
                x=100 * rows["fraction"],
                y=rows["auroc"],
                error_y={
                    "type": "data",
                    "symmetric": False,
                    "array": rows["auroc_high"] - rows["auroc"],
                    "arrayminus": rows["auroc"] - rows["auroc_low"],
                },
                mode="lines+markers",
                name=str(model),
            )
        )
    figure.update_xaxes(type="log", title="Labelled patients used, %")
    figure.update_yaxes(title="Macro AUROC [95 % CI]")
    figure.update_layout(template="simple_white", title="PTB-XL superclass by share of the labels")
    return figure


def _quality(study: Study) -> str:
    file = study.out / "quality.json"
    if not file.exists():
        return ""
    stored = json.loads(file.read_text())
    lines = []
    for name, result in stored["models"].items():
        found = ProbeResult.from_dict(result)
        counts = found.table.loc["unacceptable"]
        lines.append(
            [name, f"{counts['n_known']}", f"{counts['n_positive']}", str(seed_mean([found]))]
        )
    header = ["CinC 2011, quality", "ECGs embedded", "unacceptable", "AUROC [95 % CI]"]
    note = (
        f"\n\nRefused for a flat lead or missing samples, and in no row: {stored['refused']} ECGs."
    )
    return _markdown(header, lines) + note


def _markdown(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [header, ["---"] * len(header), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _short(value: float) -> str:
    return f"{value:.3f}".replace("0.", ".", 1)
