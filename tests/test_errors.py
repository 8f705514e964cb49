from __future__ import annotations

import pickle

import pytest

from physioclr import errors
from physioclr.errors import (
    CheckpointError,
    DatasetError,
    PhysioclrError,
    RecordError,
    SignalError,
)

KINDS = (RecordError, SignalError, DatasetError, CheckpointError)


@pytest.mark.parametrize("kind", KINDS)
def test_message_names_the_thing_what_was_expected_and_what_was_found(kind):
    error = kind("a.hea", expected="a header", found="0 bytes")
    assert str(error) == "a.hea: expected a header, found 0 bytes."


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_about_user_data_is_caught_as_one(kind):
    assert issubclass(kind, PhysioclrError)
    assert not issubclass(kind, ValueError | TypeError)


@pytest.mark.parametrize("kind", [PhysioclrError, *KINDS])
def test_an_error_crosses_a_process_boundary_whole(kind):
    error = pickle.loads(pickle.dumps(kind("s", expected="e", found="f")))
    assert type(error) is kind
    assert (error.subject, error.expected, error.found) == ("s", "e", "f")


def test_all_names_every_public_class():
    defined = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert defined == set(errors.__all__)
