"""The examples in the docstrings of the public functions run, in an empty folder."""

from __future__ import annotations

import doctest
import inspect

import pytest

import physioclr

FUNCTIONS = [name for name in physioclr.__all__ if inspect.isfunction(getattr(physioclr, name))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One folder for all: what a first example prepares serves the next."""
    return tmp_path_factory.mktemp("examples")


@pytest.mark.xdist_group("examples")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_example_of_a_public_function_runs(name, folder, monkeypatch):
    monkeypatch.chdir(folder)
    function = getattr(physioclr, name)
    (example,) = doctest.DocTestFinder(recurse=False).find(function, name, globs={})
    assert example.examples, f"{name} has no example"
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append)
    assert result.failed == 0, "".join(said)
