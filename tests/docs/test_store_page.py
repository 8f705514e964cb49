"""docs/store.md: its example as it stands there, its tables against the code."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from physioclr.datasets.manifest import STORE_VERSION, StoreManifest
from physioclr.datasets.store_append import StoreAppender
from physioclr.datasets.store_tables import BEAT_COLUMNS, RECORD_COLUMNS, TABLE_NAMES
from tests.datasets.test_store import N_SAMPLES, write

PAGE = (Path(__file__).parents[2] / "docs" / "store.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("appended", [False, True])
def test_numpy_and_pyarrow_alone_read_a_store(tmp_path, monkeypatch, appended):
    rng = np.random.default_rng(0)
    store = write(tmp_path / "STORE", rng.normal(0, 1, (3, 12, N_SAMPLES)), records_per_shard=2)
    ids = store.records["record_id"].tolist()
    if appended:
        with StoreAppender(store.path) as writer:
            writer.append(np.ones((12, N_SAMPLES)), {"record_id": "new", "patient_id": "p"})
        ids.append("new")
    monkeypatch.chdir(tmp_path)
    scope = {}
    exec(re.search(r"```python\n(.*?)```", PAGE, flags=re.S)[1], scope)
    read = np.concatenate(scope["signals_uv"])
    np.testing.assert_array_equal(read[:3], store.signals_raw())
    assert len(read) == len(ids)
    assert [row for part in scope["records"] for row in part["record_id"].to_pylist()] == ids


def test_the_page_names_every_field_file_and_column():
    named = set(re.findall(r"`(\w+)`", PAGE))
    assert set(StoreManifest.model_fields) <= named
    assert {*RECORD_COLUMNS, *BEAT_COLUMNS, *TABLE_NAMES, "left_out"} <= named
    assert f"version {STORE_VERSION}" in PAGE
