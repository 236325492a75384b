"""A small HTTP server on 127.0.0.1 that plays the world outside: document hosts and webhook receivers.

Every path answers what the test told it to, once for each answer and then the last one again; what was asked is
kept in `seen`. A path nobody set answers 404.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic, sleep
from urllib.parse import urlsplit

SILENCE_S = 60.0  # how long a hanging path stays silent at most


@dataclass(frozen=True)
class Answer:
    """What a path answers; `hangs` means that it never does."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    go: threading.Event | None = None  # it is given only once this is set


@dataclass(frozen=True)
class Seen:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    at: float


class World:
    """The server's answers, and what it was asked."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.seen: list[Seen] = []
        self.closing = threading.Event()
        self._answers: dict[str, list[Answer]] = {}
        self._lock = threading.Lock()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def put(self, path: str, *answers: Answer) -> str:
        """Set a path's answers; returns its URL."""
        with self._lock:
            self._answers[path] = list(answers)
        return self.url(path)

    def document(self, path: str, body: bytes, mime: str = "application/pdf") -> str:
        """Serve a document at a path; returns its URL."""
        return self.put(path, Answer(body, headers={"content-type": mime}))

    def hold(self, path: str, body: bytes) -> threading.Event:
        """Serve a document at a path once the returned event is set."""
        go = threading.Event()
        self.put(path, Answer(body, headers={"content-type": "application/pdf"}, go=go))
        return go

    def take(self, seen: Seen) -> Answer:
        with self._lock:
            self.seen.append(seen)
            answers = self._answers.get(seen.path) or [Answer(status=404)]
            return answers.pop(0) if len(answers) > 1 else answers[0]

    def requests(self, path: str) -> list[Seen]:
        with self._lock:
            return [one for one in self.seen if one.path == path]

    def wait_for(self, path: str, count: int, seconds: float = 15.0) -> list[Seen]:
        """The requests to a path once there are so many; fails when they do not come."""
        until = monotonic() + seconds
        while len(found := self.requests(path)) < count:
            assert monotonic() < until, f"{len(found)} of {count} requests to {path} came in {seconds} s"
            sleep(0.02)
        return found


class _Handler(BaseHTTPRequestHandler):
    world: World
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        split = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.world.take(Seen(self.command, split.path, split.query, headers, body, monotonic()))
        self.close_connection = True
        if answer.hangs:
            self.world.closing.wait(SILENCE_S)
            return
        if answer.go is not None:
            answer.go.wait(SILENCE_S)
        self.send_response(answer.status)
        for name, value in {"content-length": str(len(answer.body)), "connection": "close"}.items():
            self.send_header(name, value)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = _serve  # noqa: N815 - the names http.server looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server gives it
        """Stay silent."""


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # connections at once; the default of 5 makes clients wait a second

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is nothing to tell."""


@contextmanager
def world() -> Iterator[World]:
    """A running server; everything that still hangs ends with it."""
    http = _Quiet(("127.0.0.1", 0), _Handler)
    made = World(http.server_address[1])
    http.RequestHandlerClass = type("_Bound", (_Handler,), {"world": made})
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.closing.set()
        http.shutdown()
        http.server_close()
        thread.join()
