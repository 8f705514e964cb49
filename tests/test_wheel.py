from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from physioclr.runtime.shipped_files import bundle_root

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        check=True,
        cwd=ROOT,
        capture_output=True,
    )
    with zipfile.ZipFile(next(out.glob("*.whl"))) as wheel:
        return set(wheel.namelist())


def test_the_wheel_holds_whatever_the_app_needs(wheel_names):
    needed = [
        *(ROOT / "app").rglob("*.*"),
        *(ROOT / "pages").glob("*.py"),
        *(ROOT / "checkpoints").rglob("*.*"),
        *(ROOT / "heads").rglob("*.*"),
        *(ROOT / "demo").rglob("*.*"),
    ]
    names = {
        f"physioclr/_bundle/{path.relative_to(ROOT).as_posix()}"
        for path in needed
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names <= wheel_names
    assert "physioclr/signal/wave_network.safetensors" in wheel_names


def test_the_wheel_takes_no_top_level_name_but_its_own(wheel_names):
    assert {name.split("/")[0] for name in wheel_names if ".dist-info" not in name} == {"physioclr"}


def test_in_a_checkout_the_bundle_is_the_checkout():
    assert bundle_root() == ROOT
