"""The app's server: Streamlit, closed to foreign hosts and origins, and silent to the internet.

``python -m app.server run app/main.py …`` takes what ``streamlit`` takes.
`physioclr.cli.serve` states in ``PHYSIOCLR_ALLOWED_HOSTS`` under which names it may be asked.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from physioclr.cli.serve import ALLOWED_HOSTS

__all__ = ["Guard", "main"]

_HEADERS = (
    (b"content-security-policy", b"frame-ancestors 'self'"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
_HIDDEN = "/_stcore/metrics"  # sessions and memory, open to anyone

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_App = Callable[[_Message, _Receive, _Send], Awaitable[None]]


class Guard:
    """ASGI middleware that answers only to known hosts and origins.

    A page of another site can make a visitor's browser ask a server on the visitor's machine; its
    host name (DNS rebinding) or its origin gives it away.

    Parameters
    ----------
    app : ASGI application
    hosts : frozenset of str, optional
        Names the server may be asked under; of ``PHYSIOCLR_ALLOWED_HOSTS`` where absent. ``"*"``
        among them is any.
    """

    def __init__(self, app: _App, hosts: frozenset[str] | None = None) -> None:
        self._app = app
        stated = os.environ.get(ALLOWED_HOSTS, "").split(",")
        self._hosts = frozenset(name.strip().lower() for name in stated) if hosts is None else hosts

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Pass on what comes from a known host and origin."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        status = self._refusal(str(scope.get("path", "")), headers)
        if status:
            await _refuse(scope, receive, send, status)
            return

        async def send_closed(message: _Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            await send(message)

        await self._app(scope, receive, send_closed)

    def _refusal(self, path: str, headers: dict[bytes, str]) -> int:
        """Return the status to refuse with; 0 for none."""
        if path.rstrip("/").endswith(_HIDDEN):
            return 404
        origin = headers.get(b"origin", "")
        asked = [_host_name(headers.get(b"host", ""))]
        asked += [(urlsplit(origin).hostname or "") if origin != "null" else ""] if origin else []
        return 0 if "*" in self._hosts or all(name in self._hosts for name in asked) else 403


def _host_name(header: str) -> str:
    try:
        return (urlsplit(f"//{header}").hostname or "").lower()
    except ValueError:
        return ""


async def _refuse(scope: _Message, receive: _Receive, send: _Send, status: int) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "http.response.start", "status": status, "headers": [*_HEADERS]})
    await send({"type": "http.response.body", "body": b""})


def main() -> None:
    """Run Streamlit with the guard in front, and without its question for the address outside."""
    from starlette.middleware import Middleware
    from streamlit import net_util
    from streamlit.web import cli
    from streamlit.web.server.starlette import starlette_app

    # Streamlit asks a server on the internet for its own address when an origin is foreign.
    net_util.get_external_ip = lambda: None
    own = starlette_app.create_streamlit_middleware
    starlette_app.create_streamlit_middleware = lambda: [
        Middleware(Guard),
        *own(),
    ]
    sys.argv[0] = "streamlit"
    cli.main()


if __name__ == "__main__":
    main()
