"""What a killed reader leaves behind is removed by the next one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import pytest

from physioclr.io import private_folder as module


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    module.remove_leftovers.cache_clear()
    yield tmp_path
    module.remove_leftovers.cache_clear()


def test_the_folder_is_private_and_gone_afterwards(temporary):
    with module.private_folder() as folder:
        assert folder.parent == temporary
        assert folder.stat().st_mode & 0o077 == 0
        (folder / "record").write_bytes(b"x")
    assert list(temporary.iterdir()) == []


def test_folders_of_processes_that_are_gone_are_removed_and_no_others(temporary):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    names = [
        f"physioclr-{ended.pid}-abc",
        f"physioclr-{os.getpid()}-abc",
        "physioclr-x-abc",
        "other",
    ]
    for name in names:
        (temporary / name).mkdir()
        (temporary / name / "record").write_bytes(b"patient")
    assert module.remove_leftovers() == 1
    assert sorted(path.name for path in temporary.iterdir()) == sorted(names[1:])
