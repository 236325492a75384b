"""Tells whether a pooler stands before the database that lends its connections for one transaction only.

Through such a one nothing of a session lasts: no LISTEN, no prepared statement, no SET. Recto then polls, and
prepares and sets nothing.
"""

from uuid import uuid4

import psycopg

from recto.storage.database import plain_url
from recto.storage.notices import ECHO, ECHO_S

PROBE_CHANNEL = "recto_probe"


def lends_connections(url: str) -> bool:
    """Whether a notice to oneself does not come back; False where there is nothing to be reached.

    Takes milliseconds where it does come, and `ECHO_S` seconds where it does not.
    """
    token = f"{ECHO}{uuid4().hex}"
    try:
        with (
            psycopg.connect(plain_url(url), autocommit=True, prepare_threshold=None) as hearing,
            psycopg.connect(plain_url(url), autocommit=True, prepare_threshold=None) as telling,
        ):
            hearing.execute(f"LISTEN {PROBE_CHANNEL}")
            telling.execute("SELECT pg_notify(%s, %s)", (PROBE_CHANNEL, token))
            return all(notice.payload != token for notice in _until(hearing, token))
    except psycopg.Error:
        return False


def _until(hearing: psycopg.Connection, token: str) -> list[psycopg.Notify]:
    """What is heard until the token comes, or the time is over."""
    heard: list[psycopg.Notify] = []
    for notice in hearing.notifies(timeout=ECHO_S):
        heard.append(notice)
        if notice.payload == token:
            break
    return heard
