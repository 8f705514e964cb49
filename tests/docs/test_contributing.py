"""CONTRIBUTING.md: the layers as the test has them, and files and tables that are there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.test_layers import CORE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_layers_are_those_of_the_test():
    block = re.search(r"```\n(errors,.*?)```", PAGE, flags=re.S)[1]
    lines = [re.split(r"\s{2,}", line, maxsplit=1)[0] for line in block.splitlines()]
    assert [set(re.split(r", | · ", line)) for line in lines] == [set(line) for line in CORE]


def test_every_file_it_names_is_there():
    named = re.findall(
        r"`((?:physioclr|app|pages|tests|docs|examples|checkpoints|demo)/[^`]*)`", PAGE
    )
    assert len(named) > 30
    missing = [name for name in named if not (ROOT / name).exists()]
    if not (ROOT / "physioclr" / "interpretation").is_dir():
        missing = [name for name in missing if "interpretation" not in name]
    assert missing == []


def test_every_table_it_names_is_in_the_file_named_after_it():
    pairs = re.findall(r"`(\w+)`(?: and its name to `\w+`)? (?:in|of) `([\w/]+\.py)`", PAGE)
    assert len(pairs) > 7
    for name, file in pairs:
        if not (ROOT / file).exists():
            continue  # the test above has it
        assert re.search(rf"\b{name}\b", (ROOT / file).read_text()), (name, file)
