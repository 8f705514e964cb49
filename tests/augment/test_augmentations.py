"""What every augmentation says of itself, and what it says it preserves."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise, permutations

import numpy as np
import pytest
import torch

from physioclr.augment import AUGMENTATIONS, Draws, VcgTransform
from physioclr.augment.table import windows_of
from physioclr.augment.windows import EcgWindows
from physioclr.errors import SignalError
from physioclr.leads import STANDARD_LEADS
from physioclr.physiology.measurements import measure
from physioclr.records import EcgRecord
from physioclr.runtime.distributed import Processes
from physioclr.signal.delineation import delineate
from physioclr.simulate import simulate_record
from tests.shared_data import SHARED_DATA, needs_shared_data

BY_KEY = dict(AUGMENTATIONS)
N_SAMPLES, FS_HZ = 5000, 500.0


def defaults(augmentation):
    return {parameter.name: parameter.default for parameter in augmentation.parameters}


def windows(n: int = 6, *, seed: int = 0, leads=STANDARD_LEADS) -> EcgWindows:
    """Noise with a narrow pulse at each R peak."""
    rng = np.random.default_rng(seed)
    r_peaks = 200 + np.cumsum(rng.integers(330, 520, size=(n, 12)), axis=1)
    r_peaks = np.where(r_peaks < N_SAMPLES, r_peaks, N_SAMPLES)
    cuts = np.where(r_peaks[:, 1:] < N_SAMPLES, r_peaks[:, 1:] - 150, N_SAMPLES)
    signal = rng.normal(0, 0.05, (n, len(leads), N_SAMPLES + 1))
    for record in range(n):
        signal[record][:, r_peaks[record]] += 5
    return EcgWindows(
        torch.from_numpy(signal[..., :N_SAMPLES]).float(),
        FS_HZ,
        leads,
        torch.from_numpy(r_peaks),
        torch.from_numpy(cuts),
    )


def real_ecg(number: str = "00001") -> EcgRecord:
    from physioclr.io import read_ecg

    return read_ecg(SHARED_DATA / "ptb-xl" / "records500" / "00000" / f"{number}_hr.hea")


@pytest.fixture(scope="module")
def ecg() -> EcgRecord:
    return simulate_record("sinus_rhythm", seed=3)


@pytest.mark.parametrize("key", BY_KEY)
def test_the_parameters_are_the_fields_and_their_defaults(key):
    augmentation = BY_KEY[key]
    stated = {field.name: field.default for field in fields(augmentation.kind)}
    assert defaults(augmentation) == stated
    for parameter in augmentation.parameters:
        if parameter.kind == "number":
            assert parameter.low <= parameter.default <= parameter.high
            for value in (parameter.low, parameter.high):
                augmentation.kind(**{parameter.name: value})
        else:
            assert parameter.default in parameter.options
            for value in parameter.options:
                augmentation.kind(**{parameter.name: value})
    assert augmentation.preserves.endswith(".")
    assert augmentation.changes.endswith(".")
    assert augmentation.citation


@pytest.mark.parametrize("key", BY_KEY)
def test_a_batch_shared_out_to_processes_is_augmented_alike(key):
    augmentation, whole = BY_KEY[key].kind(), windows(6)
    together = augmentation(whole, draws=Draws.seeded(5))
    for rank in range(3):
        rows = slice(2 * rank, 2 * rank + 2)
        part = EcgWindows(
            whole.signal[rows], FS_HZ, whole.leads, whole.r_peaks[rows], whole.cuts[rows]
        )
        alone = augmentation(part, draws=Draws.seeded(5, processes=Processes(rank, 3)))
        # float32 sums of a Fourier transform over other batch sizes
        torch.testing.assert_close(alone.signal, together.signal[rows], rtol=1e-4, atol=1e-5)
        assert alone.r_peaks.equal(together.r_peaks[rows])


@pytest.mark.parametrize("key", BY_KEY)
def test_the_seed_decides_and_the_input_stays(key):
    augmentation, given = BY_KEY[key].kind(), windows()
    before = given.signal.clone()
    first, again, other = (
        augmentation(given, draws=Draws.seeded(seed)).signal for seed in (1, 1, 2)
    )
    assert first.equal(again)
    assert not first.equal(other)
    assert not first.equal(given.signal)
    assert given.signal.equal(before)
    assert first.shape == before.shape
    assert torch.isfinite(first).all()


@pytest.mark.parametrize("key", BY_KEY)
def test_r_peaks_and_cuts_are_where_they_are_said_to_be(key):
    moved = BY_KEY[key].kind()(windows(), draws=Draws.seeded(3))
    for record in range(len(moved)):
        r = moved.r_peaks[record][moved.r_peaks[record] < N_SAMPLES]
        cuts = moved.cuts[record][moved.cuts[record] < N_SAMPLES]
        assert moved.r_peaks[record].diff().ge(0).all()
        assert len(cuts) == max(len(r) - 1, 0)
        assert ((cuts > r[:-1]) & (cuts < r[1:])).all()
        alive = moved.signal[record].abs().amax(0)
        if key not in ("time_masking", "authors_shuffle"):  # hidden; cut at the apex
            # The pulse is 5 units of mV high, the noise on it at most a few.
            assert (alive[r] > 2).all()


@pytest.mark.parametrize("key", BY_KEY)
def test_what_is_missing_stays_missing_and_spreads_to_no_other_lead(ecg, key):
    signal = np.array(ecg.signal_mv)
    signal[4, 1000:1100] = np.nan
    gap = EcgRecord(signal, ecg.fs_hz, ecg.leads, "gap")
    augmented = BY_KEY[key].apply(gap, delineate(gap), seed=0)
    missing = np.isnan(augmented.signal_mv)
    if key == "vcg_transform":  # V-leads and I, II carry the dipole; aVL's gap is its own
        assert missing[4, 1000:1100].all()
    elif key not in ("heartbeat_shuffle", "authors_shuffle", "time_shift", "rr_warp"):
        assert missing[4, 1000:1100].all()
        assert missing[4].sum() == 100
    assert missing[4].any()
    assert not np.delete(missing, 4, axis=0).any()


@pytest.mark.parametrize(
    ("key", "parameters"),
    [
        ("baseline_wander", {"snr_db": 6.0}),
        ("muscle_noise", {"snr_db": 20.0}),
        ("gaussian_noise", {"snr_db": 20.0}),
        ("powerline_noise", {"snr_db": 20.0}),
        ("amplitude_scale", {}),
        ("amplitude_scale", {"each_lead": True}),
        ("vcg_transform", {}),
        ("rr_warp", {}),
        ("time_shift", {}),
        ("heartbeat_shuffle", {}),
        ("heartbeat_shuffle", {"order": "morphology"}),
    ],
)
@pytest.mark.parametrize("source", ["simulated", "real"])
def test_rhythm_and_intervals_are_kept_where_it_says_so(ecg, key, parameters, source):
    if source == "real":
        needs_real()
        ecg = real_ecg()
    before = measure(ecg).scalars()
    augmented = BY_KEY[key].apply(ecg, delineate(ecg), seed=1, **parameters)
    after = measure(augmented).scalars()
    # The mean rate over ten seconds: an RR interval at the edge may come or go.
    assert after["heart_rate_bpm"] == pytest.approx(before["heart_rate_bpm"], rel=0.04)
    # Noise moves a boundary by a few samples of 2 ms; more would be another category.
    assert after["qrs_ms"] == pytest.approx(before["qrs_ms"], abs=16)
    assert after["qt_ms"] == pytest.approx(before["qt_ms"], abs=30)
    assert after["pr_ms"] == pytest.approx(before["pr_ms"], abs=20)


def needs_real():
    if not SHARED_DATA.is_dir():
        pytest.skip("the shared real ECGs are not here")


def test_the_authors_shuffle_does_not_keep_what_ours_keeps(ecg):
    delineation = delineate(ecg)
    ours = BY_KEY["heartbeat_shuffle"].apply(ecg, delineation, seed=0)
    theirs = BY_KEY["authors_shuffle"].apply(ecg, delineation, seed=0)
    tail = np.abs(theirs.signal_mv).max(0)[::-1]
    assert (tail[:100] == 0).all()
    assert np.abs(ours.signal_mv).max(0)[-100:].max() > 0


@pytest.mark.parametrize("key", ["amplitude_scale", "baseline_wander", "muscle_noise"])
def test_einthovens_law_holds_after_what_acts_on_all_leads(ecg, key):
    signal = BY_KEY[key].apply(ecg, delineate(ecg), seed=0).signal_mv
    # float32 sums of values of about 1 mV
    np.testing.assert_allclose(signal[1], signal[0] + signal[2], atol=2e-4)
    np.testing.assert_allclose(signal[3:6].sum(0), 0, atol=2e-4)


@pytest.mark.parametrize(
    "key", ["baseline_wander", "muscle_noise", "gaussian_noise", "powerline_noise"]
)
@pytest.mark.parametrize("snr_db", [-6.0, 0.0, 12.0])
def test_noise_is_as_strong_as_asked(ecg, key, snr_db):
    noisy = BY_KEY[key].apply(ecg, delineate(ecg), seed=0, snr_db=snr_db)
    noise = noisy.signal_mv - ecg.signal_mv
    power = ((ecg.signal_mv - ecg.signal_mv.mean(1, keepdims=True)) ** 2).mean(1).sum()
    # Differences of float32: a part in a thousand.
    found = 10 * np.log10(power / (noise**2).mean(1).sum())
    assert found == pytest.approx(snr_db, abs=0.01)


@pytest.mark.parametrize(
    "key", ["baseline_wander", "muscle_noise", "gaussian_noise", "powerline_noise"]
)
def test_a_dead_lead_stays_dead(ecg, key):
    signal = np.array(ecg.signal_mv)
    signal[7] = 0
    dead = EcgRecord(signal, ecg.fs_hz, ecg.leads, "dead")
    assert not BY_KEY[key].apply(dead, delineate(dead), seed=0).signal_mv[7].any()


def band_shares(noise: np.ndarray, fs_hz: float, edges) -> np.ndarray:
    """Share of the power in each band, of each row, over the power of all of them."""
    frequency = np.fft.rfftfreq(noise.shape[-1], 1 / fs_hz)
    power = np.abs(np.fft.rfft(noise - noise.mean(-1, keepdims=True))) ** 2
    bands = np.stack(
        [power[:, (frequency >= low) & (frequency < high)].sum(1) for low, high in pairwise(edges)],
        axis=1,
    )
    return np.median(bands / bands.sum(1, keepdims=True), axis=0)


@needs_shared_data
@pytest.mark.parametrize(
    ("key", "record", "edges"),
    [
        ("baseline_wander", "bw", (0.1, 1.0, 3.0, 10.0)),
        ("muscle_noise", "ma", (5.0, 15.0, 40.0, 100.0)),
    ],
)
def test_noise_is_like_that_of_the_noise_stress_test(key, record, edges):
    import wfdb

    recorded = wfdb.rdrecord(str(SHARED_DATA / "nstdb" / record)).p_signal.T
    pieces = recorded[:, : 3600 * 150].reshape(-1, 3600)
    quiet = EcgWindows(
        torch.randn(40, 12, 3600, generator=torch.Generator().manual_seed(0)),
        360.0,
        STANDARD_LEADS,
        torch.full((40, 1), 3600),
        torch.full((40, 0), 3600),
    )
    noisy = BY_KEY[key].kind(snr_db=-60.0)(quiet, draws=Draws.seeded(0)).signal
    drawn = (noisy - quiet.signal).flatten(0, 1).numpy()
    found, expected = band_shares(drawn, 360.0, edges), band_shares(pieces, 360.0, edges)
    # One recording is no law: the shares of the bands need to agree within a tenth.
    np.testing.assert_allclose(found, expected, atol=0.1)


def test_hum_has_the_frequency_asked_for(ecg):
    hum = (
        BY_KEY["powerline_noise"].apply(ecg, delineate(ecg), seed=0, mains_hz=60).signal_mv
        - ecg.signal_mv
    )
    spectrum = np.abs(np.fft.rfft(hum[1]))
    assert np.fft.rfftfreq(hum.shape[1], 1 / ecg.fs_hz)[spectrum.argmax()] == 60


def test_hum_that_the_sampling_rate_cannot_carry_is_refused():
    slow = simulate_record(seed=0, fs_hz=100.0)
    with pytest.raises(SignalError, match="fs_hz must be above 100 for hum of 50 Hz, got 100"):
        BY_KEY["powerline_noise"].apply(slow, delineate(slow), seed=0)


def test_one_factor_scales_all_leads_alike(ecg):
    augmented = BY_KEY["amplitude_scale"].apply(ecg, delineate(ecg), seed=0, most=2.0)
    large = np.abs(ecg.signal_mv) > 0.2
    ratio = augmented.signal_mv[large] / ecg.signal_mv[large]
    assert 0.5 <= ratio.mean() <= 2
    assert np.ptp(ratio) < 1e-4  # float32


def test_a_shift_moves_all_leads_alike_and_holds_the_edge(ecg):
    augmented = BY_KEY["time_shift"].apply(ecg, delineate(ecg), seed=4).signal_mv
    shift = next(
        s
        for s in range(-150, 151)
        if np.array_equal(
            augmented[:, max(s, 0) : 5000 + min(s, 0)],
            ecg.signal_mv[:, max(-s, 0) : 5000 - max(s, 0)],
        )
    )
    assert shift != 0
    edge = augmented[:, :shift] if shift > 0 else augmented[:, shift:]
    held = ecg.signal_mv[:, :1] if shift > 0 else ecg.signal_mv[:, -1:]
    assert (edge == held).all()


@pytest.mark.parametrize(("key", "kept"), [("crop", 0.3), ("time_masking", 0.7)])
def test_a_stretch_is_zero_and_the_rest_untouched(key, kept):
    given = windows(20)
    fraction = kept if key == "crop" else 1 - kept
    out = BY_KEY[key].kind(fraction=fraction)(given, draws=Draws.seeded(0)).signal
    zero = (out == 0).all(1)
    assert (zero.sum(1) == round((1 - kept) * N_SAMPLES)).all()
    changes = zero.int().diff(dim=1).abs().sum(1)
    assert (changes <= 2).all()
    everywhere = zero.unsqueeze(1).expand_as(out)
    assert out[~everywhere].equal(given.signal[~everywhere])


def test_leads_are_cut_out_by_their_groups():
    given = windows(60)
    out = BY_KEY["lead_group_cutout"].kind()(given, draws=Draws.seeded(0)).signal
    groups = {
        tuple(lead for lead, row in zip(STANDARD_LEADS, record, strict=True) if not row.any())
        for record in out
    }
    assert groups == {
        STANDARD_LEADS[:6],
        ("V1", "V2", "V3"),
        ("V4", "V5", "V6"),
        STANDARD_LEADS[6:],
    }
    half = BY_KEY["lead_group_cutout"].kind(probability=0.5)(windows(400), draws=Draws.seeded(0))
    untouched = (half.signal != 0).any(-1).all(-1).float().mean()
    assert float(untouched) == pytest.approx(0.5, abs=0.1)  # standard error .025


def test_with_one_group_of_leads_nothing_is_cut_out():
    given = windows(5, leads=("I", "II"))
    out = BY_KEY["lead_group_cutout"].kind()(given, draws=Draws.seeded(0))
    assert out.signal.equal(given.signal)


def slow_vcg(signal, matrix):
    """Dower's matrix there and back, sample by sample, the residual kept."""
    from physioclr.simulate.dipole import DOWER, TO_TWELVE_LEADS

    independent = [0, 1, *range(6, 12)]
    out = signal.copy()
    for t in range(signal.shape[1]):
        dipole = np.linalg.lstsq(DOWER, signal[independent, t], rcond=None)[0]
        out[:, t] += TO_TWELVE_LEADS @ DOWER @ (matrix @ dipole - dipole)
    return out


