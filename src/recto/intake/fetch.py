"""A URL in, a file on this machine out.

Every request goes through `guard`, redirects too, one by one. Sends no cookies, no credentials and no
referrer, uses no proxy of the environment, asks for the plain bytes, and counts what arrives, so that neither
an endless body nor a small one that unpacks to a huge one fills the disk. Never looks at what the bytes mean;
`filetype` does.

A redirect from https to http is refused: it would let anybody on the way read the document or replace it.
Whoever wants that may ask for the http address itself.
"""

import asyncio
import os
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import httpx

from recto.errors import DocumentTooLarge, DownloadFailed, DownloadInterrupted, Unavailable, UrlNotAllowed
from recto.intake.guard import AddressGuard, GuardedTransport, without_secrets

IDLE_TIMEOUT_S = 60.0
"""Seconds a server may stay silent, before and within its answer. Slow archives take up to half of it."""

WRITE_BYTES = 256 * 1024
"""Bytes unpacked and written to disk at a time: enough to be cheap, few enough to stop a bomb early."""

MAX_NAME_CHARACTERS = 200
"""A file name longer than this is cut, its extension kept; file systems allow 255 bytes."""

PAUSE_S = 2.0
"""Seconds between a failure of the moment and its report, after which the work is tried again (a choice)."""

_MOMENTARY_STATUS = frozenset({408, 425, 429})
"""Refusals that mean "later", beside every 5xx (RFC 9110 15.5.9, RFC 8470, RFC 6585)."""

_HEADERS = {"accept": "*/*", "accept-encoding": "identity", "user-agent": "Recto"}

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_RAW_DEFLATE = -zlib.MAX_WBITS
_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What the server said about the file, and the size in bytes of what was written.

    `name` is a bare file name, safe to show but chosen by the other side; `content_type` is without
    parameters, in lower case.
    """

    name: str | None
    content_type: str | None
    size_bytes: int


class Fetcher:
    """Downloads documents within limits."""

    def __init__(
        self,
        guard: AddressGuard,
        *,
        max_bytes: int,
        connect_timeout_s: float = 10,
        total_timeout_s: float = 300,
        max_redirects: int = 5,
        pause_s: float = PAUSE_S,
    ) -> None:
        """Take the guard and the limits: unpacked bytes, seconds to connect, seconds for all, redirects.

        `pause_s` is how long a failure of the moment is held back.
        """
        self._pause_s = pause_s
        self._guard = guard
        self._max_bytes = max_bytes
        self._total_timeout_s = total_timeout_s
        self._max_redirects = max_redirects
        idle_s = min(IDLE_TIMEOUT_S, total_timeout_s)
        self._timeouts = httpx.Timeout(idle_s, connect=connect_timeout_s).as_dict()

    async def download(
        self, url: str, to: Path, progress: Callable[[int, int | None], None] | None = None
    ) -> Downloaded:
        """Download into the file `to`, which only this user can read; on any failure it is removed.

        `progress` is told the bytes written and, when known, all. Raises UrlNotAllowed for an address or
        a redirect that is refused, DocumentTooLarge above the limit, Unavailable when this machine's disk
        fails, DownloadInterrupted, after a pause, when another try may succeed (no connection, no answer in
        time, broken off, 429 or 5xx), DownloadFailed for everything else.
        """
        try:
            return await self._download(url, to, progress)
        except DownloadInterrupted:
            await asyncio.sleep(self._pause_s)
            raise

    async def _download(
        self, url: str, to: Path, progress: Callable[[int, int | None], None] | None
    ) -> Downloaded:
        shown = without_secrets(url)
        try:
            async with asyncio.timeout(self._total_timeout_s), GuardedTransport(self._guard) as transport:
                return await self._follow(transport, url, to, progress)
        except TimeoutError as error:
            raise DownloadFailed(
                f"The download of {shown} took longer than {self._total_timeout_s:g} s and was given up."
            ) from error
        except httpx.TimeoutException as error:
            raise DownloadInterrupted(
                f"The server of {shown} did not answer in time ({_what(error)}); try again later."
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            kind = DownloadInterrupted if _is_momentary(error) else DownloadFailed
            raise kind(f"The download of {shown} broke off: {_what(error)}.") from error
        except OSError as error:
            raise Unavailable(
                f"This server could not keep the download of {shown}: {error.strerror}."
            ) from error

    async def _follow(
        self,
        transport: GuardedTransport,
        url: str,
        to: Path,
        progress: Callable[[int, int | None], None] | None,
    ) -> Downloaded:
        hops = [httpx.URL(url)]
        while True:
            async with self._asked(transport, hops[-1]) as response:
                if response.status_code not in _REDIRECTS:
                    return await self._save(response, hops, to, progress)
                hops.append(_next_hop(hops[-1], response))
            if len(hops) - 1 > self._max_redirects:
                raise DownloadFailed(
                    f"{without_secrets(url)} redirects more than {self._max_redirects} times; pass the last"
                    " address."
                )

    @asynccontextmanager
    async def _asked(self, transport: GuardedTransport, url: httpx.URL) -> AsyncGenerator[httpx.Response]:
        request = httpx.Request("GET", url, headers=_HEADERS, extensions={"timeout": self._timeouts})
        response = await transport.handle_async_request(request)
        try:
            yield response
        finally:
            await response.aclose()

    async def _save(
        self,
        response: httpx.Response,
        hops: list[httpx.URL],
        to: Path,
        progress: Callable[[int, int | None], None] | None,
    ) -> Downloaded:
        shown = without_secrets(str(hops[-1]))
        if not response.is_success:
            later = response.is_server_error or response.status_code in _MOMENTARY_STATUS
            kind = DownloadInterrupted if later else DownloadFailed
            raise kind(_refused_with(response.status_code, shown))
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        announced = _announced(response) if encoding == "identity" else None
        if announced is not None:
            self._check(announced)
        size_bytes = 0
        with _private_file(to) as file:
            async for piece in _plain_pieces(response, encoding, shown):
                size_bytes += len(piece)
                self._check(size_bytes)
                await asyncio.to_thread(file.write, piece)
                if progress:
                    progress(size_bytes, announced)
        return Downloaded(_file_name(response, hops), _content_type(response), size_bytes)

    def _check(self, size_bytes: int) -> None:
        if size_bytes > self._max_bytes:
            raise DocumentTooLarge(
                f"The document at the URL is larger than the {self._max_bytes:,} bytes this server accepts."
            )


@contextmanager
def _private_file(path: Path) -> Generator[BinaryIO]:
    """A new file in place of an old one, that only this user can read; removed when writing it fails."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "wb") as file:
        try:
            yield file
            file.flush()
        except BaseException:
            path.unlink(missing_ok=True)
            raise


