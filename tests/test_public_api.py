from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import physioclr

ROOT = Path(physioclr.__file__).parent.parent
CONTRACT = {
    "read_ecg",
    "delineate",
    "measure",
    "assess_quality",
    "physiology_vector",
    "load_encoder",
    "embed",
    "predict",
}


def modules():
    return [m.name for m in pkgutil.walk_packages(physioclr.__path__, "physioclr.")]


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def files(folder):
    return sorted((ROOT / folder).rglob("*.py"))


def test_the_names_promised_are_public():
    assert set(physioclr.__all__) >= CONTRACT


@pytest.mark.parametrize("name", physioclr.__all__)
def test_every_public_name_is_what_its_module_exports(name):
    value = getattr(physioclr, name)
    if callable(value):
        module = importlib.import_module(value.__module__)
        assert name in module.__all__


def test_no_submodule_takes_the_place_of_a_public_name():
    # Importing a submodule sets it as an attribute of the package, over a function of its name.
    assert not set(physioclr.__all__) & {m.removeprefix("physioclr.") for m in modules()}


@pytest.mark.parametrize("name", modules())
def test_every_module_exports_what_it_lists(name):
    module = importlib.import_module(name)
    assert all(hasattr(module, public) for public in getattr(module, "__all__", ()))


def test_importing_the_package_loads_nothing_heavy():
    code = "import physioclr, sys; print(sorted({'torch', 'pandas', 'scipy'} & set(sys.modules)))"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("path", files("physioclr"), ids=str)
def test_the_core_knows_nothing_of_the_app(path):
    first = {name.split(".")[0] for name in imports_of(path)}
    assert not first & {"streamlit", "app", "pages"}
    # One module draws, for the file that `probe --figure` writes; only that verb imports it.
    assert "plotly" not in first or path.name == "figure.py"
    assert "physioclr.probe.figure" not in set(imports_of(path)) or path.name == "evidence.py"


@pytest.mark.parametrize("folder", ["physioclr/signal", "physioclr/physiology", "physioclr/io"])
def test_signal_physiology_and_readers_do_without_torch(folder):
    assert not [path for path in files(folder) if "torch" in set(imports_of(path))]


def test_the_app_does_not_know_its_pages_and_pages_do_not_know_each_other():
    for folder in ("app", "pages"):
        for path in files(folder):
            assert not {name for name in imports_of(path) if name.split(".")[0] == "pages"}


def test_session_state_and_caches_are_touched_in_one_place_each():
    def users(word):
        paths = files("app") + files("pages")
        return {path.name for path in paths if word in path.read_text()}

    assert users("session_state") <= {"state.py"}
    assert users("@st.cache_") <= {"resources.py"}
