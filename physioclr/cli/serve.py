"""Start the Streamlit app that ships with the package."""

from __future__ import annotations

import os
import subprocess
import sys

from physioclr.runtime.openmp import sleep_while_waiting
from physioclr.runtime.shipped_files import bundle_root, bundled

__all__ = ["app_command", "app_environment", "serve"]


def app_command(*, port: int, host: str, headless: bool) -> list[str]:
    """Return the command line that serves the app.

    Parameters
    ----------
    port : int
    host : str
        Address to listen at; only this machine reaches ``"localhost"``.
    headless : bool
        Open no browser.

    Returns
    -------
    list of str
    """
    return [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(bundled("app") / "main.py"),
        f"--server.port={port}",
        f"--server.headless={'true' if headless else 'false'}",
        f"--server.address={host}",
    ]


def app_environment() -> dict[str, str]:
    """Return the environment the app runs in: this one, with the app and its pages importable."""
    paths = [str(bundle_root()), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    sleep_while_waiting(environment)
    return environment


def serve(*, port: int, host: str, headless: bool) -> int:
    """Serve the app until it is stopped.

    Parameters
    ----------
    port : int
    host : str
    headless : bool
        As `app_command` takes them.

    Returns
    -------
    int
        The server's exit code.
    """
    command = app_command(port=port, host=host, headless=headless)
    try:
        return subprocess.run(command, env=app_environment(), check=False).returncode  # noqa: S603
    except KeyboardInterrupt:
        return 0
