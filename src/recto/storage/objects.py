"""Bytes by key: uploads, results and page pictures go in, streams, files and presigned links come out.

The only module that knows where objects lie: a folder, S3, Google Cloud Storage, Azure, or memory. Rows in
the database hold the keys. This module never reads a document, never checks who may see an object, and never
keeps a whole large object in memory. Credentials come from the environment under the names each cloud gives
(AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_ACCOUNT_NAME, ...).

Do not use an `Objects` in a process forked from one that used it: its threads do not survive the fork.
"""

import asyncio
import os
import re
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, LocalStore, MemoryStore, ObjectStore, S3Store, from_url

from recto.errors import DocumentTooLarge, InvalidConfig, NotFound, Unavailable, of_ours

PART_BYTES = 8 * 1024 * 1024
"""One part of a multipart upload, one piece of a download. S3 wants at least 5 MiB and at most 10,000."""

PARTS_AT_ONCE = 4
"""Parts on their way at the same time; with PART_BYTES this bounds one upload to about 40 MiB of memory."""

LIST_BATCH = 1000
"""Keys asked for, and deleted, in one request: the largest batch S3 allows."""

MAX_RETRIES = 4
RETRY_TIMEOUT = timedelta(seconds=20)
"""How long a cloud that fails is asked again before the call ends with Unavailable; callers are waiting."""

MAX_KEY_BYTES = 900
"""S3 and GCS allow 1,024 bytes, including the prefix of the storage URL."""

MAX_KEY_PART_BYTES = 200
"""File systems allow 255 bytes a name; the rest is for the suffix of a file being written."""

FOLDER_ATTEMPTS = 20
"""Tries to make a folder that other writers, deleting what is in it, keep removing because it is empty."""

OWNER_ONLY_FILE = 0o600
OWNER_ONLY_FOLDER = 0o700

_KEY_PART = re.compile(r"[A-Za-z0-9._=+@~-]+")

_UNFINISHED = re.compile(r".+#\d+")
"""How the folder store names a file until all of it is there; no key has this sign."""

_CLOUD_SCHEMES = {
    "s3": "S3",
    "s3a": "S3",
    "gs": "Google Cloud Storage",
    "az": "Azure",
    "azure": "Azure",
    "abfs": "Azure",
    "abfss": "Azure",
}

_KNOWN_FORMS = "file:///folder, s3://bucket/prefix, gs://bucket/prefix, az://container/prefix or memory://"


def valid_key(key: str) -> str:
    """The key itself, when it names an object safely in every storage; else raises InvalidConfig.

    A key is one or more parts joined by "/"; a part is made of ASCII letters, digits and `. _ = + @ ~ -`,
    and is not "." or "..". No key may be the folder of another, as "a" is of "a/b".
    """
    parts = key.split("/")
    unsafe = any(
        not _KEY_PART.fullmatch(part) or part in {".", ".."} or len(part) > MAX_KEY_PART_BYTES
        for part in parts
    )
    if unsafe or len(key) > MAX_KEY_BYTES:
        raise InvalidConfig(
            f"{key[:100]!r} is not a storage key: use parts of letters, digits and . _ = + @ ~ - joined by"
            " '/', none of them empty, '.' or '..'."
        )
    return key


