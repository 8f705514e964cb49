"""The sections of the page about pretraining: the next run, and a run as it goes."""

from __future__ import annotations

import html
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.components.job_view import duration, watch_job
from app.components.palette import palette_for
from app.components.plugin_notice import say_what_is_broken
from app.components.problems import literal, showing_problems
from app.inputs.known_cohorts import cohort_names
from app.inputs.run_link import read_link, write_link
from app.navigation import go_to
from app.pretraining.curves import CURVES, curve_figure, curves_logged
from app.pretraining.form import choose_preset, choose_settings
from app.pretraining.runs import (
    begin_run,
    changes,
    checkpoint_of,
    epochs_of,
    estimate_of,
    estimate_run,
    go_on,
    job_of,
    metrics_of,
    next_plan,
    plan_of,
    recipe_steps,
    run_names,
    show_run_named,
    status_of,
    steps_of,
    take_preset,
    take_settings,
    what_is_kept,
)
from app.state import app_state
from physioclr.encoders.installed import SHIPPED, runs_folder
from physioclr.jobs.pretraining import last_use

if TYPE_CHECKING:
    from app.state import PretrainState
    from physioclr.pretraining.plan import PretrainPlan

__all__ = ["ask_for_run", "choose_run", "show_run"]

_LOOKED_AT_EVERY_S = 2.0
_A_ROW = 2


def choose_run(state: PretrainState) -> None:
    """Ask which run is shown: the one that the page's address names, until another is chosen."""
    with showing_problems():
        read_link(state, partial(show_run_named, state))
    _choose_among_runs(state)
    write_link(state)


def _choose_among_runs(state: PretrainState) -> None:
    names = run_names()
    if state.run not in names:
        state.run = ""
    if not names:
        return
    status = {name: status_of(name) for name in names}
    chosen = st.selectbox(
        "Run",
        names,
        names.index(state.run) if state.run else None,
        format_func=lambda name: f"{name} · {status[name]}",
        placeholder="Choose one of the runs so far",
        key=f"pretrain_run_{state.run}_{status.get(state.run)}",  # a kept key keeps the old words
    )
    if chosen is not None and chosen != state.run:
        state.run = chosen
        st.rerun()


def ask_for_run(state: PretrainState) -> None:
    """Ask what the next run is to be, measure what it will take, and begin it."""
    with st.expander("A new run", expanded=not state.run):
        _ask_for_run(state)


def _ask_for_run(state: PretrainState) -> None:
    from physioclr.models.architectures import ARCHITECTURES
    from physioclr.models.sizes import encoder_names
    from physioclr.objectives import OBJECTIVES

    other = choose_preset(state)
    if other is not None:
        take_preset(state, other)
        st.rerun()
    asked = choose_settings(
        next_plan(state),
        cohort_names(),
        list(OBJECTIVES),
        encoder_names(),
        recipe_steps=recipe_steps(state),
        key=f"pretrain_{state.opened}",
    )
    take_settings(state, asked)
    if next_plan(state).steps != asked.steps:
        st.rerun()
    say_what_is_broken({**OBJECTIVES.broken, **ARCHITECTURES.broken})
    _say_what_is_asked(state)
    measure, begin, _ = st.columns([3, 2, 3], gap="medium")
    with showing_problems():
        if measure.button("Measure time and memory", icon=":material/timer:", width="stretch"):
            estimate_run(state)
        if begin.button("Begin", type="primary", icon=":material/play_arrow:", width="stretch"):
            begin_run(state)
            st.rerun()
    _show_estimate(state)


def _say_what_is_asked(state: PretrainState) -> None:
    """Say the budget in ECGs, and what is not as the recipe has it."""
    plan = next_plan(state)
    said = [_budget(plan)]
    epochs = epochs_of(plan)
    if epochs is not None:
        said.append(f"{epochs:,.1f} epochs of these cohorts")
    changed = changes(state)
    if changed:
        said.append(f"changed from the recipe: {', '.join(changed)}")
    st.caption(literal(" · ".join(said)))


def _budget(plan: PretrainPlan) -> str:
    """Say how long a run goes and how many ECGs a step of it sees."""
    batch = f"{plan.records_per_batch} ECGs"
    if plan.accumulate > 1:
        batch = f"{plan.accumulate} × {batch}, accumulated"
    if plan.minutes is not None:
        return f"as many steps of {batch} as fit into {plan.minutes:,.0f} min"
    return f"{plan.steps:,} steps of {batch}"


def _show_estimate(state: PretrainState) -> None:
    job = estimate_of(state)
    if job is None:
        st.caption(
            "Time and memory: not measured yet. A measurement takes some real steps of this run, "
            "about 10 s once no other run is under way."
        )
        return
    watch_job(job, key=f"estimate_{job.id}", finished=lambda progress: _said(progress.result))


