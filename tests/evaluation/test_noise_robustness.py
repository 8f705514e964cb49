"""The probe that meets noise: how strong the noise is, how it enters, and what the table says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from physioclr.datasets.store import Store, StoreWriter
from physioclr.encoders.checkpoint import load_encoder
from physioclr.encoders.encoder import Encoder
from physioclr.encoders.window_embeddings import UsableBatch
from physioclr.errors import DatasetError
from physioclr.evaluation.noise_robustness import (
    MISSING_LEADS,
    LostLeads,
    _Condition,
    _signals,
    add_noise,
    noise_robustness,
    within_a_second,
)
from physioclr.evaluation.noise_sources import _between, noise_sources, recorded_noise
from physioclr.leads import LIMB_LEADS, PRECORDIAL_LEADS, STANDARD_LEADS
from physioclr.models import ResNetConfig
from physioclr.models.architectures import build_encoder, config_to_dict
from physioclr.records import EcgRecord
from physioclr.simulate import simulate_record
from tests.conftest import pulse_train, write_wfdb_pair
from tests.shared_data import SHARED_DATA, needs_shared_data

WANDER, MUSCLE, MOTION = noise_sources()


@pytest.fixture(scope="module")
def encoder():
    """A small untrained encoder: it sees how tall an ECG is, and costs little."""
    card = load_encoder().card
    config = ResNetConfig(width=32, blocks=(1, 1))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build_encoder(config).eval()
    return Encoder(model, card.model_copy(update={"encoder": config_to_dict(config)}), {})


@pytest.fixture(scope="module")
def ecgs():
    return [simulate_record(seed=seed, duration_s=10.0) for seed in range(3)]


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A minute of two channels at 360 Hz: coloured by nothing, one ten times the other."""
    white = np.random.default_rng(0).normal(0, 0.1, (2, 21600)) * [[1.0], [10.0]]
    folder = tmp_path_factory.mktemp("noise")
    header = write_wfdb_pair(folder, "ma", white, ("noise1", "noise2"))
    header.write_text(header.read_text().replace(" 500 ", " 360 ", 1))
    return header


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """40 pulse trains of 40 patients, whose precordial leads alone say which half they are of."""
    out = tmp_path_factory.mktemp("stores") / "tall"
    with StoreWriter(
        out, fs_hz=500.0, n_samples=5000, source="pulses", label_sets={"size": {"tall": "Tall"}}
    ) as writer:
        for row in range(40):
            signal, _ = pulse_train(380 + 3 * (row % 7), seed=row)
            tall = row % 2
            signal[6:] *= 0.3 + 0.7 * tall
            writer.append(
                signal,
                {"record_id": f"r{row}", "patient_id": f"p{row}"},
                labels={"size": {"tall": float(tall)}},
            )
        flat = pulse_train(400, seed=99)[0]
        flat[4] = 0
        writer.append(flat, {"record_id": "flat", "patient_id": "flat"})
    return Store(out)


def ratio_db(clean, noisy):
    noise = noisy.signal_mv.astype(float) - clean.signal_mv
    powers = [
        np.mean([np.var(second, axis=1) for second in np.split(mv, 10, axis=1)])
        for mv in (clean.signal_mv, noise)
    ]
    return 10 * np.log10(powers[0] / powers[1])


@pytest.mark.parametrize("noise", [WANDER, MUSCLE, MOTION], ids=lambda noise: noise.name)
@pytest.mark.parametrize("snr_db", [24.0, 0.0, -6.0])
def test_the_noise_is_as_strong_as_asked(ecgs, noise, snr_db):
    # A sum in float32 is off by 1e-7 mV, the weakest noise here has 1e-2: 1e-5 of it, 1e-4 dB.
    assert ratio_db(ecgs[0], add_noise(ecgs[0], noise, snr_db)) == pytest.approx(snr_db, abs=1e-4)


def test_a_constant_and_the_last_part_of_a_second_have_no_power():
    ramp = np.arange(250.0) % 100
    alone = within_a_second(ramp[None, :100], 100.0)
    assert alone == pytest.approx((100**2 - 1) / 12)  # of the integers 0 to 99
    assert within_a_second(ramp[None] + 7.0, 100.0) == pytest.approx(alone)


def test_slow_drift_of_its_own_hardly_counts_as_ecg(ecgs):
    drift = np.sin(2 * np.pi * 0.1 * np.arange(5000) / 500.0)
    leaning = EcgRecord(
        ecgs[0].signal_mv + 0.5 * drift, 500.0, STANDARD_LEADS, ecgs[0].record_id, ecgs[0].meta
    )
    added = [
        add_noise(ecg, MUSCLE, 6.0).signal_mv.astype(float) - ecg.signal_mv
        for ecg in (ecgs[0], leaning)
    ]
    ecg_power = within_a_second(ecgs[0].signal_mv, 500.0)
    # A sine of 0.5 mV has a power of 0.125 mV², of which (2π · 0.1)² / 12 lies within a second.
    expected = np.sqrt(1 + 0.125 * (0.2 * np.pi) ** 2 / 12 / ecg_power)
    # The ECG and the sine are not quite uncorrelated within ten seconds.
    assert np.std(added[1]) / np.std(added[0]) == pytest.approx(expected, rel=0.03)
    assert expected < 1.1


