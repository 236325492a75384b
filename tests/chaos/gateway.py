"""A line that can be cut: forwards one TCP port of this machine to a server, holds everything back, or answers itself.

`cut` is what a broken network looks like from both ends: nothing is refused and nothing arrives. `answer_503`
is a server that is there and does not want to.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/xml\r\ncontent-length: %d\r\n"
    b"connection: close\r\n\r\n%b"
)
SLOW_DOWN = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Reduce your rate.</Message></Error>"
PIECE = 65536


@dataclass
class Gateway:
    """One forwarded port."""

    host: str
    target: Path | tuple[str, int]
    port: int = 0
    refused: int = 0
    _open: asyncio.Event = field(default_factory=asyncio.Event)
    _unwilling: bool = False
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def cut(self) -> None:
        """From now on nothing passes, in either direction."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def mend(self) -> None:
        """What was held back passes, and so does the rest."""
        self._loop.call_soon_threadsafe(self._open.set)

    def answer_503(self, unwilling: bool) -> None:
        """Whether every new request is refused here, as an HTTP server does that has too much to do."""
        self._unwilling = unwilling

    async def serve(self, started: threading.Event) -> None:
        self._open.set()
        server = await asyncio.start_server(self._connected, self.host, self.port)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        try:
            with suppress(asyncio.CancelledError):
                await server.serve_forever()
        finally:
            held = asyncio.all_tasks() - {asyncio.current_task()}
            for task in held:
                task.cancel()
            await asyncio.gather(*held, return_exceptions=True)
            await asyncio.sleep(0)  # what was closed is let go of in the next round

    def run(self, task: asyncio.Task[None]) -> None:
        try:
            self._loop.run_until_complete(task)
        finally:
            self._loop.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._open.wait()
            await self._pass_on(reader, writer)
        finally:
            await _end(writer)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            if isinstance(self.target, Path):
                back, forth = await asyncio.open_unix_connection(str(self.target))
            else:
                back, forth = await asyncio.open_connection(*self.target)
            ways = [
                asyncio.ensure_future(self._copy(reader, forth, writer)),
                asyncio.ensure_future(self._copy(back, writer, None)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
                await _end(forth)

    async def _copy(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        client: asyncio.StreamWriter | None,
    ) -> None:
        while data := await reader.read(PIECE):
            await self._open.wait()
            if client is not None and self._unwilling:
                self.refused += 1
                client.write(REFUSAL % (len(SLOW_DOWN), SLOW_DOWN))
                await client.drain()
                return
            writer.write(data)
            await writer.drain()


async def _end(writer: asyncio.StreamWriter) -> None:
    """Close a connection once all is sent, at the latest in a second."""
    writer.close()
    try:
        async with asyncio.timeout(1):
            await writer.wait_closed()
    except (OSError, TimeoutError):
        writer.transport.abort()


@contextmanager
def gateway(target: Path | tuple[str, int], host: str = "127.0.0.1") -> Iterator[Gateway]:
    """A gateway on a free port of this machine's address `host`, to a Unix socket or another port."""
    line = Gateway(host, target)
    loop, started = line._loop, threading.Event()
    task = loop.create_task(line.serve(started))
    thread = threading.Thread(target=line.run, args=(task,), daemon=True)
    thread.start()
    assert started.wait(5), "the gateway does not listen"
    try:
        yield line
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(5)
        assert not thread.is_alive(), "the gateway does not end"