def _said(found: dict[str, Any]) -> str:
    batch = found["measured_batch"]
    return (
        f"About {duration(found['seconds'])} for {found['steps']:,} steps, and "
        f"{_gigabytes(found['memory_bytes'])} of memory on {found['device']}, as busy as it is "
        f"now: {found['step_s']:.2f} s a step, {duration(found['prepare_s'])} to filter the "
        f"cohort first; {found['n_parameters'] / 1e6:.1f} million parameters. Measured with "
        f"{batch} ECGs in a batch."
    )


def _gigabytes(n_bytes: float) -> str:
    return f"{n_bytes / 1e9:.1f} GB"


def show_run(state: PretrainState) -> None:
    """Show how a run goes, or went, and what can be done with it; nothing where none is chosen."""
    name = state.run
    if not name:
        return
    job = job_of(name)
    st.subheader(literal(name))
    _say_what_it_is(name)
    if job is not None:
        watch_job(
            job,
            key=f"pretrain_{job.id}",
            finished=lambda progress: f"{name}: {progress.result['steps']:,} steps taken.",
            stopped=what_is_kept(name),
        )
    under_way = job is not None and not job.progress().ended
    if checkpoint_of(name):
        _offer_checkpoint(name)
    elif not under_way:
        _offer_to_go_on(name)
    _watch_curves(name, under_way=under_way)


def _say_what_it_is(name: str) -> None:
    with showing_problems():
        plan = plan_of(name)
        if plan is None:
            st.caption("Begun on the command line.")
            return
        names = cohort_names()
        cohorts = ", ".join(names.get(path, path) for path in plan.cohorts)
        facts = (
            f"{plan.objective} · {plan.encoder} · {cohorts} · {_budget(plan)} · "
            f"learning rate {plan.learning_rate:g} · seed {plan.seed}"
        )
        simulated = all(store.simulated for store in plan.stores())
        badge = ' <span class="pc-badge">simulated ECGs alone</span>' if simulated else ""
        st.html(f'<div class="pc-facts"><span>{html.escape(facts)}</span>{badge}</div>')


def _offer_to_go_on(name: str) -> None:
    """Let a run go on that ended before its last step."""

    def resume() -> None:
        with showing_problems():
            go_on(name)

    with showing_problems():
        if plan_of(name) is not None:
            st.button("Go on", icon=":material/resume:", on_click=resume, type="primary")


def _offer_checkpoint(name: str) -> None:
    folder = checkpoint_of(name)
    said, to_map, to_probe = st.columns([4, 2, 2], gap="medium", vertical_alignment="center")
    said.caption(
        literal(f"Its checkpoint is {name}: every page that asks for a checkpoint has it.")
    )
    state = app_state()
    if to_map.button("Map a cohort in its space", icon=":material/scatter_plot:", width="stretch"):
        state.map.checkpoint = folder
        go_to("map")
    if to_probe.button("Probe it", icon=":material/analytics:", width="stretch"):
        state.probe.checkpoints, state.probe.run = (SHIPPED, name), ""
        go_to("probe")


def _watch_curves(name: str, *, under_way: bool) -> None:
    """Draw what a run logs, again every two seconds while it goes."""

    @st.fragment(run_every=_LOOKED_AT_EVERY_S if under_way else None)
    def watch() -> None:
        with showing_problems():
            lines = metrics_of(name)
            if not lines:
                st.caption("No step taken yet.")
                return
            _show_use(name)
            _draw(lines, max(steps_of(name), int(lines[-1]["step"])))

    watch()


def _draw(lines: list[dict[str, Any]], n_steps: int) -> None:
    palette = palette_for(st.context.theme.type)
    drawn = [title for title in CURVES if curves_logged(lines, title)]
    for first in range(0, len(drawn), _A_ROW):
        for column, title in zip(
            st.columns(_A_ROW, gap="medium"), drawn[first : first + _A_ROW], strict=False
        ):
            column.plotly_chart(
                curve_figure(lines, title, n_steps, palette),
                key=f"curve_{title}",
                config={"displayModeBar": False},
            )


def _show_use(name: str) -> None:
    use = last_use(runs_folder() / name)
    if not use:
        return
    facts = [use["device"], f"{use['cores_busy']:.1f} of {use['cores']} cores busy"]
    if "memory_bytes" in use:
        facts.append(f"{_gigabytes(use['memory_bytes'])} of memory")
    if "peak_memory_bytes" in use:
        facts.append(f"{_gigabytes(use['peak_memory_bytes'])} of memory at most")
    if "gpu_memory_bytes" in use:
        held, whole = use["gpu_memory_bytes"], use["gpu_memory_total_bytes"]
        facts.append(f"{_gigabytes(held)} of {_gigabytes(whole)} on the GPU")
    if "gpu_busy" in use:
        facts.append(f"GPU {use['gpu_busy']:.0%} busy")
    st.caption(literal("Last seen: " + " · ".join(facts)))
