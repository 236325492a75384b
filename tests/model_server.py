"""A model endpoint of our own: speaks the chat completions protocol over HTTP, reads prompts, answers as told.

`GoodReader` plays a model that understands: it reads the numbered lines and the form out of the prompt, and finds
each value behind its label. Tests wrap or replace it to play models and endpoints that misbehave.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LINE = re.compile(r"^\[(\d+)\] (.*)$", re.MULTILINE)
FORM = "Form of the answer (each value with the numbers of its lines):\n"


@dataclass
class Reply:
    """What the endpoint sends: a status with a body, after a pause."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pause_s: float = 0.0
    raw: bytes | None = None


def said(content: Any, *, finish: str = "stop", usage: bool = True, refusal: str | None = None) -> Reply:
    """An answer of the model; what is no text is given as JSON."""
    text = content if isinstance(content, str) else json.dumps(content)
    message = {"role": "assistant", "content": text} | ({"refusal": refusal} if refusal else {})
    body = {"choices": [{"index": 0, "finish_reason": finish, "message": message}]}
    if usage:
        body["usage"] = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    return Reply(body)


def refused(status: int, message: str, **headers: str) -> Reply:
    """An error of the endpoint."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply({"error": {"message": message, "code": status}}, status, names)


Behaviour = Callable[[dict[str, Any], int], Reply]
"""A request's body and its number, from 0, in; what is sent out."""


class ModelServer:
    """A running endpoint. `asked` are the bodies of all requests, `keys` what they carried as authorisation."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.keys.append(self.headers.get("authorization"))
                self.send(Reply({"data": [{"id": "small"}, {"id": "large"}]}))

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with server.lock:
                    number = len(server.asked)
                    server.asked.append(body)
                    server.keys.append(self.headers.get("authorization"))
                server.came.set()
                self.send(server.behaviour(body, number))

            def send(self, reply: Reply) -> None:
                time.sleep(reply.pause_s)
                content = reply.raw if reply.raw is not None else json.dumps(reply.body).encode()
                try:
                    self.send_response(reply.status)
                    for name, value in reply.headers.items():
                        self.send_header(name, value)
                    self.send_header("content-type", "application/json")
                    self.send_header("content-length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # the client has had enough

            def log_message(self, *args: Any) -> None:
                pass

        self.came = threading.Event()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"

    def wait_for_a_request(self) -> None:
        """Return once anything was asked; raises TimeoutError when nothing is."""
        if not self.came.wait(10):
            raise TimeoutError("nobody asked the model")


@contextmanager
def model_server(behaviour: Behaviour) -> Iterator[ModelServer]:
    """An endpoint for as long as the block lasts."""
    server = ModelServer(behaviour)
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        server.http.server_close()


def prompt_of(body: dict[str, Any]) -> str:
    """The text of the first user message."""
    content = next(one["content"] for one in body["messages"] if one["role"] == "user")
    return content if isinstance(content, str) else content[0]["text"]


def lines_of(body: dict[str, Any]) -> dict[int, str]:
    """The numbered lines that were shown."""
    return {int(number): text for number, text in LINE.findall(prompt_of(body))}


def form_of(body: dict[str, Any]) -> Any:
    """The form of the answer that was asked for."""
    return json.JSONDecoder().raw_decode(prompt_of(body).split(FORM, 1)[1])[0]


class GoodReader:
    """Answers truly: `label: value` lines for single values, rows of `columns` for lists.

    Rows are lines of as many parts (between borders) as the list's entries have fields, told by `row`.
    """

    def __init__(self, row: str = r"^(\w[\w-]*) \| (\d+) \| ([\d.,]+)$") -> None:
        self.row = re.compile(row)

    def __call__(self, body: dict[str, Any], number: int) -> Reply:
        return said(self.answer(body))

    def answer(self, body: dict[str, Any]) -> Any:
        lines = lines_of(body)
        return {name: self.value(name, form, lines) for name, form in form_of(body).items()}

    def value(self, name: str, form: Any, lines: dict[int, str]) -> Any:
        if isinstance(form, list):
            return self.entries(form[0], lines)
        if "value" not in form:
            return {inner: self.value(inner, one, lines) for inner, one in form.items()}
        for number, text in lines.items():
            label, _, value = text.partition(":")
            if label.strip().lower().replace(" ", "_") == name:
                value = value.strip(" |")
                kind = form["value"].split(" ")[0]
                return {
                    "value": float(value.replace(",", "")) if kind == "number" else value,
                    "lines": [number],
                }
        return {"value": None, "lines": []}

    def entries(self, form: dict[str, Any], lines: dict[int, str]) -> list[dict[str, Any]]:
        names = [name for name in form if not name.startswith("_")]
        found = []
        for number, text in lines.items():
            row = self.row.match(text)
            if row:
                values = dict(zip(names, row.groups(), strict=True))
                found.append({"_lines": [number], **values})
        return found
