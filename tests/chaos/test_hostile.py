"""A page that swells until its reader has no memory left costs that page, and the next document is read."""

from pathlib import Path

import httpx
import pytest

from conftest import running_server
from documents.hostile import content_bomb_pdf
from documents.pdfs import REPORT_TITLE, report_pdf

MEMORY_MB = 512
STATES = 4_000_000  # some 600 bytes each
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("hostile")
    settings = {"child_memory_mb": str(MEMORY_MB), "readers": "1", "ocr_readers": "0"}
    with (
        running_server(folder, **settings) as server,
        httpx.Client(base_url=server.url, headers=server.headers, timeout=PATIENCE_S) as client,
    ):
        yield client


def parsed(client: httpx.Client, content: bytes) -> httpx.Response:
    upload = client.post("/upload", files={"file": ("hostile.pdf", content)}).raise_for_status()
    return client.post("/parse", json={"input": upload.json()["file_id"]})


def test_a_bomb_ends_in_a_clear_error_and_the_next_document_is_read(client):
    answer = parsed(client, content_bomb_pdf(STATES))
    error = answer.json()["error"]
    assert answer.status_code == 500
    assert f"{MEMORY_MB} MB of memory" in error["message"]
    assert "SIGABRT" not in error["message"]
    after = parsed(client, report_pdf()).raise_for_status().json()
    assert REPORT_TITLE in after["result"]["chunks"][0]["content"]
