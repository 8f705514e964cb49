"""What a store that is being written holds so far: `Journal`, the lines of ``journal.jsonl``.

The first line states the settings; each further line one whole shard, written when its signals and
its tables lie on the disk. A last line that a crash cut short counts as not written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from physioclr.errors import DatasetError

__all__ = ["JOURNAL_NAME", "Journal", "JournalEntry"]

JOURNAL_NAME = "journal.jsonl"


@dataclass(frozen=True)
class JournalEntry:
    """One whole shard.

    Parameters
    ----------
    n_records : int
    sha256 : str
        Of the shard's file.
    left_out : tuple of (str, str)
        Record id and reason of the ECGs left out since the shard before.
    """

    n_records: int
    sha256: str
    left_out: tuple[tuple[str, str], ...]


class Journal:
    """The journal of a folder.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / JOURNAL_NAME

    def begin(self, settings: Mapping[str, Any]) -> None:
        """Write the first line.

        Parameters
        ----------
        settings : mapping
            What the content follows from, as JSON has it.
        """
        self._file.write_bytes(b"")
        self._write(dict(settings))

    def rewrite(self, settings: Mapping[str, Any], entries: Sequence[JournalEntry]) -> None:
        """Keep the first entries only: the files of a later one are damaged.

        Parameters
        ----------
        settings : mapping
        entries : sequence of JournalEntry
        """
        self.begin(settings)
        for entry in entries:
            self.add(entry)

    def add(self, entry: JournalEntry) -> None:
        """Note a shard whose files are on the disk.

        Parameters
        ----------
        entry : JournalEntry
        """
        self._write(asdict(entry))

    def read(self) -> tuple[dict[str, Any], list[JournalEntry]] | None:
        """Return the settings and the whole shards.

        Returns
        -------
        (settings, entries) or None
            None where there is no journal, or not even its first line is whole.

        Raises
        ------
        DatasetError
            If a whole line is not what a journal holds.
        """
        if not self._file.is_file():
            return None
        *lines, cut_short = self._file.read_bytes().split(b"\n")
        if not lines:
            return None
        try:
            settings, *entries = [json.loads(line) for line in lines]
            known = [_entry(entry) for entry in entries]
        except (ValueError, TypeError, KeyError):
            raise DatasetError(
                f"{self._file.parent.name}/{JOURNAL_NAME}",
                expected="the journal of an unfinished store",
                found="another content; delete the folder to begin anew",
            ) from None
        if cut_short:
            with self._file.open("rb+") as file:
                file.truncate(file.seek(0, os.SEEK_END) - len(cut_short))
        return settings, known

    def _write(self, line: Mapping[str, Any]) -> None:
        with self._file.open("ab") as file:
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _entry(line: Mapping[str, Any]) -> JournalEntry:
    left_out = tuple((str(record_id), str(reason)) for record_id, reason in line["left_out"])
    return JournalEntry(int(line["n_records"]), str(line["sha256"]), left_out)
