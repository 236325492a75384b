"""Serves the application, and stops in two steps: calls under way may finish, then those that wait are let go.

An application in, a process that answers on a port until it is told to stop. It never ends a job: what a call
waited for goes on, and the caller is told its id.
"""

import asyncio
import socket
import sys

import uvicorn
from fastapi import FastAPI

from recto.api.context import Context

GRACE_S = 10  # for calls under way once the process is told to stop; what is left is then cut off
WAITING_S = 5.0  # of it for the ends of jobs; the rest is for sending answers
NOT_STARTED = 3  # exit code, as of the server's own command line


class ApiServer(uvicorn.Server):
    """A server whose waiting calls get their answers before it goes."""

    def __init__(self, config: uvicorn.Config, context: Context) -> None:
        """Keep what knows who waits."""
        super().__init__(config)
        self._context = context

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop; calls that wait for a job's end, or watch it, end half-way through the grace time."""
        timer = asyncio.get_running_loop().call_later(WAITING_S, self._context.waiter.let_go)
        try:
            await super().shutdown(sockets)
        finally:
            timer.cancel()


def serve_api(api: FastAPI, host: str, port: int) -> None:
    """Serve until told to stop; the process exits with an error when it could not begin."""
    config = uvicorn.Config(
        api,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_S,
        server_header=False,
    )
    server = ApiServer(config, api.state.context)
    server.run()
    if not server.started:
        sys.exit(NOT_STARTED)
