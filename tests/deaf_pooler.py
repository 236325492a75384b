"""A stand-in for a pooler that passes no notices on: a proxy before the database that drops them."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, urlsplit

from conftest import free_port

NOTICE = b"A"  # NotificationResponse of the PostgreSQL protocol


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def _copy_without_notices(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        head = await reader.readexactly(5)
        body = await reader.readexactly(int.from_bytes(head[1:], "big") - 4)
        if head[:1] != NOTICE:
            writer.write(head + body)
            await writer.drain()


@contextmanager
def deaf_pooler(url: str) -> Iterator[str]:
    """The URL of the proxy for the database of this URL (a Unix socket); its sessions hear nothing."""
    socket = f"{parse_qs(urlsplit(url).query)['host'][0]}/.s.PGSQL.5432"
    port, loop = free_port(), asyncio.new_event_loop()
    started = threading.Event()

    async def pass_through(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(socket)
        ways = [
            asyncio.ensure_future(_copy(reader, to_server)),
            asyncio.ensure_future(_copy_without_notices(from_server, writer)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for end in (writer, to_server):
            end.close()

    async def serve() -> None:
        server = await asyncio.start_server(pass_through, "127.0.0.1", port)
        started.set()
        with suppress(asyncio.CancelledError):
            await server.serve_forever()

    task = loop.create_task(serve())
    thread = threading.Thread(target=loop.run_until_complete, args=(task,), daemon=True)
    thread.start()
    started.wait(5)
    try:
        yield f"postgresql://recto@127.0.0.1:{port}/recto?sslmode=disable"
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(5)
