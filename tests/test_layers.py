"""Who may import whom: the core's packages in layers, the app's folders in one direction."""

from __future__ import annotations

import ast
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

import physioclr

ROOT = Path(physioclr.__file__).parents[1]

# A package imports only packages on lines above its own; those on one line know nothing of each
# other. The modules of the first line are the vocabulary: they may import one another.
CORE = (
    ("errors", "leads", "device_reading", "records", "ecg_paper"),
    ("runtime",),
    ("models", "probe"),
    ("io", "signal"),
    ("physiology", "simulate"),
    ("interpretation",),
    ("augment", "datasets"),
    ("encoders",),
    ("training_data",),
    ("objectives",),
    ("explore", "pretraining"),
    ("evaluation",),
    ("prediction",),
    ("workspace",),
    ("jobs", "report"),
    ("cli",),
)
# The same for the app; a folder that is not named is a page's.
APP = (
    ("state", "resources"),
    ("navigation",),
    ("components",),
    ("inputs",),
    ("a page",),
    ("main",),
)


@cache
def imports_of(path: Path) -> frozenset[str]:
    """Every module a file imports, in functions and for type checkers too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return frozenset(found)


def modules(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py") if "_bundle" not in path.parts)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def arrows(*folders: str) -> set[tuple[str, str]]:
    """Return (importing module, imported module) of a tree, by full names."""
    names = {module_name(path): path for folder in folders for path in modules(folder)}
    return {
        (name, imported)
        for name, path in names.items()
        for imported in imports_of(path) & set(names)
        if imported != name
    }


def test_a_package_of_the_core_imports_only_those_above_it():
    layer = {package: depth for depth, line in enumerate(CORE) for package in line}
    inward = [
        (a, b)
        for a, b in arrows("physioclr")
        if a.count(".") and b.count(".") and a.split(".")[1] != b.split(".")[1]
    ]
    inward = [(a, b) for a, b in inward if a != "physioclr.__main__"]
    assert {a.split(".")[1] for a, _ in inward} <= set(layer), "a package without a layer"
    vocabulary = set(CORE[0])
    wrong = [
        f"{a} imports {b}"
        for a, b in inward
        if layer[a.split(".")[1]] <= layer[b.split(".")[1]]
        and not {a.split(".")[1], b.split(".")[1]} <= vocabulary
    ]
    assert not sorted(wrong)


def app_layer(module: str) -> int:
    part = module.split(".")[1] if "." in module else "main"
    named = {name: depth for depth, line in enumerate(APP) for name in line}
    return named.get(part, named["a page"])


def test_a_folder_of_the_app_imports_only_those_below_it():
    inner = [(a, b) for a, b in arrows("app") if a.split(".")[1:2] != b.split(".")[1:2]]
    vocabulary = {"app.state", "app.resources"}
    wrong = [
        f"{a} imports {b}"
        for a, b in inner
        if app_layer(a) <= app_layer(b) and not {a, b} <= vocabulary
    ]
    assert not sorted(wrong)


def test_a_page_imports_only_the_folder_of_its_own():
    page_folders = {p.parent.name for p in modules("app") if app_layer(module_name(p)) == 4}
    for page in modules("pages"):
        folders = {name.split(".")[1] for name in imports_of(page) if name.startswith("app.")}
        assert folders & page_folders <= {page.stem}, page.name


def test_a_component_serves_several_pages_or_builds_another_component():
    users: dict[str, set[str]] = {name: set() for name in app_modules("components")}
    for importing, imported in arrows("app", "pages"):
        if imported in users:
            users[imported].add(".".join(importing.split(".")[:2]))
    shared = {"app.components", "app.inputs", "app.main"}
    assert not {name: by for name, by in users.items() if len(by) < 2 and not by & shared}


def app_modules(folder: str) -> list[str]:
    names = [module_name(path) for path in modules(f"app/{folder}")]
    return [name for name in names if name.count(".") > 1]


def test_a_page_is_a_table_of_contents():
    layout = {"columns", "container", "expander", "tabs", "popover", "fragment"}
    for page in modules("pages"):
        nodes = list(ast.walk(ast.parse(page.read_text(encoding="utf-8"))))
        assert not {node.attr for node in nodes if isinstance(node, ast.Attribute)} & layout, page
        assert not [node for node in nodes if isinstance(node, ast.FunctionDef | ast.BinOp)], page


def test_nothing_imports_a_page():
    for path in [*modules("physioclr"), *modules("app"), *modules("pages")]:
        assert not {n for n in imports_of(path) if n.split(".")[0] == "pages"}, path


@pytest.mark.parametrize("folder", ["physioclr", "app", "studies", "benchmarks"])
def test_modules_import_one_another_in_no_circle(folder):
    left = arrows(folder)
    while left:
        importing, imported = {a for a, _ in left}, {b for _, b in left}
        kept = {(a, b) for a, b in left if b in importing and a in imported}
        if kept == left:
            break
        left = kept
    assert not sorted(left)


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("physioclr", {"streamlit", "app", "pages", "studies", "benchmarks"}),
        ("app", {"studies", "benchmarks"}),
        ("studies", {"benchmarks", "app", "streamlit"}),
    ],
)
def test_dependencies_point_to_the_core(folder, forbidden):
    for path in modules(folder):
        assert not {name.split(".")[0] for name in imports_of(path)} & forbidden, path


@pytest.mark.parametrize("package", ["io", "signal", "physiology", "interpretation"])
def test_signal_physiology_and_readers_do_without_torch(package):
    for path in modules(f"physioclr/{package}"):
        assert "torch" not in imports_of(path), path


def test_the_core_draws_in_one_module_which_only_the_command_line_imports():
    drawing = {
        module_name(p) for p in modules("physioclr") if "plotly.graph_objects" in imports_of(p)
    }
    assert drawing == {"physioclr.probe.figure"}
    importers = {a for a, b in arrows("physioclr") if b in drawing}
    assert {name.split(".")[1] for name in importers} <= {"cli"}


def test_few_modules_lie_flat_in_the_core():
    flat = {p.stem for p in (ROOT / "physioclr").glob("*.py")}
    assert flat <= {"__init__", "__main__", *CORE[0]}


def test_session_state_and_caches_are_touched_in_one_place_each():
    def users(word: str) -> set[str]:
        paths = [*modules("app"), *modules("pages")]
        return {path.name for path in paths if word in path.read_text(encoding="utf-8")}

    assert users("session_state") <= {"state.py"}
    assert users("@st.cache_") <= {"resources.py"}


def test_the_layers_are_distinct():
    everyone = [name for line in CORE for name in line]
    assert len(everyone) == len(set(everyone))
    assert all(set(a).isdisjoint(b) for a, b in pairwise(APP))
