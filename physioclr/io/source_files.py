"""The files a record is read from: a folder's, or contents in memory.

Names come from headers and from uploads. None is ever joined to a path unless it is the plain
name of a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from physioclr.errors import RecordError

__all__ = ["FolderFiles", "SourceFiles", "UploadedFiles", "plain_name"]


class SourceFiles(Protocol):
    """Files by their plain names."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names that are known without looking for one."""

    def __contains__(self, name: str) -> bool: ...

    def size(self, name: str) -> int:
        """Return a file's size in bytes."""

    def read(self, name: str, n_bytes: int = -1) -> bytes:
        """Return a file's first bytes; all of them by default."""

    def stage(self, name: str, at: Path) -> None:
        """Make a file's content readable at a path that does not exist yet."""


class FolderFiles:
    """The files of a folder.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    @property
    def names(self) -> tuple[str, ...]:
        """Nothing: a folder is not listed, its files are asked for by name."""
        return ()

    def __contains__(self, name: str) -> bool:
        return plain_name(name) == name and (self._folder / name).is_file()

    def size(self, name: str) -> int:
        """Return a file's size in bytes."""
        return (self._folder / name).stat().st_size

    def read(self, name: str, n_bytes: int = -1) -> bytes:
        """Return a file's first bytes; all of them by default."""
        try:
            with (self._folder / name).open("rb") as file:
                return file.read(n_bytes)
        except OSError as error:
            raise RecordError(
                name, expected="a file that can be read", found=str(error.strerror)
            ) from error

    def stage(self, name: str, at: Path) -> None:
        """Link to the file."""
        at.symlink_to(self._folder / name)


class UploadedFiles:
    """Contents in memory.

    Parameters
    ----------
    contents : mapping of str to bytes
        Whatever folders a name carries are dropped.
    """

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._contents = {plain_name(name): bytes(content) for name, content in contents.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """The uploaded names."""
        return tuple(self._contents)

    def __contains__(self, name: str) -> bool:
        return name in self._contents

    def size(self, name: str) -> int:
        """Return a file's size in bytes."""
        return len(self._contents[name])

    def read(self, name: str, n_bytes: int = -1) -> bytes:
        """Return a file's first bytes; all of them by default."""
        content = self._contents[name]
        return content if n_bytes < 0 else content[:n_bytes]

    def stage(self, name: str, at: Path) -> None:
        """Write the content."""
        at.write_bytes(self._contents[name])


def plain_name(name: str) -> str:
    """Return the last part of a file name, whichever way its folders are separated."""
    last = name.replace("\\", "/").rsplit("/", maxsplit=1)[-1]
    return "" if last in (".", "..") or "\0" in last else last