class Objects:
    """Objects of one storage place; made by `open_objects`.

    Every method raises NotFound for a missing object, Unavailable when the storage fails or refuses, and
    InvalidConfig for a key that `valid_key` refuses. A put is atomic: readers see the old object or the new.
    """

    def __init__(self, store: ObjectStore, name: str, root: Path | None = None) -> None:
        """Take the store, its name for messages, and for file storage the folder it lies in."""
        self._store = store
        self._name = name
        self._root = root

    async def put_bytes(self, key: str, data: bytes) -> None:
        """Store the bytes, replacing what the key held."""
        with self._writing(key):
            await obstore.put_async(self._store, key, data, chunk_size=PART_BYTES)

    async def put_file(self, key: str, path: Path) -> None:
        """Store a copy of the file, read piece by piece; raises FileNotFoundError when `path` is no file."""
        if not await asyncio.to_thread(path.is_file):
            raise FileNotFoundError(f"No file to store at {path}")
        with self._writing(key):
            await obstore.put_async(
                self._store, key, path, chunk_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE
            )

    async def put_stream(self, key: str, chunks: AsyncIterator[bytes], limit_bytes: int) -> int:
        """Store a stream of at most `limit_bytes` and return its size in bytes.

        A longer stream raises DocumentTooLarge; then, and when `chunks` itself raises, nothing is stored and
        an object the key held before stays.
        """
        counted = _Counted(chunks, limit_bytes)
        with self._writing(key):
            await obstore.put_async(
                self._store, key, counted.pieces(), chunk_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE
            )
        return counted.size_bytes

    async def get_bytes(self, key: str) -> bytes:
        """The whole object; for small ones, see `stream`."""
        with self._translated(key):
            found = await obstore.get_async(self._store, valid_key(key))
            return (await found.bytes_async()).to_bytes()

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """The object piece by piece, each a few MiB; errors are raised when the first is asked for."""
        with self._translated(key):
            found = await obstore.get_async(self._store, valid_key(key))
            async for piece in found.stream(min_chunk_size=PART_BYTES):
                yield piece

    async def size(self, key: str) -> int:
        """Size in bytes."""
        with self._translated(key):
            return (await obstore.head_async(self._store, valid_key(key)))["size"]

    async def exists(self, key: str) -> bool:
        """Whether the key holds an object."""
        try:
            await self.size(key)
        except NotFound:
            return False
        return True

    async def copy(self, source: str, target: str) -> None:
        """Copy within the storage, replacing what the target held; no bytes travel through this process."""
        valid_key(source)
        with self._writing(target, missing=source):
            await obstore.copy_async(self._store, source, target)

    async def delete(self, key: str) -> None:
        """Remove the object; one that is not there is fine."""
        try:
            with self._translated(key):
                await obstore.delete_async(self._store, valid_key(key))
        except NotFound:
            return

    async def delete_prefix(self, prefix: str) -> int:
        """Remove every object under the prefix (see `list_keys`), and say how many; none there is fine."""
        return await self.delete_all([key async for key in self.list_keys(prefix)])

    async def delete_all(self, keys: Sequence[str]) -> int:
        """Remove these objects, and say how many; one that is not there is fine."""
        for start in range(0, len(keys), LIST_BATCH):
            batch = keys[start : start + LIST_BATCH]
            if self._root is not None:
                # The folder store stops at the first object that somebody else removed in the meantime.
                for key in batch:
                    await self.delete(key)
                continue
            with self._translated(batch[0]):
                await obstore.delete_async(self._store, batch)
        return len(keys)

    async def list_keys(self, prefix: str) -> AsyncIterator[str]:
        """Every key under the prefix, in no order. A prefix is whole parts: "a/b" has "a/b/c", not "a/bc"."""
        folder = valid_key(prefix.rstrip("/"))
        with self._translated(prefix):
            async for batch in obstore.list(self._store, folder, chunk_size=LIST_BATCH):
                for found in batch:
                    yield found["path"]

    @property
    def in_place(self) -> bool:
        """Whether `local_file` hands out the stored file itself, which costs nothing."""
        return self._root is not None

    async def fetch(self, key: str, path: Path) -> int:
        """Copy the object into a file that is not there yet, and return its size in bytes."""
        size_bytes = 0
        try:
            with path.open("xb") as file:
                async for piece in self.stream(key):
                    size_bytes += await asyncio.to_thread(file.write, piece)
        except OSError as error:
            raise of_ours(error) from error
        return size_bytes

    async def list_ages(self, prefix: str) -> AsyncIterator[tuple[str, float]]:
        """Every key under the prefix with the seconds since it was written, in no order."""
        folder = valid_key(prefix.rstrip("/"))
        now = datetime.now(UTC)
        with self._translated(prefix):
            async for batch in obstore.list(self._store, folder, chunk_size=LIST_BATCH):
                for found in batch:
                    yield found["path"], (now - found["last_modified"]).total_seconds()

    async def list_folders(self, prefix: str) -> list[str]:
        """The names of the parts that follow the prefix in keys with more parts: "a/b/c" has "b" under "a"."""
        with self._translated(prefix):
            found = await obstore.list_with_delimiter_async(self._store, valid_key(prefix.rstrip("/")))
        return [PurePosixPath(one).name for one in found["common_prefixes"]]

    async def drop_unfinished(self, older_than_s: float) -> int:
        """Remove what writers that died in the middle have left in a folder, and say how many files.

        A listing does not show them. A cloud keeps parts of its own, for which the bucket needs a lifecycle rule.
        """
        if self._root is None:
            return 0
        return await asyncio.to_thread(_drop_unfinished, self._root, older_than_s)

    @asynccontextmanager
    async def local_file(self, key: str) -> AsyncGenerator[Path]:
        """The object as a file to read, never to write.

        File storage hands out the stored file itself; every other storage a temporary copy that only this
        user can read, with the key's extension, removed on leaving.
        """
        if self._root is not None:
            path = self._root / valid_key(key)
            if not path.is_file():
                raise self._missing(key)
            yield path
            return
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="recto-object-"))
        try:
            path = folder / PurePosixPath(valid_key(key)).name
            await self.fetch(key, path)
            yield path
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def signed_get(self, key: str, seconds: int) -> str | None:
        """The cloud's own link to read the object without a key; None where the storage has none."""
        return await self._signed("GET", key, seconds)

    async def signed_put(self, key: str, seconds: int) -> str | None:
        """The cloud's own link to write the object without a key; None where the storage has none."""
        return await self._signed("PUT", key, seconds)

    async def _signed(self, method: Literal["GET", "PUT"], key: str, seconds: int) -> str | None:
        valid_key(key)
        if not isinstance(self._store, S3Store | GCSStore | AzureStore):
            return None
        with self._translated(key):
            return await obstore.sign_async(self._store, method, key, timedelta(seconds=seconds))

    def _missing(self, key: str) -> NotFound:
        return NotFound(f"There is no stored object {key!r}: it was never stored, or has been deleted.")

    def _failed(self) -> Unavailable:
        return Unavailable(
            f"The document storage ({self._name}) failed or refused access. Try again; when it persists,"
            " the operator should check RECTO_STORAGE_URL, the credentials and the free space."
        )

    @contextmanager
    def _translated(self, key: str | None) -> Generator[None]:
        """Turn the store's exceptions into ours; `key` is the object that may be missing."""
        try:
            yield
        except FileNotFoundError as error:
            raise (self._missing(key) if key else self._failed()) from error
        except (BaseError, OSError) as error:
            raise self._failed() from error

    @contextmanager
    def _writing(self, key: str, missing: str | None = None) -> Generator[None]:
        """Around a write: private folders before, a private file after, no empty folders after a failure."""
        valid_key(key)
        with self._translated(missing):
            if self._root is None:
                yield
                return
            path = self._root / key
            _make_private_folders(self._root, path.parent)
            try:
                yield
                with suppress(FileNotFoundError):  # somebody else has already deleted the object
                    path.chmod(OWNER_ONLY_FILE)
            except BaseException:
                _remove_empty_folders(self._root, path.parent)
                raise


