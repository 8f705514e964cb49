"""The views of a run's results, one function each, as the page's “Show” offers them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.components.job_view import duration
from app.components.palette import Palette
from app.components.problems import literal
from app.linear_probe.curves import (
    efficiency_figure,
    precision_recall_figure,
    reliability_figure,
    roc_figure,
    svg_config,
)
from app.linear_probe.files import figure_html, run_json, scores_csv
from app.linear_probe.runs import open_record, probe_task
from app.linear_probe.tables import (
    LABEL_SCORES,
    calibration_table,
    confusion_of,
    efficiency_table,
    errors_table,
    label_table,
    macro_table,
    subgroup_table,
)
from app.navigation import go_to
from app.state import app_state
from physioclr.probe import MACRO, paired_table
from physioclr.probe.curves import (
    calibration_bins,
    precision_recall_points,
    prevalence,
    roc_points,
)
from physioclr.probe.decisions import ErrorKind, confusion_table, worst_errors
from physioclr.probe.subgroups import FEWEST_PATIENTS

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from app.state import ProbeState
    from physioclr.evaluation.probe_run import ProbeRun
    from physioclr.jobs import Job
    from physioclr.probe import ProbeResult

__all__ = ["VIEWS", "RunShown"]

_WRONG: tuple[ErrorKind, ...] = ("all", "missed", "false alarm")
_WORST = 20


@dataclass
class RunShown:
    """A run on screen: what is chosen of it is kept in the state.

    Parameters
    ----------
    state : ProbeState
    job : Job
    run : ProbeRun
    palette : Palette
    """

    state: ProbeState
    job: Job
    run: ProbeRun
    palette: Palette

    @property
    def seed(self) -> int:
        """The seed whose results are shown."""
        known = self.state.seed in self.run.seeds
        return self.state.seed if known and self.state.seed is not None else self.run.seeds[0]

    @property
    def results(self) -> dict[str, ProbeResult]:
        """Features → result, at that seed."""
        return dict(self.run.results[self.seed])

    def name(self, label: str) -> str:
        """Return a label's name on screen."""
        return self.run.cohort.display_names.get(label, label)

    def heading(self) -> None:
        """Say what the scores are of."""
        cohort, task = self.run.cohort, probe_task(self.job)
        first = next(iter(self.results.values()))
        begun = datetime.fromtimestamp(self.job.submitted).astimezone()
        badge = '<span class="pc-badge">Simulated ECGs</span>' if cohort.simulated else ""
        facts = [
            f"<span><b>{cohort.n_records:,}</b> ECGs</span>",
            f"<span><b>{len(set(first.groups.tolist())):,}</b> patients</span>",
            f"<span><b>{len(first.measured)}</b> of {len(first.label_names)} labels</span>",
            f"<span>begun <b>{begun:%Y-%m-%d %H:%M}</b></span>",
            f"<span>took <b>{duration(self.job.progress().seconds)}</b></span>",
        ]
        st.html(f'<div class="pc-facts">{badge}{"".join(facts)}</div>')
        said = [f"{cohort.source}, {cohort.label_set}: {', '.join(task.checkpoints)}."]
        if cohort.n_refused:
            said.append(f"{cohort.n_refused:,} ECGs that an encoder refuses are left out.")
        reasons = first.table["reason"].drop(MACRO)
        absent = [f"{self.name(str(x))} {why}" for x, why in reasons.items() if why]
        if absent:
            said.append(f"Not measured: {'; '.join(absent)}.")
        st.caption(literal(" ".join(said)))

    def choose_seed(self) -> None:
        """Ask which seed's results are shown, where there are several."""
        if len(self.run.seeds) > 1:
            self.state.seed = st.segmented_control(
                "Seed", self.run.seeds, default=self.seed, required=True, key="probe_seed"
            )

    def choose_label(self, also: Sequence[str] = ()) -> str:
        """Ask for a label that was measured, or another choice."""
        options = [*also, *self.run.measured]
        at = options.index(self.state.label) if self.state.label in options else 0
        names = {MACRO: "Mean over the labels"}
        self.state.label = st.selectbox(
            "Label",
            options,
            at,
            format_func=lambda label: names.get(label, self.name(label)),
            key=f"probe_label_{len(also)}",
        )
        return self.state.label or options[0]

    def choose_model(self) -> str:
        """Ask for one set of features."""
        best = self.run.best(self.seed)
        options = list(self.run.models)
        chosen = self.state.model if self.state.model in options else best
        self.state.model = st.selectbox(
            "Features", options, options.index(chosen or best), key="probe_model"
        )
        return self.state.model or best