def test_the_dipole_is_turned_as_the_matrices_say(ecg):
    given = windows_of(ecg, delineate(ecg))
    given = given.with_signal(given.signal[..., :200].double())
    turn = VcgTransform(most_degrees=40, most_scale=1.5)
    matrix = turn._matrix(1, Draws.seeded(7))[0].double().numpy()
    assert abs(np.linalg.det(matrix)) > 0.2
    found = turn(given, draws=Draws.seeded(7)).signal[0].numpy()
    np.testing.assert_allclose(found, slow_vcg(given.signal[0].numpy(), matrix), atol=1e-9)


def test_a_turn_by_nothing_changes_nothing(ecg):
    still = VcgTransform(most_degrees=0, most_scale=1)
    given = windows_of(ecg, delineate(ecg))
    torch.testing.assert_close(still(given, draws=Draws.seeded(0)).signal, given.signal)


def test_the_axis_turns_with_the_dipole(ecg):
    before = measure(ecg).scalars()["axis_deg"]
    turned = BY_KEY["vcg_transform"].apply(
        ecg, delineate(ecg), seed=2, most_degrees=60.0, most_scale=1.0
    )
    assert abs(measure(turned).scalars()["axis_deg"] - before) > 5


def test_the_dipole_needs_the_standard_leads(ecg):
    two = EcgRecord(ecg.signal_mv[:2], ecg.fs_hz, ecg.leads[:2], "two")
    with pytest.raises(SignalError, match="leads must be I, II, V1 to V6"):
        BY_KEY["vcg_transform"].apply(two, delineate(two), seed=0)