async def _plain_pieces(response: httpx.Response, encoding: str, shown: str) -> AsyncIterator[bytes]:
    """The body without its transfer compression, in pieces of at most about WRITE_BYTES."""
    if encoding == "identity":
        async for piece in response.aiter_raw(WRITE_BYTES):
            yield piece
        return
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise DownloadFailed(
            f"{shown} was sent in the encoding {encoding[:40]!r}, though plain bytes were asked for."
        )
    unpacking = _Unpacking()
    try:
        async for packed in response.aiter_raw():
            for piece in unpacking.pieces(packed):
                yield piece
    except zlib.error as error:
        raise DownloadFailed(f"{shown} was sent compressed ({encoding}) and is damaged.") from error
    if not unpacking.complete:
        raise DownloadFailed(f"{shown} was sent compressed ({encoding}) and ended early.")


class _Unpacking:
    """Unpacks gzip (of one or more members), zlib and raw deflate; never makes more than WRITE_BYTES at once.

    httpx unpacks a whole packet at once, which a thousandfold compression turns into tens of megabytes.
    """

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._untouched = True
        self._ended = False

    @property
    def complete(self) -> bool:
        """Whether the packed data came to its proper end; an empty body has one too."""
        return self._stream.eof or self._untouched

    def pieces(self, packed: bytes) -> Iterator[bytes]:
        """What one packet holds; raises zlib.error for damaged data."""
        rest, piece = packed, b""
        while not self._ended and (rest or len(piece) == WRITE_BYTES):
            if self._stream.eof and not self._next_member(rest):
                return
            piece = self._unpack(rest)
            rest = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
            if piece:
                yield piece

    def _next_member(self, rest: bytes) -> bool:
        """Whether another gzip member follows; anything else after the end is padding and ignored."""
        self._ended = not rest or not _GZIP_MAGIC.startswith(rest[:2])
        if not self._ended:
            self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)
        return not self._ended

    def _unpack(self, packed: bytes) -> bytes:
        try:
            return self._stream.decompress(packed, WRITE_BYTES)
        except zlib.error:
            if not self._untouched:
                raise
            # "deflate" means zlib, but many servers send it bare (RFC 9110, 8.4.1.2).
            self._stream = zlib.decompressobj(_RAW_DEFLATE)
            return self._stream.decompress(packed, WRITE_BYTES)
        finally:
            self._untouched = False


