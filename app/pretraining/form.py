"""What is asked about the next pretraining run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from physioclr.pretraining.plan import PRESETS, PretrainPlan

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from app.state import PretrainState

__all__ = ["choose_preset", "choose_settings"]

_MINUTES = 60


def choose_preset(state: PretrainState) -> str | None:
    """Ask for a name and a recipe; return the recipe where another is chosen."""
    name, recipe = st.columns([3, 5], gap="medium")
    state.name = name.text_input(
        "Name of the run",
        state.name,
        placeholder="as its checkpoint will be called",
        max_chars=64,
        key=f"pretrain_name_{state.run}",  # empty again once the run has begun
    )
    keys = list(PRESETS)
    chosen: str = recipe.selectbox(
        "Recipe",
        keys,
        keys.index(state.preset),
        format_func=lambda key: PRESETS[key].title,
        key=f"pretrain_preset_{state.opened}",
    )
    recipe.caption(PRESETS[state.preset].said)
    return chosen if chosen != state.preset else None


def choose_settings(
    plan: PretrainPlan,
    cohorts: Mapping[str, str],
    objectives: Sequence[str],
    encoders: Sequence[str],
    *,
    recipe_steps: int,
    key: str,
) -> PretrainPlan:
    """Ask for what a run learns, with what, on what, for how long.

    Parameters
    ----------
    plan : PretrainPlan
        As it is.
    cohorts : mapping of str to str
        Path → name of the cohorts that are known.
    objectives, encoders : sequence of str
    recipe_steps : int
        Of the recipe on these cohorts; with another number the steps are asked for afresh.
    key : str
        Of the widgets.

    Returns
    -------
    PretrainPlan
    """
    what, encoder, on = st.columns([2, 2, 4], gap="medium")
    objective: str = what.selectbox(
        "Objective", objectives, list(objectives).index(plan.objective), key=f"{key}_objective"
    )
    size: str = encoder.selectbox(
        "Encoder", encoders, list(encoders).index(plan.encoder), key=f"{key}_encoder"
    )
    paths = list(dict.fromkeys([*cohorts, *plan.cohorts]))
    chosen = on.multiselect(
        "Cohorts",
        paths,
        list(plan.cohorts),
        format_func=lambda path: cohorts.get(path, path),
        accept_new_options=True,
        help="One or several: known ones, or folders of prepared stores, typed.",
        key=f"{key}_cohorts",
    )
    columns = st.columns([3, 2, 2, 2, 2], gap="medium")
    steps, minutes = _choose_budget(plan, columns, recipe_steps=recipe_steps, key=key)
    batch = columns[2].number_input(
        "ECGs in a batch", 2, 4096, plan.records_per_batch, key=f"{key}_batch"
    )
    rate = columns[3].number_input(
        "Learning rate", 1e-6, 1.0, plan.learning_rate, format="%.1e", key=f"{key}_rate"
    )
    seed = columns[4].number_input("Seed", 0, 2**31 - 1, plan.seed, key=f"{key}_seed")
    return replace(
        plan,
        objective=objective,
        encoder=size,
        cohorts=tuple(path.strip() for path in chosen),
        steps=steps,
        minutes=minutes,
        records_per_batch=int(batch),
        learning_rate=float(rate),
        seed=int(seed),
    )


def _choose_budget(
    plan: PretrainPlan, columns: Sequence[DeltaGenerator], *, recipe_steps: int, key: str
) -> tuple[int, float | None]:
    """Ask for steps, or for minutes that as many steps as fit are taken in."""
    budget = columns[0].segmented_control(
        "Budget",
        ["Steps", "Minutes"],
        default="Steps" if plan.minutes is None else "Minutes",
        required=True,
        key=f"{key}_budget",
    )
    if budget == "Minutes":
        minutes = columns[1].number_input(
            "Minutes",
            1,
            100_000,
            _MINUTES if plan.minutes is None else round(plan.minutes),
            10,
            help="How many steps fit is measured when the run begins.",
            key=f"{key}_minutes",
        )
        return plan.steps, float(minutes)
    # Another key where the recipe gives other steps: a kept one would keep the old number.
    steps = columns[1].number_input(
        "Steps", 1, 10_000_000, plan.steps, 100, key=f"{key}_steps_{recipe_steps}"
    )
    return int(steps), None
