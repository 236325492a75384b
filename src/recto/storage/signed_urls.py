"""Signed text: an object's key goes in, a token for a link comes out; and lists for paging cursors likewise.

Used for links where the storage has none of its own (see `objects.signed_get`). Pure: no storage, no
requests, the clock is the only thing read. A token is signed, not secret: whoever holds it can read the key
and the file name in it, but cannot change them. It is bound to one object, one method and the moment it was
made.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer

from recto.errors import InvalidConfig, NotFound

Method = Literal["GET", "PUT"]

MIN_SECRET_BYTES = 16
"""128 bits: a shorter secret could be guessed from one token."""

CLOCK_SKEW_S = 60
"""How far in the future a token may have been made: another replica's clock may be a little ahead."""

# Tokens of one purpose must not open as another's, so each has a salt. Changing it ends all its tokens.
_LINK_SALT = "recto.link.1"
_CURSOR_SALT = "recto.cursor.1"
_PORTAL_SALT = "recto.portal.1"

_SIGNER = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


@dataclass(frozen=True, slots=True)
class SignedObject:
    """What a token stands for: the object's key, and the name under which a browser should save it."""

    key: str
    filename: str | None = None


def _checked(secret: bytes) -> bytes:
    if len(secret) < MIN_SECRET_BYTES:
        raise ValueError(f"The signing secret has {len(secret)} bytes; it needs at least {MIN_SECRET_BYTES}.")
    return secret


class UrlSigner:
    """Makes and opens the tokens of links; every replica needs the same secret of at least 16 bytes."""

    def __init__(self, secret: bytes) -> None:
        """Take the secret; raises ValueError when it is too short."""
        self._serializer = URLSafeTimedSerializer(_checked(secret), salt=_LINK_SALT, signer_kwargs=_SIGNER)

    def token(self, key: str, method: Method, filename: str | None = None) -> str:
        """A token, safe within a URL path, that lets its holder GET or PUT the object at `key`."""
        return self._serializer.dumps([method, key, filename])

    def open(self, token: str, method: Method, max_age_s: float) -> SignedObject:
        """What the token stands for; raises NotFound for one that is too old, forged or of another method."""
        not_valid = "This link is not valid: it was cut off or changed. Ask for a new one."
        try:
            loaded, made = self._serializer.loads(token, return_timestamp=True)
        except BadData as error:
            raise NotFound(not_valid) from error
        made_for, key, filename = cast("tuple[str, str, str | None]", loaded)
        age_s = time.time() - made.timestamp()
        if made_for != method or age_s < -CLOCK_SKEW_S:
            raise NotFound(not_valid)
        if age_s > max_age_s:
            raise NotFound(
                "This link has expired: ask for the job, or for an upload, again to get a new one."
            )
        return SignedObject(key, filename)


class PortalSigner:
    """Makes and opens the tokens of links to an organisation's webhook portal: who holds one is let in."""

    def __init__(self, secret: bytes) -> None:
        """Take the secret; raises ValueError when it is too short."""
        self._serializer = URLSafeTimedSerializer(_checked(secret), salt=_PORTAL_SALT, signer_kwargs=_SIGNER)

    def token(self, organisation_id: UUID) -> str:
        """A token, safe within a URL path."""
        return self._serializer.dumps(str(organisation_id))

    def open(self, token: str, max_age_s: float) -> UUID:
        """Whose portal it opens; raises NotFound for one that is too old or forged."""
        try:
            loaded, made = self._serializer.loads(token, return_timestamp=True)
        except BadData as error:
            raise NotFound("This link is not valid: it was cut off or changed. Ask for a new one.") from error
        age_s = time.time() - made.timestamp()
        if not -CLOCK_SKEW_S <= age_s <= max_age_s:
            raise NotFound("This link has expired: call /configure_webhook again to get a new one.")
        return UUID(cast("str", loaded))


class CursorSigner:
    """Makes and opens paging cursors, so that a client cannot forge the place where a list goes on."""

    def __init__(self, secret: bytes) -> None:
        """Take the secret; raises ValueError when it is too short."""
        self._serializer = URLSafeSerializer(_checked(secret), salt=_CURSOR_SALT, signer_kwargs=_SIGNER)

    def sign_cursor(self, values: Sequence[Any]) -> str:
        """The values (anything JSON holds) as text that is safe within a query; it does not expire."""
        return self._serializer.dumps(list(values))

    def open_cursor(self, text: str) -> list[Any]:
        """The values of a cursor; raises InvalidConfig when this server did not make it."""
        try:
            return cast("list[Any]", self._serializer.loads(text))
        except BadData as error:
            raise InvalidConfig(
                f"The cursor {text[:60]!r} is not valid: pass next_cursor as the last page gave it, or none."
            ) from error
