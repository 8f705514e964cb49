from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from physioclr.augment import Draws, HeartbeatShuffle
from physioclr.augment.windows import EcgWindows

FS_HZ = 500.0
N_SAMPLES = 5000
GRID = 2  # two float64 move as one number of 16 bytes; of float32 four do


def beats(n_records: int = 3, *, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """R peaks at irregular intervals and a cut 150 samples before each next one."""
    rng = np.random.default_rng(seed)
    r_peaks = 200 + np.cumsum(rng.integers(330, 520, size=(n_records, 10)), axis=1)
    r_peaks = np.where(r_peaks < N_SAMPLES, r_peaks, N_SAMPLES)
    cuts = np.where(r_peaks[:, 1:] < N_SAMPLES, r_peaks[:, 1:] - 150, N_SAMPLES)
    return torch.from_numpy(r_peaks), torch.from_numpy(cuts)


def ramp(n_records: int = 3, n_leads: int = 2) -> torch.Tensor:
    """A signal whose value is its own sample number: it says where each sample came from."""
    return torch.arange(N_SAMPLES, dtype=torch.float64).expand(n_records, n_leads, -1).clone()


def shuffle(signal, r_peaks, cuts, *, seed: int = 0, fs_hz: float = FS_HZ, **settings: object):
    leads = tuple(f"{i}" for i in range(signal.shape[1]))
    windows = EcgWindows(signal, fs_hz, leads, r_peaks, cuts)
    return HeartbeatShuffle(**settings)(windows, draws=Draws.seeded(seed))


def shuffled(signal: torch.Tensor, *, seed: int = 0, **settings: object) -> torch.Tensor:
    return shuffle(signal, *beats(len(signal)), seed=seed, **settings).signal


def slow_shuffle(signal: np.ndarray, cuts: np.ndarray, order: list[int]) -> np.ndarray:
    """Concatenate the pieces in an order: the definition, without cross-fade."""
    pieces = np.split(signal, cuts, axis=-1)
    return np.concatenate([pieces[i] for i in order], axis=-1)


@pytest.mark.parametrize(
    ("dtype", "fs_hz", "grid"),
    [
        (torch.float32, 500.0, 4),
        (torch.float32, 250.0, 2),
        (torch.float32, 100.0, 1),
        (torch.float64, 500.0, 2),
        (torch.bfloat16, 500.0, 4),
    ],
)
def test_the_cuts_are_rounded_down_to_a_grid_of_at_most_8_ms(dtype, fs_hz, grid):
    assert grid * 1000 / fs_hz <= 10
    n_samples = 1003  # no multiple: the rest stays at the end
    signal = (torch.arange(n_samples) % 250).to(dtype).expand(2, 3, -1)  # whole in bfloat16
    r_peaks = torch.tensor([[100, 300, 500, 700, 900]]).expand(2, -1)
    cuts = torch.tensor([[201, 402, 603, 806]]).expand(2, -1)
    out = shuffle(signal, r_peaks, cuts, fs_hz=fs_hz, crossfade_ms=0, seed=1).signal
    starts = (cuts[0] // grid * grid).tolist()
    for record in range(2):
        pieces = np.split(signal[record, 0].float().numpy(), starts)
        orders = [
            np.concatenate([pieces[0], *(pieces[i] for i in order), pieces[-1]])
            for order in itertools.permutations(range(1, 4))
        ]
        found = out[record].float().numpy()
        assert any((found == order).all() for order in orders)


def test_r_peaks_and_cuts_move_with_the_heartbeats():
    r_peaks, cuts = beats()
    signal = torch.zeros(3, 2, N_SAMPLES)
    for record in range(3):
        known = r_peaks[record][r_peaks[record] < N_SAMPLES]
        signal[record, :, known] = 1 + torch.arange(len(known), dtype=torch.float32)
    moved = shuffle(signal, r_peaks, cuts)
    for record in range(3):
        r = moved.r_peaks[record][moved.r_peaks[record] < N_SAMPLES]
        at = moved.cuts[record][moved.cuts[record] < N_SAMPLES]
        assert len(r) == (r_peaks[record] < N_SAMPLES).sum()
        assert (torch.nonzero(moved.signal[record, 0]).flatten() == r).all()
        assert ((at > r[:-1]) & (at < r[1:])).all()


def test_without_crossfade_it_is_a_permutation_of_the_samples():
    out = shuffled(ramp(), crossfade_ms=0)
    torch.testing.assert_close(out.sort(dim=-1).values, ramp(), rtol=0, atol=0)


def test_it_equals_the_concatenation_of_the_pieces_in_the_order_drawn():
    out = shuffled(ramp(), crossfade_ms=0)
    _, cuts = beats()
    for record in range(3):
        valid = cuts[record][cuts[record] < N_SAMPLES].numpy() // GRID * GRID
        source = out[record, 0].long().numpy()
        begins = [0, *valid]
        order = [begins.index(sample) for sample in source if sample in begins]
        expected = slow_shuffle(np.arange(N_SAMPLES), valid, order)
        np.testing.assert_array_equal(source, expected)


def test_what_lies_before_the_first_cut_and_after_the_last_stays():
    out = shuffled(ramp(), crossfade_ms=0)
    _, cuts = beats()
    for record in range(3):
        valid = cuts[record][cuts[record] < N_SAMPLES] // GRID * GRID
        first, last = int(valid[0]), int(valid[-1])
        torch.testing.assert_close(out[record, :, :first], ramp()[record, :, :first])
        torch.testing.assert_close(out[record, :, last:], ramp()[record, :, last:])


def test_heartbeats_do_change_places():
    out = shuffled(ramp(), crossfade_ms=0)
    assert all((out[i] != ramp()[i]).any() for i in range(3))


def test_every_lead_is_shuffled_alike():
    out = shuffled(ramp(n_leads=3))
    torch.testing.assert_close(out[:, 0], out[:, 1], rtol=0, atol=0)
    torch.testing.assert_close(out[:, 0], out[:, 2], rtol=0, atol=0)


def test_the_crossfade_leaves_no_step_at_a_joint():
    r_peaks, cuts = beats(1)
    level = torch.zeros(1, 1, N_SAMPLES, dtype=torch.float64)
    for k, cut in enumerate(cuts[0]):  # each piece on a level of its own, 0.1 apart
        level[..., int(cut) :] = 0.1 * (k + 1)
    hard, soft = (shuffle(level, r_peaks, cuts, crossfade_ms=width).signal for width in (0.0, 40.0))
    # A linear fade of 20 samples between levels at most 1.0 apart: 1.0 / 20 a sample, and the
    # step that the unshuffled signal itself has where the fade reaches into a neighbour.
    assert soft.diff().abs().max() < 0.6 * hard.diff().abs().max()


def test_morphology_order_keeps_each_r_peak_at_its_sample():
    r_peaks, cuts = beats()
    signal = torch.zeros(3, 1, N_SAMPLES)
    for record in range(3):
        known = r_peaks[record][r_peaks[record] < N_SAMPLES]
        signal[record, 0, known] = 1 + torch.arange(len(known), dtype=torch.float32)
    out = shuffle(signal, r_peaks, cuts, order="morphology", seed=3).signal
    for record in range(3):
        known = r_peaks[record][r_peaks[record] < N_SAMPLES]
        heights = out[record, 0, known]
        assert sorted(heights.tolist()) == list(range(1, len(known) + 1))
        assert heights.tolist() != list(range(1, len(known) + 1))


def test_one_record_alone_is_shuffled_as_its_pieces_allow():
    signal = ramp(1)
    r_peaks = torch.tensor([[500, 900]])
    cuts = torch.tensor([[700]])
    out = shuffle(signal, r_peaks, cuts).signal
    torch.testing.assert_close(out, signal, rtol=0, atol=0)


def test_the_seed_decides():
    torch.testing.assert_close(shuffled(ramp(), seed=5), shuffled(ramp(), seed=5))
    assert (shuffled(ramp(), seed=5) != shuffled(ramp(), seed=6)).any()


def test_every_order_of_the_movable_beats_is_drawn_about_equally_often():
    n = 6000
    r_peaks = torch.tensor([[100, 300, 500, 700, 900]]).expand(n, -1)
    cuts = torch.tensor([[200, 400, 600, 800]]).expand(n, -1)
    signal = torch.arange(1000.0).expand(n, 1, -1)
    out = shuffle(signal, r_peaks, cuts, fs_hz=100.0, crossfade_ms=0).signal
    orders, counts = np.unique(out[:, 0, 200:800:200].numpy(), axis=0, return_counts=True)
    assert len(orders) == 6
    # Binomial(6000, 1/6): standard deviation 29; five of them either way.
    assert np.abs(counts - n / 6).max() < 5 * np.sqrt(n * (1 / 6) * (5 / 6))


@pytest.mark.parametrize("settings", [{"order": "random"}, {"crossfade_ms": -1.0}])
def test_a_setting_out_of_range_is_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        HeartbeatShuffle(**settings)
