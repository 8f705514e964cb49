"""docs/objectives.md: its tables and recipes against the code."""

from __future__ import annotations

import re
from pathlib import Path

from physioclr.objectives import OBJECTIVES, objective_config

PAGE = Path(__file__).parents[2] / "docs" / "objectives.md"


def test_every_objective_and_every_switch_of_the_table_is_on_the_page():
    page = PAGE.read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", page, flags=re.M)) == set(OBJECTIVES)
    recipes = re.findall(r"^ *physioclr pretrain (?:.*\\\n)*.*", page, flags=re.M)
    switches = re.findall(r"`(--set [^`]+)`", page)
    own = [text for text in recipes + switches if "--objective ecg_extensions" not in text]
    for settings in [re.findall(r"--set (\w+=[\w.]+)", text) for text in own]:
        objective_config("physioclr", settings)
    assert sum("levels_weight=1" in text for text in recipes) == 1
