"""A visitor's path stays in the folders it may use, whatever it is spelt like."""

from __future__ import annotations

import os

import pytest

from physioclr.errors import PhysioclrError
from physioclr.runtime.allowed_paths import allowed_roots, require_allowed


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    for name in ("data", "more", "outside", "work"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("PHYSIOCLR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PHYSIOCLR_DATA", f"{tmp_path / 'data'}{os.pathsep}{tmp_path / 'more'}")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def test_paths_in_the_stated_folders_are_allowed(folders):
    for inside in ("data", "data/new/store", "more/x", "cache/stores/a"):
        assert require_allowed(str(folders / inside)) == folders / inside


@pytest.mark.parametrize(
    "path", ["{0}/outside", "{0}/data/../outside", "/etc/passwd", "~/x", "{0}/data2", "a\0b", "."]
)
def test_other_paths_are_refused_in_one_sentence(folders, path):
    with pytest.raises(PhysioclrError, match="expected"):
        require_allowed(path.format(folders))


def test_a_link_out_of_a_folder_is_followed_and_refused(folders):
    (folders / "data" / "link").symlink_to(folders / "outside")
    with pytest.raises(PhysioclrError, match="PHYSIOCLR_DATA sets the folders"):
        require_allowed(str(folders / "data" / "link" / "store"))


def test_without_a_statement_the_working_folder_is_allowed(folders, monkeypatch):
    monkeypatch.delenv("PHYSIOCLR_DATA")
    assert folders / "work" in allowed_roots()
    assert require_allowed("store") == folders / "work" / "store"
