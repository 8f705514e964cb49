from __future__ import annotations

import pytest

from physioclr.errors import PhysioclrError
from physioclr.runtime.atomic_files import make_folder, replace_file


def test_the_old_content_is_replaced(tmp_path):
    (tmp_path / "f").write_text("old")
    replace_file(tmp_path / "f", b"new")
    assert (tmp_path / "f").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_a_write_that_fails_leaves_the_old_content_and_no_part(tmp_path, monkeypatch):
    (tmp_path / "f").write_text("old")

    def full_disk(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(PhysioclrError, match=r"f: expected a file .* No space left on device"):
        replace_file(tmp_path / "f", b"new")
    assert (tmp_path / "f").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_a_place_that_is_no_folder_is_one_sentence(tmp_path):
    (tmp_path / "f").write_text("a file")
    for write in (
        lambda: replace_file(tmp_path / "f" / "g", b"new"),
        lambda: make_folder(tmp_path / "f" / "g"),
    ):
        with pytest.raises(PhysioclrError, match="found Not a directory"):
            write()