def test_noise_keeps_einthovens_and_goldbergers_identities(recording):
    for source in (WANDER, MUSCLE, MOTION, recorded_noise(recording, "muscle")):
        noise = source.in_standard_leads(5000, 500.0, np.random.default_rng(1))
        i, ii, iii, avr, avl, avf = noise[:6]
        # Exact but for the rounding of float32, in which the simulator's noise comes.
        scale = {"atol": 1e-6 * np.abs(noise).max()}
        np.testing.assert_allclose(ii, i + iii, **scale)
        np.testing.assert_allclose(avr, -(i + ii) / 2, **scale)
        np.testing.assert_allclose(avl, i - ii / 2, **scale)
        np.testing.assert_allclose(avf, ii - i / 2, **scale)
        np.testing.assert_allclose(noise.mean(axis=1), 0, **scale)
        assert np.linalg.matrix_rank(noise, tol=1e-3 * np.linalg.norm(noise, 2)) >= 2


def test_leads_are_differences_of_electrodes():
    of_ra, of_la, of_ll, *of_chest = _between(np.eye(9)).T
    third = -np.full(6, 1 / 3)  # Wilson's central terminal
    np.testing.assert_allclose(of_ra, [-1, -1, *third])
    np.testing.assert_allclose(of_la, [1, 0, *third])
    np.testing.assert_allclose(of_ll, [0, 1, *third])
    np.testing.assert_array_equal(of_chest, np.eye(8)[2:])
    np.testing.assert_allclose(_between(np.ones((9, 4))), 0, atol=1e-15)  # of all alike, nothing


def test_noise_is_of_the_ecg_and_the_seed_alone(ecgs, encoder):
    ecg, other, _ = ecgs
    again = add_noise(ecg, MUSCLE, 6.0)
    np.testing.assert_array_equal(again.signal_mv, add_noise(ecg, MUSCLE, 6.0).signal_mv)
    for changed in (add_noise(ecg, MUSCLE, 6.0, seed=1), add_noise(ecg, WANDER, 6.0)):
        assert not np.array_equal(again.signal_mv, changed.signal_mv)
    renamed = EcgRecord(ecg.signal_mv, 500.0, STANDARD_LEADS, other.record_id, ecg.meta)
    assert not np.array_equal(again.signal_mv, add_noise(renamed, MUSCLE, 6.0).signal_mv)

    conditions = [
        _Condition("muscle", noise=MUSCLE, snr_db=6.0),
        _Condition("half", lost=MISSING_LEADS[3]),
    ]
    forth, back = (
        list(_signals(batch_of(order, encoder), encoder, conditions, 0))
        for order in (ecgs, ecgs[::-1])
    )
    for one, turned in zip(forth, back, strict=True):
        np.testing.assert_array_equal(one, turned[::-1])


def batch_of(records, encoder):
    signals = [encoder.card.preprocessing.signal(record) for record in records]
    return UsableBatch(0, list(range(len(records))), list(records), np.stack(signals))


def test_noise_is_added_before_the_preprocessing(ecgs, encoder):
    condition = _Condition("motion", noise=MOTION, snr_db=0.0)
    (met,) = _signals(batch_of(ecgs, encoder), encoder, [condition], 0)
    noisy = batch_of([add_noise(ecg, MOTION, 0.0) for ecg in ecgs], encoder).signals
    # Filtering is linear: what is left is float32 rounding, of values up to about 10.
    np.testing.assert_allclose(met, noisy, atol=1e-5)


@pytest.mark.parametrize(
    ("lost", "candidates", "n_lost"),
    [
        (MISSING_LEADS[0], PRECORDIAL_LEADS, 6),
        (MISSING_LEADS[1], LIMB_LEADS, 6),
        (MISSING_LEADS[2], PRECORDIAL_LEADS, 1),
        (MISSING_LEADS[3], STANDARD_LEADS, 6),
    ],
)
def test_a_lost_lead_is_zero_and_the_others_are_as_they_were(
    ecgs, encoder, lost, candidates, n_lost
):
    batch = batch_of(ecgs, encoder)
    (met,) = _signals(batch, encoder, [_Condition(lost.name, lost=lost)], 0)
    gone = (met == 0).all(axis=2)
    assert (gone.sum(axis=1) == n_lost).all()
    assert not gone[
        :, [STANDARD_LEADS.index(x) for x in STANDARD_LEADS if x not in candidates]
    ].any()
    np.testing.assert_array_equal(met[~gone], batch.signals[~gone])