@pytest.mark.parametrize("most_pct", [4.0, 15.0])
def test_the_warp_leaves_each_beat_as_it_is_and_moves_it(most_pct):
    given = windows(8)
    moved = BY_KEY["rr_warp"].kind(most_pct=most_pct)(given, draws=Draws.seeded(0))
    reach = slice(-100, 90)
    n_moved = 0
    for record in range(8):
        before = given.r_peaks[record][given.r_peaks[record] < N_SAMPLES]
        after = moved.r_peaks[record][moved.r_peaks[record] < N_SAMPLES]
        assert len(before) == len(after)
        assert after[0] == before[0]
        assert after[-1] == before[-1]
        n_moved += int((before != after).sum())
        for a, b in zip(before[1:-1].tolist(), after[1:-1].tolist(), strict=True):
            beat = given.signal[record, :, a + reach.start : a + reach.stop]
            assert moved.signal[record, :, b + reach.start : b + reach.stop].equal(beat)
        change = after.diff() / before.diff() - 1
        assert change.abs().max() <= 2 * most_pct / 100 + 0.01  # the mean taken away, rounding
        assert (moved.cuts[record][: len(after) - 1] < after[1:]).all()
    assert n_moved > 20


def slow_authors_shuffle(signal, r_peaks, order):
    """In the words of METHOD: from R apex to R apex, the start dropped, a tail of zeros."""
    stretches = [signal[:, a:b] for a, b in pairwise(r_peaks)]
    joined = np.concatenate([stretches[i] for i in order], axis=1)
    out = np.zeros_like(signal)
    out[:, : joined.shape[1]] = joined
    return out


