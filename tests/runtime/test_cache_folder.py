from __future__ import annotations

from physioclr.runtime.cache_folder import cache_folder


def test_the_folder_is_open_to_its_user_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("PHYSIOCLR_CACHE", str(tmp_path / "a" / "cache"))
    assert cache_folder().stat().st_mode & 0o077 == 0


def test_a_place_where_none_can_be_made_is_returned_all_the_same(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PHYSIOCLR_CACHE", str(tmp_path / "file" / "cache"))
    assert cache_folder() == tmp_path / "file" / "cache"
