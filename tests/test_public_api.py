from __future__ import annotations

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