def show_scores(shown: RunShown) -> None:
    """Show the macro scores with paired tests, and one score of each label."""
    which, against = st.columns(2, gap="medium")
    with which:
        shown.choose_seed()
    best = shown.run.best(shown.seed)
    options = ["", *shown.run.models]
    at = options.index(shown.state.reference) if shown.state.reference in options else 0
    shown.state.reference = against.selectbox(
        "Reference of the paired tests",
        options,
        at,
        format_func=lambda name: name or f"the best: {best}",
        key="probe_reference",
    )
    reference = shown.state.reference or best
    pairs = paired_table(shown.results, reference, draws=shown.run.draws[shown.seed])
    over_seeds = {
        model: [shown.run.results[seed][model].macro_auroc for seed in shown.run.seeds]
        for model in shown.run.models
    }
    st.html(macro_table(shown.results, pairs, reference, over_seeds))
    scores = list(LABEL_SCORES)
    shown.state.score = st.segmented_control(
        "Of each label",
        scores,
        default=shown.state.score or scores[0],
        format_func=LABEL_SCORES.__getitem__,
        required=True,
        key="probe_score",
    )
    score = shown.state.score or scores[0]
    st.html(label_table(shown.results, pairs, shown.run.cohort.display_names, score=score))
    _offer_files(shown, pairs)


def show_curves(shown: RunShown) -> None:
    """Show the ROC and precision-recall curves of a label."""
    label = shown.choose_label()
    roc, precision_recall = st.columns(2, gap="medium")
    curves = {name: roc_points(result, label) for name, result in shown.results.items()}
    with roc:
        _draw(roc_figure(curves, shown.palette), "roc", f"ROC curves: {shown.name(label)}")
    curves = {
        name: precision_recall_points(result, label) for name, result in shown.results.items()
    }
    share = prevalence(next(iter(shown.results.values())), label)
    figure = precision_recall_figure(curves, share, shown.palette)
    with precision_recall:
        _draw(figure, "precision-recall", f"Precision-recall curves: {shown.name(label)}")
    st.caption(f"Dotted: by chance; {100 * share:.1f} % of the ECGs have the label.")


def show_calibration(shown: RunShown) -> None:
    """Show the reliability diagram of a label."""
    which, features = st.columns(2, gap="medium")
    with which:
        label = shown.choose_label()
    with features:
        model = shown.choose_model()
    result = shown.results[model]
    diagram, table = st.columns([3, 2], gap="large")
    with diagram:
        figure = reliability_figure(calibration_bins(result, label), shown.palette, name=model)
        _draw(figure, "calibration", f"Reliability of {model}: {shown.name(label)}")
    table.html(calibration_table(shown.results, label))
    table.caption(
        "Each point holds a tenth of the ECGs; bars: 95 % score interval (Wilson) of the share "
        "that has the label. On the dotted line the probability is what it says."
    )


def show_confusion(shown: RunShown) -> None:
    """Show what is called at the thresholds."""
    model = shown.choose_model()
    st.html(confusion_of(confusion_table(shown.results[model]), shown.run.cohort.display_names))


