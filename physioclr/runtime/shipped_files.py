"""Where the files that ship beside the code lie: app, pages, checkpoints, heads, demo.

In a checkout they are the top-level folders; in an installed wheel they are copied under
``physioclr/_bundle/`` (see ``pyproject.toml``).
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["bundle_root", "bundled"]

_PACKAGE = Path(__file__).resolve().parents[1]


def bundle_root() -> Path:
    """Return the folder of ``app/``, ``pages/``, ``checkpoints/``, ``heads/`` and ``demo/``."""
    installed = _PACKAGE / "_bundle"
    return installed if installed.is_dir() else _PACKAGE.parent


def bundled(name: str) -> Path:
    """Return the path of one shipped folder or file, such as ``"checkpoints"``."""
    return bundle_root() / name
