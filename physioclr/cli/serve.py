"""Start the Streamlit app that ships with the package."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from types import FrameType

from physioclr.runtime.openmp import sleep_while_waiting
from physioclr.runtime.shipped_files import bundle_root, bundled

__all__ = ["ALLOWED_HOSTS", "app_command", "app_environment", "serve"]

ALLOWED_HOSTS = "PHYSIOCLR_ALLOWED_HOSTS"
"""Variable with the names under which the app's server may be asked, parted by commas."""

_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_ENDS_WITHIN_S = 10.0


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
        "app.server",
        "run",
        str(bundled("app") / "main.py"),
        f"--server.port={port}",
        f"--server.headless={'true' if headless else 'false'}",
        f"--server.address={host}",
        "--logger.hideWelcomeMessage=true",
    ]


def app_environment(host: str = "localhost") -> dict[str, str]:
    """Return the environment the app runs in.

    Parameters
    ----------
    host : str
        Where it listens.

    Returns
    -------
    dict of str to str
        This process's, with the app and its pages importable, and the names under which the server
        answers: those of this machine, and those in ``PHYSIOCLR_ALLOWED_HOSTS``.
    """
    paths = [str(bundle_root()), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    stated = os.environ.get(ALLOWED_HOSTS, "").split(",")
    environment[ALLOWED_HOSTS] = ",".join(filter(None, [*_names(host), *stated]))
    sleep_while_waiting(environment)
    return environment


def _names(host: str) -> tuple[str, ...]:
    """Return the names and addresses of this machine that lead to a server at an address."""
    if host in _THIS_MACHINE:
        return _THIS_MACHINE
    if host not in ("0.0.0.0", "::", ""):  # noqa: S104
        return (*_THIS_MACHINE, host)
    names = [socket.gethostname(), socket.getfqdn()]
    with suppress(OSError):
        names += [str(found[4][0]) for found in socket.getaddrinfo(socket.gethostname(), None)]
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as route:
        route.connect(("10.255.255.255", 1))  # of UDP: asks for the route, sends nothing
        names.append(route.getsockname()[0])
    return (*_THIS_MACHINE, *dict.fromkeys(name.lower() for name in names))


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
        The server's exit code; 0 where it was asked to stop.
    """
    shown = "localhost" if host in ("0.0.0.0", "::", "") else host  # noqa: S104
    sys.stderr.write(f"PhysioCLR is at http://{shown}:{port} (Ctrl-C stops it).\n")
    if host not in _THIS_MACHINE:
        sys.stderr.write(
            "Anyone on the network can open it and see the ECGs in it: there is no login.\n"
        )
    sys.stderr.flush()
    server = subprocess.Popen(  # noqa: S603  (this Python, this package)
        app_command(port=port, host=host, headless=headless), env=app_environment(host)
    )
    stopped = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True
        server.terminate()

    signal.signal(signal.SIGTERM, stop)
    try:
        code = server.wait()
    except KeyboardInterrupt:
        stopped = True
        server.terminate()
        try:
            code = server.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            server.kill()
            code = server.wait()
    return 0 if stopped else code
