from __future__ import annotations

import pytest

from physioclr.atomic import replace_file


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
    with pytest.raises(OSError, match="No space left"):
        replace_file(tmp_path / "f", b"new")
    assert (tmp_path / "f").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
