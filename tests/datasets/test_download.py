"""Downloads, from a server on this machine that can break in every way a real one does."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest

from physioclr import cli
from physioclr.datasets.download import CHECKSUMS_NAME, download
from physioclr.datasets.public_cohorts import PUBLIC_COHORTS, public_cohort
from physioclr.errors import DatasetError

FILES = {
    "RECORDS": b"data/1\n",
    "data/1.hea": b"1 12 500 5000\n",
    "data/1 b.dat": bytes(range(256)) * 4000,
    "LICENSE.txt": b"ODC-BY\n",
}


class Server(ThreadingHTTPServer):
    """Serves `files`, and keeps what was asked of it."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = dict(FILES)
        self.checksums = {path: hashlib.sha256(c).hexdigest() for path, c in FILES.items()}
        self.asked = []
        self.ranges = {}
        self.breaks_after = Counter()  # path → how many more answers end in their middle
        self.statuses = {}
        self.knows_ranges = True

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/ludb/1.0.1"

    def handle_error(self, request, client_address):
        """A client that went away is one of the tests."""

    def counts(self):
        return Counter(path for path in self.asked if path != CHECKSUMS_NAME)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        server = self.server
        path = unquote(self.path).removeprefix("/ludb/1.0.1/")
        server.asked.append(path)
        if path == CHECKSUMS_NAME:
            lines = (f"{sha256} {path}\n" for path, sha256 in server.checksums.items())
            content = "".join(line.replace(" ", "  ", 1) for line in lines).encode()
        else:
            content = server.files.get(path)
        status = server.statuses.get(path, 200 if content is not None else 404)
        if status != 200:
            return self.answer(status, b"no")
        asked = self.headers.get("Range")
        if asked:
            server.ranges[path] = asked
        if asked and server.knows_ranges:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                return self.answer(416, b"")
            where = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
            return self.answer(206, content[start:], where, path)
        return self.answer(200, content, {}, path)

    def answer(self, status, content, headers=None, path=""):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.server.breaks_after[path] > 0:
            self.server.breaks_after[path] -= 1
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
        else:
            self.wfile.write(content)


@pytest.fixture
def server():
    serving = Server()
    thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield serving
    serving.shutdown()
    thread.join()
    serving.server_close()


def fetch(server, out, **options):
    return download("ludb", out, mirror=server.url, retry_after_s=0.01, **options)


def files_in(folder):
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and file.name != CHECKSUMS_NAME
    }


def test_every_file_that_has_a_checksum_is_fetched(server, tmp_path):
    seen = []
    report = fetch(server, tmp_path / "ludb", on_progress=lambda *done: seen.append(done))
    assert files_in(tmp_path / "ludb") == FILES
    assert (report.n_fetched, report.n_kept) == (4, 0)
    assert [(done, total) for done, total, _ in seen] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert {path for *_, path in seen} == set(FILES)


def test_a_file_that_is_there_is_not_fetched_again(server, tmp_path):
    fetch(server, tmp_path)
    (tmp_path / "data/1.hea").write_bytes(b"1 12 500 5")  # whole by name, cut short by content
    (tmp_path / "mine.txt").write_bytes(b"of the user")
    server.asked.clear()
    report = fetch(server, tmp_path)
    assert server.counts() == {"data/1.hea": 1}
    assert (report.n_fetched, report.n_kept) == (1, 3)
    assert files_in(tmp_path) == {**FILES, "mine.txt": b"of the user"}


def test_a_partial_file_is_gone_on_with(server, tmp_path):
    (tmp_path / "data").mkdir()
    content = FILES["data/1 b.dat"]
    (tmp_path / "data/1 b.dat.part").write_bytes(content[:1000])
    report = fetch(server, tmp_path)
    assert server.ranges["data/1 b.dat"] == "bytes=1000-"
    assert files_in(tmp_path) == FILES
    sums = sum(map(len, FILES.values())) + (tmp_path / CHECKSUMS_NAME).stat().st_size
    assert report.bytes_fetched == sums - 1000


@pytest.mark.parametrize("beginning", [b"another file", FILES["data/1 b.dat"] + b"more"])
def test_a_partial_file_of_something_else_is_fetched_anew(server, tmp_path, beginning):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/1 b.dat.part").write_bytes(beginning)
    fetch(server, tmp_path)
    assert files_in(tmp_path) == FILES


