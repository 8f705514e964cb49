from filelock import FileLock

from physioclr.runtime.file_locks import is_locked


def test_looking_at_a_lock_neither_takes_nor_makes_it(tmp_path):
    path = tmp_path / "a.lock"
    assert not is_locked(path)
    assert not path.exists()
    with FileLock(path):
        assert is_locked(path)
    assert not is_locked(path)
