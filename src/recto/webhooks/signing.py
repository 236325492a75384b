"""A message and its secrets in, the headers that prove who sent it out. Pure.

HMAC-SHA256 over `id.timestamp.body`, base64, behind `v1,`; the key is the base64 after `whsec_`. Several secrets
give several signatures in one header, so that a receiver may hold the old or the new one while they overlap.
Sources: the Standard Webhooks specification, and the names that Svix gives the same headers.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from uuid import UUID

from recto.errors import InvalidConfig

MARK = "whsec_"
ID_MARK = "msg_"
VERSION = "v1"
NEW_KEY_BYTES = 32
KEY_BYTES = (24, 64)  # least and most, of the specification


def new_secret() -> str:
    """A fresh random secret."""
    return MARK + base64.b64encode(secrets.token_bytes(NEW_KEY_BYTES)).decode()


def checked_secret(text: str) -> str:
    """A secret that a person brings along; InvalidConfig when it could not sign."""
    try:
        key = base64.b64decode(text.removeprefix(MARK), validate=True) if text.startswith(MARK) else b""
    except binascii.Error:
        key = b""
    least, most = KEY_BYTES
    if not least <= len(key) <= most:
        raise InvalidConfig(
            f"The secret is not valid: it is {MARK} and the base64 of {least} to {most} random bytes. Leave it"
            " out to get a fresh one."
        )
    return text


def message_id(message: UUID) -> str:
    """A message's id as receivers see it: the same for every attempt, so that they know it again.

    >>> message_id(UUID(int=10))
    'msg_0000000000000000000000000000000a'
    """
    return ID_MARK + message.hex


def signature(secret: str, identifier: str, timestamp_s: int, body: bytes) -> str:
    """The signature of one secret."""
    key = base64.b64decode(secret.removeprefix(MARK))
    signed = hmac.new(key, f"{identifier}.{timestamp_s}.".encode() + body, hashlib.sha256)
    return f"{VERSION},{base64.b64encode(signed.digest()).decode()}"


def signed_headers(secrets: Sequence[str], identifier: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """The three headers under both their names; none without a secret."""
    if not secrets:
        return {}
    signatures = " ".join(signature(secret, identifier, timestamp_s, body) for secret in secrets)
    values = {"id": identifier, "timestamp": str(timestamp_s), "signature": signatures}
    return {f"{family}-{name}": value for family in ("svix", "webhook") for name, value in values.items()}
