"""Cohort readers of other packages: `CohortReader`, and their table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from physioclr.datasets.cohort import Cohort
from physioclr.errors import DatasetError, PhysioclrError
from physioclr.runtime.plugins import PluginTable

__all__ = ["COHORT_READERS", "CohortReader", "read_plugin_cohort"]


@dataclass(frozen=True)
class CohortReader:
    """A layout of cohorts, as a plug-in of the group ``physioclr.cohorts`` brings it.

    Parameters
    ----------
    name : str
        What it reads, a phrase: "a folder of … with index.json".
    recognises : callable
        Takes the path of a folder or a file; returns whether it is of this layout. Asked where it
        is none of the layouts that PhysioCLR knows, before CSV manifests and folders of WFDB.
    read : callable
        Takes the path; returns a `Cohort`, or raises a `DatasetError`. The `read` of its records
        must pickle: a function of a module, or a `functools.partial` of one.
    """

    plugin_group: ClassVar[str] = "physioclr.cohorts"
    name: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path], Cohort]


def _reader(name: str, found: object) -> CohortReader:  # noqa: ARG001
    if not isinstance(found, CohortReader):
        raise TypeError(f"a CohortReader, got {found!r}")
    return found


COHORT_READERS: PluginTable[CohortReader] = PluginTable("physioclr.cohorts", _reader)
"""The layouts that plug-ins read, by the plug-in's name."""


def read_plugin_cohort(path: Path) -> Cohort | None:
    """List a cohort of a plug-in's layout.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Cohort or None
        None where no plug-in recognises the layout.

    Raises
    ------
    DatasetError
        If the plug-in says so, fails otherwise, or returns something else.
    """
    plugin = COHORT_READERS.first(lambda reader: reader.recognises(path))
    if plugin is None:
        return None
    expected = f"a cohort that the plug-in {plugin} can list"
    try:
        cohort = COHORT_READERS[plugin].read(path)
    except PhysioclrError:
        raise
    except Exception as error:
        found = f"its {type(error).__name__}: {error}"
        raise DatasetError(path.name, expected=expected, found=found) from error
    if not isinstance(cohort, Cohort):
        raise DatasetError(path.name, expected=expected, found=f"a {type(cohort).__name__} from it")
    return cohort