def show_efficiency(shown: RunShown) -> None:
    """Show what is left with fewer labels."""
    table = shown.run.efficiency
    if table.empty:
        st.info("This run asked for no shares of the labels.")
        return
    figure = efficiency_figure(table, shown.palette)
    _draw(figure, "label-efficiency", "Macro AUROC over the share of labelled patients")
    st.html(efficiency_table(table))
    n_seeds = len(shown.run.seeds)
    st.caption(
        f"Mean over {n_seeds} draw{'s' if n_seeds > 1 else ''} of the patients. AUROC within each "
        "fold, so the last point may differ a little from the pooled one of the scores."
    )


def show_subgroups(shown: RunShown) -> None:
    """Show the scores by age, sex and signal quality."""
    label = shown.choose_label([MACRO])
    table = shown.run.subgroups
    chosen = table[table["label"] == label]
    st.html(subgroup_table(chosen, shown.run.models, n_labels=len(shown.run.measured)))
    st.caption(
        f"AUROC [95 % CI] of the same probes, among the ECGs of the group. A label needs "
        f"{FEWEST_PATIENTS} patients with it and {FEWEST_PATIENTS} without. The mean is over the "
        "labels measured in every group of its kind. Seed "
        f"{shown.run.seeds[0]}."
    )


def show_errors(shown: RunShown) -> None:
    """Show the most confident wrong predictions, and open one."""
    which, features, kinds = st.columns(3, gap="medium")
    with which:
        label = shown.choose_label()
    with features:
        model = shown.choose_model()
    at = _WRONG.index(shown.state.wrong) if shown.state.wrong in _WRONG else 0
    kind = kinds.selectbox("Errors", _WRONG, at, key="probe_wrong")
    shown.state.wrong = kind
    result = shown.results[model]
    errors = worst_errors(result, label, kind=kind, n=_WORST)
    if errors.empty:
        st.success(f"{model} makes no such error of {shown.name(label)}.")
        return
    ids = [str(one) for one in shown.run.record_ids[errors["row"]]]
    there = [
        " + ".join(
            shown.name(one) for one, y in zip(result.label_names, targets, strict=True) if y == 1
        )
        or "none of the labels"
        for targets in result.targets[errors["row"]]
    ]
    st.html(errors_table(errors, ids, there))
    picker, button = st.columns([3, 2], gap="medium", vertical_alignment="bottom")
    chosen = picker.selectbox("Open", ids, key=f"probe_error_{label}_{model}_{kind}")
    if button.button("Open in “Read an ECG”", icon=":material/ecg:", width="stretch") and chosen:
        store, row = open_record(shown.job, chosen)
        in_demo = not probe_task(shown.job).cohort
        app_state().read.open(store.record(row), demo_row=row if in_demo else None)
        go_to("read")


VIEWS: dict[str, Callable[[RunShown], None]] = {
    "Scores": show_scores,
    "Curves": show_curves,
    "Calibration": show_calibration,
    "Confusion": show_confusion,
    "Fewer labels": show_efficiency,
    "Subgroups": show_subgroups,
    "Worst errors": show_errors,
}


def _offer_files(shown: RunShown, pairs: pd.DataFrame) -> None:
    name = f"probe-{shown.run.cohort.label_set}-{shown.job.id}"
    csv, everything, figure = st.columns(3, gap="medium")
    look: dict[str, Any] = {"width": "stretch", "on_click": "ignore"}
    table = scores_csv(shown.results, pairs)
    csv.download_button("Table (CSV)", table, f"{name}.csv", "text/csv", **look)
    everything.download_button(
        "Everything (JSON)",
        partial(run_json, shown.run),
        f"{name}.json",
        "application/json",
        **look,
    )
    figure.download_button(
        "Figure (HTML)",
        partial(figure_html, shown.run, shown.seed),
        f"{name}.html",
        "text/html",
        **look,
    )


def _draw(figure: go.Figure, name: str, alt: str) -> None:
    st.plotly_chart(figure, theme=None, key=f"probe_{name}", config=svg_config(name), alt=alt)
