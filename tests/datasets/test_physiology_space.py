import json

import numpy as np
import pytest

from physioclr.datasets.physiology_space import fit_physiology_space
from physioclr.datasets.store import Store, StoreWriter
from physioclr.errors import DatasetError
from physioclr.physiology.similarity import PhysiologySpace
from physioclr.physiology.vector import PHYSIOLOGY_NAMES


def write_store(folder, n, seed):
    rng = np.random.default_rng(seed)
    with StoreWriter(
        folder, fs_hz=100, n_samples=500, source=f"cohort {seed}", simulated=False, label_sets={}
    ) as writer:
        for row in range(n):
            values = rng.normal(size=len(PHYSIOLOGY_NAMES))
            values[rng.random(values.size) < 0.1] = np.nan
            writer.append(
                np.zeros((12, 500), dtype=np.float32),
                {"record_id": f"{seed}-{row}", "patient_id": f"{seed}-{row}"},
                physiology=dict(zip(PHYSIOLOGY_NAMES, values, strict=True)),
            )
    return Store(folder)


def test_it_is_fitted_on_the_ecgs_of_all_stores(tmp_path):
    stores = [write_store(tmp_path / name, n, n) for name, n in (("one", 12), ("two", 20))]
    space = fit_physiology_space(stores, n_components=5)
    values = np.concatenate([store.physiology.to_numpy() for store in stores])
    expected = PhysiologySpace.fit(values, PHYSIOLOGY_NAMES, n_components=5)
    assert space.fingerprint == expected.fingerprint
    assert space.cohort == "cohort 12, 12 ECGs + cohort 20, 20 ECGs"


def test_a_single_ecg_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="one: expected at least two ECGs, found 1"):
        fit_physiology_space([write_store(tmp_path / "one", 1, 0)])


def test_a_store_of_other_entries_is_refused(pulse_store):
    with pytest.raises(DatasetError, match="expected the 209 entries"):
        fit_physiology_space([pulse_store])


def test_the_command_writes_a_space_that_loads(run_cli, tmp_path):
    write_store(tmp_path / "one", 12, 3)
    out = tmp_path / "space.json"
    code, said, _ = run_cli("fit-physiology", tmp_path / "one", "--out", out, "--components", "4")
    space = PhysiologySpace.load(out)
    assert code == 0
    assert space.fingerprint in said
    assert space.components.shape == (len(PHYSIOLOGY_NAMES), 4)
    code, said, _ = run_cli("fit-physiology", tmp_path / "one", "--out", out, "--json")
    assert json.loads(said)["fingerprint"] == PhysiologySpace.load(out).fingerprint