def test_the_authors_shuffle_is_theirs():
    given = windows(4)
    r_peaks = given.r_peaks[:, :4].clone()
    r_peaks[1, 3] = N_SAMPLES
    few = EcgWindows(given.signal, FS_HZ, given.leads, r_peaks, r_peaks[:, 1:] - 150)
    out = BY_KEY["authors_shuffle"].kind()(few, draws=Draws.seeded(0)).signal.numpy()
    for record in range(4):
        known = r_peaks[record][r_peaks[record] < N_SAMPLES].tolist()
        signal = given.signal[record].numpy()
        orders = permutations(range(len(known) - 1))
        assert any(
            np.array_equal(out[record], slow_authors_shuffle(signal, known, order))
            for order in orders
        )


@pytest.mark.parametrize("key", ["heartbeat_shuffle", "authors_shuffle", "rr_warp"])
def test_what_needs_heartbeats_says_so(key):
    flat = EcgRecord(np.zeros((12, 5000), np.float32), 500.0, STANDARD_LEADS, "flat")
    with pytest.raises(SignalError, match=r"flat: expected at least \d heartbeats"):
        BY_KEY[key].apply(flat, delineate(flat), seed=0)


def test_a_parameter_that_is_not_in_the_table_is_refused(ecg):
    with pytest.raises(ValueError, match="parameters must be among snr_db"):
        BY_KEY["muscle_noise"].apply(ecg, delineate(ecg), seed=0, strength=3)


