"""Encrypts what must not lie in the database as it is, such as document passwords (Fernet: AES-128-CBC, HMAC)."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken

from recto.errors import Internal


class Secrets:
    """Seals and opens short texts with a key derived from the server's secret."""

    def __init__(self, secret: bytes) -> None:
        """Derive the key; the secret has full entropy, so one hash with a purpose is enough."""
        derived = hashlib.sha256(b"recto sealed texts\x00" + secret).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def seal(self, text: str) -> bytes:
        """The text encrypted and authenticated."""
        return self._fernet.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """The text back; Internal when the server's secret has changed since."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise Internal("A stored secret cannot be opened: RECTO_SECRET_KEY has changed.") from error
