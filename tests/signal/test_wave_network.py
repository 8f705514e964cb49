import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from physioclr.signal.wave_network import OUTPUTS, SHIPPED_WEIGHTS, WaveNetwork, load_wave_network
from studies.wave_network.model import WaveNetwork as TorchNetwork
from studies.wave_network.model import folded_weights


@pytest.fixture(scope="module")
def pair():
    torch.manual_seed(0)
    slow = TorchNetwork()
    for part in slow.modules():
        if isinstance(part, torch.nn.BatchNorm1d):
            part.running_mean.normal_(0, 0.1)
            part.running_var.uniform_(0.3, 1)
    weights = {name: weight.numpy() for name, weight in folded_weights(slow).items()}
    return slow.eval(), WaveNetwork(weights)


@pytest.mark.parametrize("shape", [(1, 320), (3, 1248), (12, 2496)])
def test_numpy_gives_what_torch_gives(pair, shape):
    slow, fast = pair
    leads = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    with torch.inference_mode():
        expected = torch.sigmoid(slow(torch.from_numpy(leads)[None]))[0].permute(0, 2, 1).numpy()
    # 1e-5: float32 sums of 320 terms in another order, through 15 layers
    np.testing.assert_allclose(fast.probabilities(leads), expected, atol=1e-5)


def test_lead_order_changes_nothing(pair):
    _, fast = pair
    leads = np.random.default_rng(2).standard_normal((5, 640)).astype(np.float32)
    order = [3, 0, 4, 1, 2]
    # 1e-5: float32 mean over leads in another order
    np.testing.assert_allclose(
        fast.probabilities(leads[order]), fast.probabilities(leads)[order], atol=1e-5
    )


def test_any_length_will_do(pair):
    _, fast = pair
    leads = np.random.default_rng(3).standard_normal((2, 1001)).astype(np.float32)
    assert fast.probabilities(leads).shape == (2, 1001, len(OUTPUTS))


def test_the_shipped_weights_are_small_and_few():
    network = load_wave_network()
    assert SHIPPED_WEIGHTS.stat().st_size < 2e6  # the limit
    assert sum(weight.size for weight in network.weights.values()) < 300_000  # likewise


_WORK_OF_OTHER_THREADS = """
import time
from physioclr.signal.delineation import delineate
from physioclr.simulate import simulate_record
record = simulate_record("lbbb", seed=3)
delineate(record)
began, began_here = time.process_time(), time.thread_time()
for _ in range(5):
    delineate(record)
print((time.process_time() - began) / (time.thread_time() - began_here))
"""


def test_no_other_thread_works_whatever_the_thread_settings():
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "4"}
    environment.pop("OMP_NUM_THREADS", None)
    run = subprocess.run(
        [sys.executable, "-c", _WORK_OF_OTHER_THREADS],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    # 1.2: processor time of the process over that of the caller's thread; 2.6 with shared products
    assert float(run.stdout) < 1.2