def test_augmentations_go_one_after_the_other():
    chain = ["heartbeat_shuffle", "rr_warp", "time_shift", "heartbeat_shuffle", "crop"]
    moved, draws = windows(), Draws.seeded(0)
    for key in chain:
        moved = BY_KEY[key].kind()(moved, draws=draws)
    for record in range(len(moved)):
        r = moved.r_peaks[record][moved.r_peaks[record] < N_SAMPLES]
        assert len(r) > 2
        assert (moved.signal[record].abs().amax(0)[r] > 2).all()


def test_ambient_noise_is_as_strong_as_drawn():
    """Of many ECGs, the ratios spread over the range that was asked for."""
    clean = windows(64)
    noisy = BY_KEY["ambient_noise"].kind(6.0, 30.0)(clean, draws=Draws.seeded(0))
    power = clean.signal.var(dim=-1).sum(1)
    noise = (noisy.signal - clean.signal).square().mean(dim=-1).sum(1)
    snr_db = 10 * torch.log10(power / noise)
    # The variance of 5,000 samples is known to 2 %, 0.1 dB.
    assert snr_db.min() > 5.9
    assert snr_db.max() < 30.1
    # 64 draws: a quarter of the range is left empty at an end once in 1e8.
    assert snr_db.min() < 12
    assert snr_db.max() > 24
    with pytest.raises(ValueError, match="lowest_snr_db must not be above"):
        BY_KEY["ambient_noise"].kind(40.0, 30.0)