def _is_momentary(error: Exception) -> bool:
    """Whether a connection that failed or broke may hold another time; a wrong certificate will not."""
    if isinstance(error, httpx.ConnectError):
        return "CERTIFICATE_VERIFY_FAILED" not in str(error)
    return isinstance(error, (httpx.NetworkError, httpx.RemoteProtocolError))


def _next_hop(url: httpx.URL, response: httpx.Response) -> httpx.URL:
    """Where a redirect leads; the guard looks at it when it is asked for."""
    shown = without_secrets(str(url))
    location = response.headers.get("location", "")
    if not location:
        raise DownloadFailed(f"{shown} answered {response.status_code} without saying where to go.")
    try:
        target = url.join(location)
    except httpx.InvalidURL as error:
        raise DownloadFailed(f"{shown} redirects to an address that is not valid: {error}.") from error
    if url.scheme == "https" and target.scheme == "http":
        raise UrlNotAllowed(
            f"{shown} redirects to {without_secrets(str(target))}, which gives up encryption. If that is"
            " meant, pass the http address itself."
        )
    return target


def _refused_with(status: int, shown: str) -> str:
    try:
        phrase = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        phrase = str(status)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return f"{shown} answered {phrase}: it needs a login, or the signed URL has expired."
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return f"{shown} answered {phrase}: there is no such document."
    return f"{shown} answered {phrase} instead of a document."


def _announced(response: httpx.Response) -> int | None:
    """The size the server announces, where it does."""
    text = response.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _content_type(response: httpx.Response) -> str | None:
    return response.headers.get("content-type", "").split(";", 1)[0].strip().lower() or None


def _file_name(response: httpx.Response, hops: list[httpx.URL]) -> str | None:
    """The name from Content-Disposition (RFC 6266), else from the path of the last or first URL.

    The last URL goes first, unless only the first has an extension: storage links often end in a bare id.
    """
    stated = _disposition_name(response.headers.get("content-disposition", ""))
    names = [name for name in (stated, _safe_name(hops[-1].path), _safe_name(hops[0].path)) if name]
    with_extension = (name for name in names if PurePosixPath(name).suffix)
    return stated or next(with_extension, names[0] if names else None)


def _disposition_name(header: str) -> str | None:
    """The filename of a Content-Disposition header; the extended form (filename*=UTF-8''...) wins."""
    message = Message()
    message["content-disposition"] = header.replace("\r", " ").replace("\n", " ")
    plain: str | None = None
    for parameter, value in message.get_params([], header="content-disposition"):
        if parameter.lower() != "filename":
            continue
        if isinstance(value, tuple):
            charset, _, text = value
            return _safe_name(_decoded(text, charset))
        plain = plain or value
    return _safe_name(plain or "")


def _decoded(text: str, charset: str | None) -> str:
    """The text of an extended parameter: the standard library leaves its bytes as Latin-1 characters."""
    try:
        return text.encode("latin-1").decode(charset or "utf-8", errors="replace")
    except (LookupError, UnicodeEncodeError):
        return text


def _safe_name(text: str) -> str | None:
    """The last part of a path, printable and short; None when nothing is left."""
    name = text.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(character for character in name if character.isprintable()).strip(" .")
    if len(name) > MAX_NAME_CHARACTERS:
        suffix = PurePosixPath(name).suffix[:MAX_NAME_CHARACTERS]
        name = name[: MAX_NAME_CHARACTERS - len(suffix)] + suffix
    return name or None


def _what(error: Exception) -> str:
    """A foreign error in words: its text where it has one, else its kind."""
    kinds: dict[type[Exception], str] = {
        httpx.ConnectTimeout: "no connection",
        httpx.ReadTimeout: "no data",
        httpx.PoolTimeout: "no free connection",
    }
    return kinds.get(type(error)) or str(error) or type(error).__name__
