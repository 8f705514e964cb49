"""Plug-ins: listed without importing, imported one by one, the broken ones named and left out."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings

import pytest

from physioclr.io.plugin_formats import FORMATS, FileFormat
from physioclr.runtime import plugins
from physioclr.runtime.plugins import (
    GROUPS,
    Plugin,
    PluginTable,
    PluginWarning,
    UnknownPluginError,
    import_reference,
    installed_plugins,
    plugins_to_send,
    use_plugin,
    use_sent_plugins,
)
from tests.runtime.fake_packages import write_dist_info

GROUP = "physioclr.formats"


def number(name, found):
    if not isinstance(found, int):
        raise TypeError(f"a number, got {found!r}")
    return found


@pytest.fixture
def installed(tmp_path, monkeypatch, request):
    """Install a package whose one module has as many plug-ins as are named."""
    monkeypatch.syspath_prepend(tmp_path)
    module = f"module_of_{request.node.name.split('[')[0]}"

    def install(source, *, package="some-package", **points):
        (tmp_path / f"{module}.py").write_text(source)
        references = {name: f"{module}:{attribute}" for name, attribute in points.items()}
        write_dist_info(tmp_path, package, {GROUP: references}, version="2.0")
        return PluginTable(GROUP, number, {"one": 1})

    install.module = module
    return install


def test_names_are_listed_without_importing_anything(installed):
    table = installed("raise SystemExit", two="TWO")
    assert table.plugins == (
        Plugin(GROUP, "two", f"{installed.module}:TWO", "some-package", "2.0"),
    )
    assert installed.module not in sys.modules


def test_a_table_has_its_own_entries_first_then_the_plugins(installed):
    table = installed("TWO, THREE = 2, 3", two="TWO", three="THREE")
    assert dict(table) == {"one": 1, "three": 3, "two": 2}
    assert list(table.own) == ["one"]
    assert table.broken == {}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_library", "ModuleNotFoundError: No module named 'no_such_library'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("OTHER = 2", "AttributeError: .* has no attribute 'TWO'"),
        ("TWO = 'two'", "TWO must be a number, got 'two'"),
        ("TWO =", "SyntaxError"),
    ],
)
def test_a_broken_plugin_is_named_once_and_breaks_no_other(installed, source, reason, monkeypatch):
    monkeypatch.delitem(sys.modules, installed.module, raising=False)
    table = installed(source, two="TWO")
    with pytest.warns(PluginWarning, match=f"file format two of some-package 2.0 .*{reason}"):
        assert list(table) == ["one"]
    with warnings.catch_warnings(action="error"):
        assert "two" not in table
        assert len(table) == 1
    assert [each.name for each in table.broken] == ["two"]
    with pytest.raises(UnknownPluginError, match=reason):
        table["two"]


def test_a_plugin_cannot_take_a_name_of_physioclr_or_of_another_package(installed, tmp_path):
    table = installed("TWO, OTHER = 2, 20", two="TWO", one="TWO")
    write_dist_info(tmp_path, "another", {GROUP: {"two": f"{installed.module}:OTHER"}})
    assert dict(table) == {"one": 1, "two": 20}  # `another` comes first
    assert {(each.package, each.name) for each in table.broken} == {
        ("some-package", "one"),
        ("some-package", "two"),
    }
    assert all("something else has this name" in reason for reason in table.broken.values())


def test_an_unknown_name_is_a_sentence_that_lists_the_known(installed):
    table = installed("TWO = 2", two="TWO")
    assert "three" not in table
    with pytest.raises(KeyError, match=r"^file format must be one of one, two, got 'three'$"):
        table["three"]


def test_a_reference_is_looked_up_among_entry_points_and_never_imported(installed, tmp_path):
    table = installed("TWO = 2", two="TWO")
    (tmp_path / "unnamed_by_anyone.py").write_text("TWO = 2")
    assert table[f"{installed.module}:TWO"] == 2
    assert "unnamed_by_anyone:TWO" not in table
    assert "unnamed_by_anyone" not in sys.modules


def test_metadata_without_a_name_breaks_nothing(installed, tmp_path):
    table = installed("TWO = 2", two="TWO")
    bare = tmp_path / "bare-1.dist-info"
    bare.mkdir()
    (bare / "entry_points.txt").write_text(f"[{GROUP}]\nbare = {installed.module}:TWO\n")
    assert table["bare"] == table["two"] == 2


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("json", "must be given as package.module:Name"),
        (":loads", "must be given as package.module:Name"),
        ("no_such_module:Name", "No module named 'no_such_module'"),
        ("json:no_such_name", "has no attribute 'no_such_name'"),
    ],
)
def test_a_wrong_reference_is_a_sentence(reference, problem):
    with pytest.raises(ValueError, match=problem):
        import_reference(reference)


def test_what_is_no_plugin_is_refused_in_words():
    with pytest.raises(TypeError, match="must be a subclass of Objective or EcgEncoder"):
        use_plugin(object())


def test_a_passed_object_is_known_by_its_own_name_here_and_in_another_process():
    made = use_plugin(FileFormat("mine", bytes.isdigit, int))
    assert FORMATS["mine"] is made
    sent = pickle.loads(pickle.dumps(plugins_to_send("physioclr.formats")))
    assert plugins_to_send("physioclr.objectives") == ()
    plugins._passed.clear()
    assert "mine" not in FORMATS
    use_sent_plugins(sent)
    assert FORMATS["mine"] == made


def test_an_object_that_its_reference_names_is_sent_by_name(extensions):
    reference = "ecg_extensions.file_format:MICROVOLT_TEXT"
    use_plugin(import_reference(reference), reference=reference)
    ((plugin, found),) = plugins_to_send("physioclr.formats")
    assert (plugin.reference, found) == (reference, None)
    plugins._passed.clear()
    use_sent_plugins([(plugin, found)])
    assert FORMATS["microvolt text"].name == "microvolt text"


def test_a_plugin_that_fails_when_asked_says_no_with_a_warning():
    use_plugin(FileFormat("failing", lambda head: head["no"], int))
    use_plugin(FileFormat("sure", lambda _head: True, int))
    with pytest.warns(PluginWarning, match="file format failing fails: TypeError"):
        assert FORMATS.first(lambda each: each.recognises(b"")) == "sure"


def test_each_group_has_a_table():
    from physioclr.cli.plugins import _tables

    assert {group: table._group for group, table in _tables().items()} == {g: g for g in GROUPS}


def test_importing_physioclr_looks_for_no_plugin_and_listing_them_loads_no_torch(extensions):
    code = (
        "import sys, physioclr; assert 'importlib.metadata' not in sys.modules;"
        "from physioclr.runtime.plugins import installed_plugins as i; assert len(i()) == 5;"
        "assert not {'torch', 'numpy', 'ecg_extensions'} & set(sys.modules)"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env={"PYTHONPATH": ":".join(filter(None, sys.path))},
    )
    assert len(installed_plugins()) == 5