def test_a_whole_partial_file_only_changes_its_name(server, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/1 b.dat.part").write_bytes(FILES["data/1 b.dat"])
    fetch(server, tmp_path)
    assert server.counts()["data/1 b.dat"] == 1
    assert files_in(tmp_path) == FILES


def test_a_server_without_ranges_sends_the_file_from_its_beginning(server, tmp_path):
    server.knows_ranges = False
    (tmp_path / "data").mkdir()
    (tmp_path / "data/1 b.dat.part").write_bytes(FILES["data/1 b.dat"][:1000])
    fetch(server, tmp_path)
    assert files_in(tmp_path) == FILES


def test_a_connection_that_breaks_twice_is_gone_on_with(server, tmp_path):
    server.breaks_after["data/1 b.dat"] = 2
    fetch(server, tmp_path)
    assert server.counts()["data/1 b.dat"] == 3
    start = int(server.ranges["data/1 b.dat"].removeprefix("bytes=").removesuffix("-"))
    assert start > len(FILES["data/1 b.dat"]) / 2  # half came first, then half of the rest
    assert files_in(tmp_path) == FILES


def test_a_connection_that_keeps_breaking_leaves_a_partial_file_to_go_on_with(server, tmp_path):
    server.breaks_after["data/1 b.dat"] = 99
    with pytest.raises(DatasetError, match=r"ludb, data/1 b.dat: .* found a connection that"):
        fetch(server, tmp_path)
    assert not (tmp_path / "data/1 b.dat").exists()
    assert (tmp_path / "data/1 b.dat.part").stat().st_size > 0
    server.breaks_after.clear()
    fetch(server, tmp_path)
    assert files_in(tmp_path) == FILES


def test_a_file_with_another_checksum_is_refused_and_not_kept(server, tmp_path):
    server.files["data/1.hea"] = b"1 12 500 9999\n"
    with pytest.raises(DatasetError, match=r"ludb, data/1.hea: expected the SHA-256"):
        fetch(server, tmp_path)
    assert not (tmp_path / "data/1.hea").exists()
    assert not (tmp_path / "data/1.hea.part").exists()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (403, "open to everybody, found 127.0.0.1 asks for a login"),
        (401, "open to everybody, found 127.0.0.1 asks for a login"),
        (404, "expected it on 127.0.0.1, found HTTP 404"),
        (500, "expected an answer from 127.0.0.1"),
    ],
)
@pytest.mark.parametrize("path", [CHECKSUMS_NAME, "data/1.hea"])
def test_what_a_server_refuses_is_one_sentence(server, tmp_path, status, said, path):
    server.statuses[path] = status
    with pytest.raises(DatasetError) as caught:
        fetch(server, tmp_path)
    assert said in str(caught.value)


@pytest.mark.parametrize("path", ["../outside", "/outside", "a/../../outside", "..\\outside"])
def test_a_path_out_of_the_folder_is_refused(server, tmp_path, path):
    server.checksums[path] = "0" * 64
    with pytest.raises(DatasetError, match="expected paths within its folder"):
        fetch(server, tmp_path / "ludb")
    assert [file.name for file in tmp_path.iterdir()] == ["ludb"]


@pytest.mark.parametrize("checksums", [{}, {"data/1.hea": "<html>"}])
def test_checksums_that_are_none_are_refused(server, tmp_path, checksums):
    server.checksums = checksums
    with pytest.raises(DatasetError, match="expected a SHA-256 and a path a line"):
        fetch(server, tmp_path)


def test_only_what_fits_a_pattern_is_fetched(server, tmp_path):
    fetch(server, tmp_path, only=["data/*.hea", "RECORDS"])
    assert set(files_in(tmp_path)) == {"data/1.hea", "RECORDS"}
    with pytest.raises(DatasetError, match=r"found none that fits \*.edf"):
        fetch(server, tmp_path, only=["*.edf"])


def test_a_download_that_is_interrupted_is_gone_on_with(server, tmp_path):
    workers = set()

    def interrupt(done, total, path):
        workers.update(t for t in threading.enumerate() if t.name.startswith("download"))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(server, tmp_path, on_progress=interrupt)
    assert workers
    assert not any(worker.is_alive() for worker in workers)
    fetch(server, tmp_path)
    assert files_in(tmp_path) == FILES


def test_no_server_and_no_place_are_one_sentence(server, tmp_path):
    with pytest.raises(DatasetError, match=r"an answer from 127.0.0.1, found no connection"):
        download("ludb", tmp_path, mirror="http://127.0.0.1:9", retry_after_s=0.01)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DatasetError, match="expected a folder to write to"):
        fetch(server, tmp_path / "file")


def test_names_that_are_not_on_physionet_say_where_they_are():
    with pytest.raises(DatasetError, match=r"code-15: .* by hand: exams.csv .*zenodo.4916206"):
        public_cohort("code-15")
    with pytest.raises(DatasetError, match=r"expected one of ptb-xl, .*, found another name"):
        public_cohort("ptbxl")


def test_every_address_is_a_version_on_physionet():
    for name, cohort in PUBLIC_COHORTS.items():
        assert cohort.name == name
        assert cohort.url.startswith("https://physionet.org/files/")
        assert cohort.url.rpartition("/")[2][0].isdigit()


def test_the_command_line_says_licence_and_size_before_it_fetches(
    server, tmp_path, monkeypatch, capsys
):
    arguments = ["download", "ludb", "--out", str(tmp_path / "ludb"), "--mirror", server.url]
    monkeypatch.setattr("sys.argv", ["physioclr", *arguments])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    out = capsys.readouterr()
    assert not stopped.value.code
    assert out.err.startswith("LUDB 1.0.1: ODC-BY 1.0, about 0.03 GB, from http://127.0.0.1")
    assert "4 files fetched, 0 were there" in out.out
    assert files_in(tmp_path / "ludb") == FILES


def test_the_command_line_lists_what_can_be_fetched(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["physioclr", "download"])
    with pytest.raises(SystemExit):
        cli.main()
    listed = capsys.readouterr().out
    assert all(name in listed for name in PUBLIC_COHORTS)
    assert "code-15" in listed
