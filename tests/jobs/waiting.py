"""Waiting for a job that another process does."""

from __future__ import annotations

import time


def wait_until(job, condition, seconds=90):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        progress = job.progress()
        if condition(progress):
            return progress
        time.sleep(0.1)
    raise AssertionError(job.progress(), job.log())


def ended(progress):
    return progress.ended
