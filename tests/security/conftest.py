"""A server with nothing allowed that is not allowed by default, which logs all it can; an outsider's key for it."""

import httpx
import pytest

from api.calls import second_key
from conftest import running_server


@pytest.fixture(scope="session")
def guarded(tmp_path_factory):
    with running_server(
        tmp_path_factory.mktemp("guarded"),
        allowed_hosts="",
        log_level="DEBUG",
        ocr_readers="0",
        readers="1",
        wrong_keys="1000",
    ) as running:
        yield running


@pytest.fixture(scope="session")
def http(guarded):
    with httpx.Client(base_url=guarded.url, headers=guarded.headers, timeout=60) as made:
        yield made


@pytest.fixture(scope="session")
def outsider(guarded):
    headers = {"authorization": f"Bearer {second_key(guarded)}"}
    with httpx.Client(base_url=guarded.url, headers=headers, timeout=60) as made:
        yield made