def test_electrodes_of_recorded_noise_have_stretches_of_their_own(recording):
    noise = recorded_noise(recording, "muscle").in_standard_leads(
        5000, 500.0, np.random.default_rng(3)
    )
    # Of white noise, 5,000 samples: a correlation above 0.1 is seven standard errors. Precordial
    # leads share Wilson's terminal, so it is taken away first: V1 - V2, V3 - V4, V5 - V6.
    pairs = noise[[6, 8, 10]] - noise[[7, 9, 11]]
    assert np.abs(np.corrcoef(pairs)[np.triu_indices(3, 1)]).max() < 0.1


def test_a_recording_that_is_too_short_is_refused(recording):
    with pytest.raises(ValueError, match="must not exceed the 60 s of the recording, got 70 s"):
        recorded_noise(recording, "muscle").in_standard_leads(
            35_000, 500.0, np.random.default_rng(0)
        )


def test_electrode_motion_is_never_absent():
    for seed in range(100):
        assert np.std(MOTION.in_standard_leads(500, 100.0, np.random.default_rng(seed))) > 0.01


def test_a_kind_that_was_recorded_is_not_simulated(recording):
    assert [source.simulated for source in noise_sources(recording.parent)] == [True, False, True]
    assert [source.simulated for source in noise_sources()] == [True, True, True]


@pytest.fixture(scope="module")
def table(store, encoder):
    told = []
    found = noise_robustness(
        store,
        encoder,
        "size",
        snr_db=(24, 6),
        noises=(MUSCLE,),
        missing_leads=MISSING_LEADS[:2],
        n_bootstrap=50,
        on_progress=lambda what, share: told.append((what, share)),
    )
    assert told[0] == ("Embedding with noise", 0.0)
    assert told[-1] == ("Done", 1.0)
    return found.set_index("condition")


def test_the_table_has_a_row_a_condition_and_leaves_out_what_the_encoder_refuses(table):
    assert table.index.tolist() == [
        "clean",
        "muscle, 24 dB",
        "muscle, 6 dB",
        "limb leads only",
        "precordial leads only",
    ]
    assert (table["n_ecgs"] == 40).all()
    assert table["origin"].tolist() == ["", "simulated", "simulated", "", ""]
    assert table["kind"].tolist() == ["clean", *["noise"] * 2, *["missing leads"] * 2]
    np.testing.assert_array_equal(table["snr_db"], [np.nan, 24, 6, np.nan, np.nan])
    np.testing.assert_array_equal(table["auroc"], table["auroc_tall"])


def test_what_only_precordial_leads_say_is_lost_with_them(table):
    assert table.loc["clean", "auroc"] > 0.95
    assert table.loc["precordial leads only", "auroc"] > 0.95
    # By chance 0.5, with a standard error of 0.09 (20 against 20).
    assert table.loc["limb leads only", "auroc"] < 0.77
    assert table.loc["limb leads only", "loss_low_pct"] > 10


def test_the_loss_is_relative_to_clean_ecgs(table):
    clean = table.loc["clean"]
    assert (clean[["loss_pct", "loss_low_pct", "loss_high_pct"]] == 0).all()
    np.testing.assert_allclose(
        table["loss_pct"], 100 * (1 - table["auroc"] / clean["auroc"]), atol=1e-9
    )
    assert (table["loss_low_pct"] <= table["loss_pct"]).all()
    assert (table["loss_pct"] <= table["loss_high_pct"]).all()


def test_refuses_what_it_cannot_do(store, encoder, ecgs):
    with pytest.raises(DatasetError, match="one of its label sets"):
        noise_robustness(store, encoder, "colour")
    with pytest.raises(ValueError, match="finite numbers of dB"):
        noise_robustness(store, encoder, "size", snr_db=(6, float("inf")))
    with pytest.raises(ValueError, match="must not repeat"):
        noise_robustness(store, encoder, "size", noises=(MUSCLE, MUSCLE))
    with pytest.raises(ValueError, match="n_lost must be 1 to 6, got 7"):
        LostLeads("all", LIMB_LEADS, 7)
    two = EcgRecord(ecgs[0].signal_mv[:2], 500.0, ("I", "II"), "two")
    with pytest.raises(ValueError, match="must have the leads"):
        add_noise(two, MUSCLE, 6.0)


@needs_shared_data
def test_the_noise_stress_records_are_what_their_names_say():
    wander, muscle, motion = noise_sources(SHARED_DATA / "nstdb")
    assert (wander.simulated, muscle.simulated, motion.simulated) == (False, False, True)

    def fast_over_slow(source):
        draws = [
            source.in_standard_leads(5000, 500.0, np.random.default_rng(seed)) for seed in range(15)
        ]
        power = np.square(np.abs(np.fft.rfft(draws))).sum(axis=1)
        hz = np.fft.rfftfreq(5000, 1 / 500.0)
        slow, fast = (hz > 0.5) & (hz < 5), hz >= 5
        return np.median(power[:, fast].sum(axis=1) / power[:, slow].sum(axis=1))

    # Of 60 other draws the medians are 0.1 and 1.5.
    assert fast_over_slow(wander) < 0.3
    assert fast_over_slow(muscle) > 1
