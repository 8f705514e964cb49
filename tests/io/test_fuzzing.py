"""Seconds of what ``make fuzz`` does for minutes."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings

from tests.io.fuzzing import LONGEST_S, SEEDS, hostile_files, outcome_of


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(hostile_files())
def test_hostile_files_are_read_or_refused_in_time(case):
    _, files, layout = case
    started = time.perf_counter()
    assert outcome_of(files, layout) in ("read", "refused")
    assert time.perf_counter() - started < LONGEST_S


@pytest.mark.parametrize("name", SEEDS)
def test_what_is_changed_could_be_read_before(name):
    from tests.io.fuzzing import LAYOUTS

    assert "read" in [outcome_of(SEEDS[name], layout) for layout in LAYOUTS]
