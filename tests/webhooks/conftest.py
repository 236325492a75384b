"""Fixtures of the webhook tests: the world outside, and webhooks on empty tables."""

from collections.abc import Iterator

import pytest

from documents.serving import World, world
from job_yard import job_database, yard
from webhooks.hooks_yard import Hooks

__all__ = ["job_database", "yard"]


@pytest.fixture(scope="module")
def outside() -> Iterator[World]:
    with world() as made:
        yield made


@pytest.fixture
def hooks(yard) -> Hooks:
    return Hooks(yard)
