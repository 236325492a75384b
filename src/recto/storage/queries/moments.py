"""Moments by the database's own clock, the only one that all hosts share: seconds in, SQL expressions out."""

from typing import Any

import sqlalchemy as sa


def later(seconds: Any) -> Any:
    """So many seconds (a number or a column) from now."""
    return sa.func.clock_timestamp() + _interval(seconds)


def ago(seconds: Any) -> Any:
    """So many seconds before now."""
    return sa.func.clock_timestamp() - _interval(seconds)


def _interval(seconds: Any) -> Any:
    return sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds)
