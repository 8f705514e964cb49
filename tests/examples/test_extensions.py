"""examples/extensions: each plug-in where it must appear, and what is said when it is gone."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from physioclr import load_encoder, read_ecg
from physioclr.augment import AUGMENTATIONS
from physioclr.datasets.prepare import prepare
from physioclr.datasets.sources import find_cohort
from physioclr.datasets.store import open_store
from physioclr.device_reading import DeviceReading
from physioclr.encoders.checkpoint import read_card
from physioclr.errors import CheckpointError, DatasetError, PhysioclrError, RecordError
from physioclr.io import group_files
from physioclr.io.plugin_formats import FileFormat
from physioclr.leads import LIMB_LEADS
from physioclr.models import build_encoder, encoder_config, encoder_names
from physioclr.models.answering import AnsweringConfig
from physioclr.models.architectures import config_from_dict, config_to_dict
from physioclr.objectives import OBJECTIVES, objective_config, objective_name
from physioclr.pretraining.config import PretrainConfig
from physioclr.pretraining.plan import PretrainPlan
from physioclr.pretraining.pretrain import pretrain
from physioclr.runtime.plugins import GROUPS, installed_plugins, use_plugin
from physioclr.signal.delineation import delineate
from physioclr.simulate import simulate_record
from tests.runtime.fake_packages import EXAMPLES

MODULES = sorted((EXAMPLES / "ecg_extensions").glob("[a-z]*.py"))


def microvolt_file(folder: Path, name: str, record) -> Path:
    """Write an ECG in the format of the example."""
    rows = np.rint(record.signal_mv.T * 1000).astype(int)
    lines = ["#MICROVOLTS", f"{record.fs_hz:g}", " ".join(record.leads)]
    path = folder / f"{name}.uv"
    path.write_text("\n".join([*lines, *(" ".join(map(str, row)) for row in rows)]) + "\n")
    return path


@pytest.fixture(scope="module")
def record():
    return simulate_record("sinus_rhythm", seed=3)


@pytest.fixture
def indexed_folder(tmp_path, record):
    folder = tmp_path / "ward"
    folder.mkdir()
    rows = []
    for number, seed in enumerate((3, 4)):
        ecg = simulate_record("sinus_rhythm", seed=seed)
        file = microvolt_file(folder, f"ecg{number}", ecg)
        findings = ["AF"] if number else []
        row = {"id": f"r{number}", "patient": f"p{number}", "file": file.name, "age_years": 70}
        rows.append({**row, "findings": findings})
    (folder / "index.json").write_text(json.dumps(rows))
    return folder


def small(objective="bootstrap", encoder="strided"):
    return PretrainConfig(
        objective=objective_config(objective),
        encoder=replace(encoder_config(encoder, fs_hz=100, n_leads=12), width=16),
        steps=2,
        records_per_batch=6,
        monitor_every=0,
        held_out=0,
    )


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_an_example_is_under_40_lines(module):
    assert len(module.read_text().splitlines()) < 40


def test_there_is_an_example_of_every_kind(extensions):
    assert {plugin.group for plugin in installed_plugins()} == set(GROUPS)
    assert len(MODULES) == len(GROUPS)


def test_each_is_listed_and_named_in_help(extensions, run_cli):
    code, out, _ = run_cli("plugins", "--json")
    assert code == 0
    found = json.loads(out)["plugins"]
    assert {each["package"] for each in found} == {"ecg-extensions"}
    assert [each["problem"] for each in found] == [None] * 5
    for verb, names in (
        ((), ("bootstrap", "swapped_arms", "strided", "indexed", "microvolts")),
        (("pretrain",), ("bootstrap", "strided")),
        (("prepare",), ("indexed", "microvolts")),
        (("measure",), ("microvolts",)),
        (("objectives",), ("bootstrap",)),
    ):
        _, out, _ = run_cli(*verb, "--help")
        assert all(name in out for name in names), (verb, out)
    _, out, _ = run_cli("objectives")
    assert "momentum=0.99" in out
    assert "bootstrap" in OBJECTIVES
    assert encoder_names()[-1] == "strided"


def test_without_it_nothing_of_it_is_known(run_cli):
    _, out, _ = run_cli("--help")
    assert "Plug-ins" not in out
    code, out, _ = run_cli("plugins")
    assert (code, out) == (0, "No plug-in is installed.\n")


def test_objective_and_encoder_pretrain_resume_and_stand_in_the_card(
    extensions, pulse_store, tmp_path
):
    card = pretrain(pulse_store, tmp_path / "run", small())
    assert card.training.objective == "bootstrap"
    assert card.training.settings == {"momentum": 0.99}
    assert card.encoder == {
        "architecture": "strided",
        "n_leads": 12,
        "width": 16,
        "strides": [2] * 3,
    }
    assert [(each.group, each.name, each.package, each.version) for each in card.plugins] == [
        ("physioclr.encoders", "strided", "ecg-extensions", "0.1"),
        ("physioclr.objectives", "bootstrap", "ecg-extensions", "0.1"),
    ]
    again = pretrain(pulse_store, tmp_path / "run", small(), resume=True)
    assert again.fingerprint == card.fingerprint
    assert load_encoder(tmp_path / "run" / "checkpoint").embedding_dim == 16


def test_a_checkpoint_says_which_plugin_is_missing(extensions, pulse_store, tmp_path, monkeypatch):
    pretrain(pulse_store, tmp_path / "run", small())
    folder = tmp_path / "run" / "checkpoint"
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each != str(extensions)])
    assert read_card(folder).plugins  # what it is can be read
    with pytest.raises(
        CheckpointError,
        match=r"expected the encoder strided of the package ecg-extensions 0.1 \(entry point "
        r"physioclr.encoders\) to be installed, found no plug-in of this name\.$",
    ):
        load_encoder(folder)
    plan = PretrainPlan(objective="bootstrap", settings={}, encoder="resnet1d-tiny")
    with pytest.raises(
        PhysioclrError, match=r"found objective must be one of physioclr, .*bootstrap"
    ):
        plan.config()
    with pytest.raises(PhysioclrError, match=r"name must be one of .*'strided'"):
        PretrainPlan(objective="simclr", encoder="strided").config()


def test_a_checkpoint_of_another_packages_encoder_is_refused(extensions, pulse_store, tmp_path):
    pretrain(pulse_store, tmp_path / "run", small())
    card = tmp_path / "run" / "checkpoint" / "card.json"
    card.write_text(card.read_text().replace("ecg-extensions", "somebody-elses"))
    with pytest.raises(
        CheckpointError, match=r"of the package somebody-elses .* found the encoder "
    ):
        load_encoder(card.parent)


def test_a_checkpoint_of_a_plugin_objective_alone_needs_no_plugin(
    extensions, pulse_store, tmp_path, monkeypatch
):
    config = small(encoder="resnet1d-tiny")
    pretrain(pulse_store, tmp_path / "run", config)
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each != str(extensions)])
    loaded = load_encoder(tmp_path / "run" / "checkpoint")
    assert [each.name for each in loaded.card.plugins] == ["bootstrap"]


def test_classes_passed_in_python_are_named_in_the_card_and_not_imported_from_it(
    pulse_store, tmp_path, monkeypatch
):
    monkeypatch.syspath_prepend(EXAMPLES)
    from ecg_extensions.encoder import StridedConfig, StridedEncoder
    from ecg_extensions.objective import Bootstrap, BootstrapConfig

    with pytest.raises(TypeError, match="use_plugin makes an objective known"):
        PretrainConfig(objective=BootstrapConfig())
    use_plugin(Bootstrap)
    use_plugin(StridedEncoder)
    config = replace(
        small("simclr", "resnet1d-tiny"),
        objective=BootstrapConfig(momentum=0.5),
        encoder=StridedConfig(width=16),
    )
    card = pretrain(pulse_store, tmp_path / "run", config)
    name = "ecg_extensions.encoder:StridedEncoder"
    assert (card.encoder["architecture"], card.plugins[0].package) == (name, "")
    assert card.training.objective == "ecg_extensions.objective:Bootstrap"
    folder = tmp_path / "run" / "checkpoint"
    assert load_encoder(folder).embedding_dim == 16
    from physioclr.runtime import plugins

    plugins._passed.clear()  # as in another process
    with pytest.raises(CheckpointError, match=f"expected the encoder {name} to be named first"):
        load_encoder(folder)


def test_what_a_card_names_is_never_imported(extensions, pulse_store, tmp_path, monkeypatch):
    (tmp_path / "planted.py").write_text("raise AssertionError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    pretrain(pulse_store, tmp_path / "run", small("simclr"))
    card = tmp_path / "run" / "checkpoint" / "card.json"
    card.write_text(card.read_text().replace('"strided"', '"planted:Encoder"'))
    with pytest.raises(CheckpointError, match="planted:Encoder"):
        load_encoder(card.parent)
    assert "planted" not in sys.modules


def test_a_card_that_names_a_plugin_beside_an_encoder_of_ours_is_still_held_to_its_weights(
    extensions, pulse_store, tmp_path
):
    pretrain(pulse_store, tmp_path / "run", small("simclr", "resnet1d-tiny"))
    file = tmp_path / "run" / "checkpoint" / "card.json"
    card = json.loads(file.read_text())
    named = {"group": "physioclr.encoders", "name": "strided", "package": "ecg-extensions"}
    card["plugins"], card["encoder"]["width"] = [named], 60_000
    file.write_text(json.dumps(card))
    with pytest.raises(CheckpointError, match="weights of the shape"):
        load_encoder(file.parent)


def test_what_the_device_said_is_passed_on(record):
    said = DeviceReading(source="machine", measurements={"pr_ms": 160.0})
    told = replace(record, device_reading=said)
    use_plugin(FileFormat("told", bytes.isdigit, lambda *_: told))
    assert read_ecg(b"123", name="1.x").device_reading == said


def test_the_encoder_hides_tokens_fits_every_rate_and_answers(extensions):
    for fs_hz in (100, 250, 500):
        encoder = build_encoder(encoder_config("strided", fs_hz=fs_hz, n_leads=2))
        signal = torch.randn(2, 2, int(5 * fs_hz) + 3)
        summary, tokens = encoder(signal)
        assert tokens.shape == (2, encoder.n_tokens(signal.shape[-1]), 64)
        hidden = torch.zeros(tokens.shape[:2], dtype=torch.bool)
        hidden[:, 0] = True
        assert not torch.equal(encoder(signal, hidden)[1][:, 0], tokens[:, 0])
        answering = AnsweringConfig(encoder.config, n_answers=5, width=3)
        assert config_from_dict(json.loads(json.dumps(config_to_dict(answering)))) == answering
        assert build_encoder(answering)(signal)[0].shape == (2, 3)
        assert summary.shape == (2, 64)


def test_the_levels_of_physioclr_are_read_out_of_a_plugins_encoder_too(
    extensions, pulse_store, tmp_path
):
    config = replace(
        small(),
        objective=objective_config("physioclr", ["levels_weight=1", "projection_dim=16"]),
    )
    card = pretrain([pulse_store] * 3, tmp_path / "run", config)  # levels need 50 ECGs
    assert card.encoder["architecture"] == "answering"
    assert card.encoder["encoder"]["architecture"] == "strided"
    assert [each.name for each in card.plugins] == ["strided"]
    load_encoder(tmp_path / "run" / "checkpoint")


def test_the_augmentation_is_what_it_says(extensions, record):
    augmentation = AUGMENTATIONS["swapped_arms"]
    swapped = augmentation.apply(record, delineate(record), seed=0)
    lead = {
        name: (record.signal_mv[i], swapped.signal_mv[i]) for i, name in enumerate(record.leads)
    }
    np.testing.assert_array_equal(lead["I"][1], -lead["I"][0])
    np.testing.assert_array_equal(lead["II"][1], lead["III"][0])
    np.testing.assert_array_equal(lead["V2"][1], lead["V2"][0])
    kept = [np.array_equal(*lead[name]) for name in LIMB_LEADS]
    assert kept == [False] * 5 + [True]
    same = augmentation.apply(record, delineate(record), seed=0, probability=0.0)
    np.testing.assert_array_equal(same.signal_mv, record.signal_mv)


def test_read_ecg_reads_the_format_from_path_bytes_and_zip_like_upload(
    extensions, tmp_path, record
):
    file = microvolt_file(tmp_path, "one", record)
    read = read_ecg(file)
    assert read.meta["format"] == "microvolt text"
    assert read.leads == record.leads
    np.testing.assert_allclose(read.signal_mv, record.signal_mv, atol=0.0005)  # rounded to 1 µV
    assert read_ecg(file.read_bytes(), name="one.uv").record_id == "one"
    other = microvolt_file(tmp_path, "two", record)
    groups = group_files({each.name: each.read_bytes() for each in (file, other)})
    assert [list(group) for group in groups] == [["one.uv"], ["two.uv"]]


def test_a_damaged_file_of_the_format_is_one_sentence(extensions, tmp_path):
    file = tmp_path / "bad.uv"
    file.write_text("#MICROVOLTS\n500\nI II\n1 2 3\n")
    with pytest.raises(RecordError, match=r"bad\.uv: expected I II, found 3 columns"):
        read_ecg(file)
    file.write_text("#MICROVOLTS\nsecret name\n")
    with pytest.raises(RecordError, match=r"can read as microvolt text, found its ValueError\.$"):
        read_ecg(file)


def test_without_the_plugin_its_files_are_of_no_known_format(tmp_path, record):
    with pytest.raises(RecordError):
        read_ecg(microvolt_file(tmp_path, "one", record))


def test_prepare_lists_the_cohort_and_reads_its_files(extensions, indexed_folder, tmp_path):
    report = prepare(indexed_folder, tmp_path / "S", workers=1, physiology=False)
    assert (report.n_prepared, report.left_out) == (2, ())
    store = open_store(tmp_path / "S")
    assert store.records["patient_id"].tolist() == ["p0", "p1"]
    assert store.labels("finding")["AF"].tolist() == [0.0, 1.0]


def test_the_command_line_takes_them_by_module_and_name(
    indexed_folder, pulse_store, tmp_path, run_cli, monkeypatch
):
    monkeypatch.syspath_prepend(EXAMPLES)
    named = [
        f"--plugin=ecg_extensions.{each}"
        for each in ("cohort_reader:INDEXED_FOLDER", "file_format:MICROVOLT_TEXT")
    ]
    made = [indexed_folder, "--out", tmp_path / "S", "--no-physiology", "--workers", 2]
    code, _, err = run_cli(*named, "prepare", *made)
    assert code == 0, err
    assert len(open_store(tmp_path / "S")) == 2
    code, out, err = run_cli(
        "pretrain", pulse_store.path, "--out", tmp_path / "R", "--steps", 1, "--batch", 6,
        "--objective", "ecg_extensions.objective:Bootstrap", "--set", "momentum=0.5",
        "--encoder", "ecg_extensions.encoder:StridedEncoder", "--monitor-every", 0, "--json",
    )  # fmt: skip
    assert code == 0, err
    card = json.loads(out)
    assert card["training"]["objective"] == "ecg_extensions.objective:Bootstrap"
    assert card["training"]["settings"] == {"momentum": 0.5}
    assert [each["package"] for each in card["plugins"]] == ["", ""]
    assert objective_name(objective_config("ecg_extensions.objective:Bootstrap"))


def test_the_command_line_explains_a_wrong_plugin_and_keeps_them_from_the_app(run_cli):
    for reference in ("no_such_module:Name", "json:loads", "json"):
        code, _, err = run_cli("--plugin", reference, "objectives")
        assert code == 2
        assert reference.partition(":")[0] in err
    code, _, err = run_cli("--plugin", "json:loads", "app")
    assert code == 2
    assert "installed plug-ins" in err


def test_a_source_of_no_known_layout_names_the_plugins_layouts(extensions, tmp_path):
    with pytest.raises(DatasetError, match=r"a folder with index\.json, found"):
        find_cohort(tmp_path)


def test_a_cohort_reader_that_fails_is_one_sentence(extensions, tmp_path):
    (tmp_path / "index.json").write_text("{")
    with pytest.raises(DatasetError, match="the plug-in indexed can list, found its JSONDecodeErr"):
        find_cohort(tmp_path)
