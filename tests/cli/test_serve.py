"""The app's server: who may ask it, what it tells, how it ends."""

from __future__ import annotations

import asyncio
import http.client
import signal
import socket
import subprocess
import sys
import time

import pytest

from app.server import Guard
from physioclr.cli.serve import app_command, app_environment

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def answer(headers, *, path="/", kind="http", hosts=LOCAL):
    """Return what the guard answers: the status, or what a websocket is told."""
    sent = []

    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "path": path, "headers": encoded}
    asyncio.run(Guard(app, hosts)(scope, receive, send))
    return sent[0]


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8501", "127.0.0.1:1", "[::1]:8501", "LOCALHOST"]
)
def test_this_machine_is_answered(host):
    assert answer({"host": host})["status"] == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "", "[", "127.0.0.1.nip.io"]
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_foreign_host_is_refused(host, kind):
    found = answer({"host": host}, kind=kind)
    assert found.get("status", found.get("code")) in (403, 1008)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost.evil.example"])
def test_a_foreign_origin_is_refused_at_a_known_host(origin):
    assert answer({"host": "localhost", "origin": origin})["status"] == 403
    assert answer({"host": "localhost", "origin": origin}, kind="websocket")["code"] == 1008
    assert answer({"host": "localhost", "origin": "http://localhost:8501"})["status"] == 200


def test_nothing_is_told_of_sessions_and_no_frame_is_allowed():
    assert answer({"host": "localhost"}, path="/_stcore/metrics")["status"] == 404
    headers = dict(answer({"host": "localhost"})["headers"])
    assert headers[b"content-security-policy"] == b"frame-ancestors 'self'"


def test_names_beyond_this_machine_are_stated(monkeypatch):
    monkeypatch.setenv("PHYSIOCLR_ALLOWED_HOSTS", "ecg.hospital.example")
    local = app_environment()["PHYSIOCLR_ALLOWED_HOSTS"].split(",")
    assert set(local) == {*LOCAL, "ecg.hospital.example"}
    assert socket.gethostname().lower() in app_environment("0.0.0.0")["PHYSIOCLR_ALLOWED_HOSTS"]
    assert "10.0.0.7" in app_environment("10.0.0.7")["PHYSIOCLR_ALLOWED_HOSTS"]
    assert any(
        "hideWelcomeMessage=true" in part for part in app_command(port=1, host="x", headless=True)
    )


def ask(port, host):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/_stcore/health", headers={"Host": host})
        return connection.getresponse().status
    finally:
        connection.close()


def test_the_server_runs_behind_the_guard_and_ends_with_sigterm():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = "from physioclr.cli.serve import serve; import sys\n"
    code += f"sys.exit(serve(port={port}, host='127.0.0.1', headless=True))"
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None
            assert time.monotonic() < deadline
            try:
                status = ask(port, f"localhost:{port}")
                break
            except OSError:
                time.sleep(0.3)
        assert status == 200
        assert ask(port, "evil.example") == 403
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        with pytest.raises(ConnectionError):
            ask(port, "localhost")
        said = process.stderr.read()
        assert f"http://127.0.0.1:{port}" in said
        assert "Streamlit" not in said
    finally:
        process.kill()
        process.stderr.close()