class _Counted:
    """A stream that counts its bytes and ends with DocumentTooLarge when they become too many."""

    def __init__(self, chunks: AsyncIterable[bytes], limit_bytes: int) -> None:
        self._chunks = chunks
        self._limit_bytes = limit_bytes
        self.size_bytes = 0

    async def pieces(self) -> AsyncIterator[bytes]:
        async for chunk in self._chunks:
            self.size_bytes += len(chunk)
            if self.size_bytes > self._limit_bytes:
                raise DocumentTooLarge(
                    f"The document is larger than the limit of {self._limit_bytes:,} bytes for this upload."
                )
            yield chunk


def _make_private_folders(root: Path, folder: Path) -> None:
    """Make the folders between root and folder, closed to other users before a byte is written in them."""
    chain = [path for path in (folder, *folder.parents) if path != root and path.is_relative_to(root)]
    for _ in range(FOLDER_ATTEMPTS):
        try:
            for path in reversed(chain):
                path.mkdir(mode=OWNER_ONLY_FOLDER, exist_ok=True)
        except FileNotFoundError:
            continue
        return
    raise OSError(f"The folder {folder} was removed {FOLDER_ATTEMPTS} times while it was being made")


def _remove_empty_folders(root: Path, folder: Path) -> None:
    """Remove the folder and those above it, below root, as far as they are empty."""
    while folder != root:
        try:
            folder.rmdir()
        except OSError:
            return  # not empty, or another writer was faster: both are fine
        folder = folder.parent


def _drop_unfinished(root: Path, older_than_s: float) -> int:
    dropped, before = 0, time.time() - older_than_s
    for folder, _, names in os.walk(root):  # passes over folders that vanish meanwhile
        for path in (Path(folder) / name for name in names if _UNFINISHED.fullmatch(name)):
            with suppress(FileNotFoundError):  # it was finished at this moment
                if path.stat().st_mtime < before:
                    path.unlink()
                    dropped += 1
                    _remove_empty_folders(root, path.parent)
    return dropped


def open_objects(url: str) -> Objects:
    """The storage a URL names: file:///folder, s3://bucket/prefix, gs://, az:// or memory://.

    A folder is made when it does not exist, readable by its owner only. Nothing is asked of a cloud yet.
    Raises InvalidConfig for another form or for settings the cloud's client refuses, Unavailable for a folder
    that cannot be made or written.
    """
    scheme = urlsplit(url).scheme.lower()
    if scheme == "memory":
        return Objects(MemoryStore(), "memory")
    if scheme == "file":
        return _open_folder(url)
    if scheme not in _CLOUD_SCHEMES:
        raise InvalidConfig(f"The storage URL {url[:100]!r} is not one of {_KNOWN_FORMS}.")
    try:
        store = from_url(url, retry_config={"max_retries": MAX_RETRIES, "retry_timeout": RETRY_TIMEOUT})
    except (BaseError, ValueError, OSError) as error:
        raise InvalidConfig(f"The storage {url[:100]!r} cannot be opened: {error}") from error
    return Objects(store, _CLOUD_SCHEMES[scheme])


def _open_folder(url: str) -> Objects:
    parts = urlsplit(url)
    root = Path(unquote(parts.path))
    if parts.netloc not in {"", "localhost"} or not root.is_absolute() or root == Path("/"):
        raise InvalidConfig(f"The storage URL {url[:100]!r} must name an absolute folder: file:///data/recto")
    try:
        if not root.is_dir():
            root.mkdir(mode=OWNER_ONLY_FOLDER, parents=True)
        store = LocalStore(prefix=root, automatic_cleanup=True)
    except (BaseError, OSError) as error:
        raise Unavailable(f"The storage folder {root} cannot be made or opened: {error}") from error
    if not os.access(root, os.W_OK | os.X_OK):
        raise Unavailable(f"The storage folder {root} is not writable for the user this server runs as.")
    return Objects(store, "folder", root.resolve())
