"""Packages as an installer leaves them: modules and a dist-info on the path, made without one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples" / "extensions"


def write_dist_info(
    folder: Path, name: str, entry_points: Mapping[str, Mapping[str, str]], *, version: str = "0.1"
) -> None:
    """Write what an installer writes of a package: its name, version and entry points."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = []
    for group, points in entry_points.items():
        lines += [f"[{group}]", *(f"{key} = {value}" for key, value in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")


def install_examples(folder: Path) -> Path:
    """Install the package of ``examples/extensions`` into a folder, as its pyproject.toml says."""
    project = tomllib.loads((EXAMPLES / "pyproject.toml").read_text())["project"]
    write_dist_info(folder, project["name"], project["entry-points"], version=project["version"])
    (folder / "ecg_extensions").symlink_to(EXAMPLES / "ecg_extensions", target_is_directory=True)
    return folder
