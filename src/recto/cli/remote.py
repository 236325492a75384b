"""`recto parse --server`: has a running server read the document, with a bar meanwhile, and prints what it answers.

A file on this machine in, Markdown or the answer's JSON out. Talks HTTP only, as every client does: it uploads,
starts a job, follows its events, and fetches the result. It never opens the document.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

import httpx

from recto.cli.progress import display
from recto.errors import ProcessingFailed, Unavailable

CONNECT_S = 10.0
SILENCE_S = 60.0  # the server says something every 15 s, if only that it is there
RECONNECTS = 5  # of a broken stream of events; the job itself goes on without it


@dataclass(frozen=True, slots=True)
class RemoteParse:
    """What the command line asked for."""

    file: Path
    output: Literal["json", "markdown"]
    server: str
    key: str | None
    pages: str
    password: str | None


def run_remote(command: RemoteParse, out: TextIO) -> None:
    """Have the document read and print the result.

    Raises:
        Unavailable: the server is not to be reached. ProcessingFailed: it refused, or the job failed.
    """
    headers = {"authorization": f"Bearer {command.key}"} if command.key else {}
    timeout = httpx.Timeout(SILENCE_S, connect=CONNECT_S)
    base = command.server.rstrip("/")
    try:
        with httpx.Client(base_url=base, headers=headers, timeout=timeout) as http:
            with command.file.open("rb") as file:
                uploaded = _answer(http.post("/upload", files={"file": (command.file.name, file)}))
            settings = {"page_range": spans(command.pages), "document_password": command.password}
            body = {
                "input": uploaded["file_id"],
                "settings": {key: value for key, value in settings.items() if value},
            }
            job_id = _answer(http.post("/parse_async", json=body))["job_id"]
            _follow(http, job_id)
            _print(_answer(http.get(f"/job/{job_id}")), command.output, out)
    except httpx.HTTPError as error:
        raise Unavailable(f"The server {base} cannot be reached: {error}") from error


def spans(text: str) -> list[dict[str, int]]:
    """The page ranges of a text such as "1-3,7", as a request has them; InvalidPageRange for any other."""
    from recto.cli.parsing import page_spans  # noqa: PLC0415 - it loads the readers

    return [{"start": one.start or 1, "end": one.end or 1} for one in page_spans(text)]


def _answer(response: httpx.Response) -> dict[str, Any]:
    if response.is_success:
        return response.json()
    try:
        body = response.json()
        told = body["error"]["message"] if "error" in body else json.dumps(body.get("detail", body))
    except (ValueError, TypeError, KeyError):
        told = response.text[:200]
    raise ProcessingFailed(f"The server answered {response.status_code}: {told}")


def _follow(http: httpx.Client, job_id: str) -> None:
    with display() as shown:
        for attempt in range(RECONNECTS):
            try:
                for name, values in events(http, job_id):
                    if name == "error":
                        raise ProcessingFailed(values["error"]["message"])
                    shown.show(values)
                    if name == "end":
                        return
            except httpx.TransportError:
                if attempt == RECONNECTS - 1:
                    raise


def events(http: httpx.Client, job_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of a job as (name, values), until the server ends them."""
    with http.stream("GET", f"/recto/v1/jobs/{job_id}/events") as response:
        if not response.is_success:
            response.read()
            _answer(response)
        name = ""
        for line in response.iter_lines():
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                yield name, json.loads(value)


def _print(job: dict[str, Any], output: str, out: TextIO) -> None:
    if job["status"] != "Completed":
        raise ProcessingFailed(job["reason"] or f"The job ended as {job['status']}.")
    result = job["result"]["result"]
    if result["type"] == "url":
        result = _fetched(result["url"])
    if output == "json":
        out.write(json.dumps(result, ensure_ascii=False) + "\n")
        return
    out.write("\n\n".join(chunk["content"] for chunk in result["chunks"]) + "\n")


def _fetched(url: str) -> dict[str, Any]:
    """A large result: its URL is signed, and no place to send the key to."""
    response = httpx.get(url, timeout=SILENCE_S)
    if not response.is_success:
        raise ProcessingFailed(
            f"The result could not be fetched: the server answered {response.status_code}."
        )
    return response.json()
