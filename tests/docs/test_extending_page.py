"""docs/extending.md: its tables and its Python against the code."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from physioclr.objectives import OBJECTIVES
from physioclr.runtime.plugins import GROUPS
from tests.runtime.fake_packages import EXAMPLES

PAGE = (Path(__file__).parents[2] / "docs" / "extending.md").read_text(encoding="utf-8")


def test_every_kind_is_in_the_table_with_its_class_and_group():
    rows = re.findall(r"^\| ([a-z ]+) \| .*?`(physioclr\.[\w.]+)`.*?\| `([\w.]+)` \|", PAGE, re.M)
    assert {group: what for what, _, group in rows} == GROUPS
    for _, path, group in rows:
        module, _, name = path.rpartition(".")
        assert getattr(import_module(module), name).plugin_group == group


def test_the_python_of_the_page_runs(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    block = re.search(r"```python\n(.*?)```", PAGE, flags=re.S)[1]
    exec(compile(re.sub(r"^   ", "", block, flags=re.M), "docs/extending.md", "exec"), {})
    assert "ecg_extensions.objective:Bootstrap" in OBJECTIVES


def test_what_the_page_names_is_in_the_examples(extensions):
    for module, name in re.findall(r"(ecg_extensions\.\w+):(\w+)", PAGE):
        assert hasattr(import_module(module), name)
