"""On a local cluster of two nodes."""

from __future__ import annotations

import os
import warnings

import numpy as np
import pytest

from physioclr.datasets.analysis import analyse
from physioclr.datasets.prepare import prepare
from physioclr.datasets.ray_engine import map_on_cluster
from physioclr.datasets.simulated import simulated_cohort
from physioclr.datasets.store import Store
from physioclr.errors import DatasetError

ray = pytest.importorskip("ray", reason="ray is not installed (the extra `cluster`)")


@pytest.fixture(scope="module")
def two_nodes():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ray.cluster_utils import Cluster

        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
        cluster.add_node(num_cpus=1)
        ray.init(address=cluster.address, log_to_driver=False)
        yield cluster
        ray.shutdown()
        cluster.shutdown()


def node_of(number: int) -> tuple[int, str, str]:
    return number, ray.get_runtime_context().get_node_id(), os.environ.get("HOME", "")


def rate_of(record) -> float:
    return analyse(record, fs_hz=500.0, duration_s=10.0).measurements["heart_rate_bpm"]


def fail_at_three(number: int) -> int:
    if number == 3:
        raise ValueError("three")
    return number


@pytest.mark.filterwarnings("ignore")
def test_the_results_come_in_order_from_both_nodes(two_nodes):
    found = list(map_on_cluster(node_of, range(60)))
    assert [number for number, *_ in found] == list(range(60))
    assert len({node for _, node, _ in found}) == 2


@pytest.mark.filterwarnings("ignore")
def test_ecgs_are_measured_as_they_are_here(two_nodes):
    records = simulated_cohort(4, seed=0).records
    np.testing.assert_array_equal(
        list(map_on_cluster(rate_of, records)), [rate_of(record) for record in records]
    )


@pytest.mark.filterwarnings("ignore")
def test_a_store_made_on_the_cluster_is_the_one_made_here(two_nodes, tmp_path):
    for engine in ("processes", "ray"):
        prepare("simulated:6", tmp_path / engine, workers=1, engine=engine)
    here, there = (Store(tmp_path / engine) for engine in ("processes", "ray"))
    assert here.fingerprint == there.fingerprint


@pytest.mark.filterwarnings("ignore")
def test_a_bug_in_the_work_surfaces(two_nodes):
    with pytest.raises(ValueError, match="three"):
        list(map_on_cluster(fail_at_three, range(10)))


def test_without_ray_the_extra_is_named(monkeypatch):
    import builtins

    original = builtins.__import__

    def without_ray(name, *arguments, **named):
        if name == "ray":
            raise ImportError(name)
        return original(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without_ray)
    with pytest.raises(DatasetError, match=r"pip install 'physioclr\[cluster\]'"):
        next(map_on_cluster(abs, [1]))
