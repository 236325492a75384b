"""Puts the web application together: routes, translations of errors, and what lives as long as it does."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI, Request, Response

from recto.api import problems
from recto.api.context import Context
from recto.api.headers import SafeHeaders
from recto.api.journal import Journalled
from recto.api.openapi import openapi_document
from recto.api.problems import CLIENT_CLOSED_REQUEST, error_answer
from recto.api.routes import (
    accounts,
    events,
    extract,
    jobs,
    keys,
    parse,
    pipeline,
    pipelines,
    portal,
    retries,
    service,
    uploads,
    webhooks,
)
from recto.api.submitting import ClientGone, JobFailed
from recto.jobs.engine import Engine


def create_api(context: Context, engine: Engine) -> FastAPI:
    """The ASGI application on a context; opens the engine at start and closes everything at its end."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        await engine.open()
        behind = [asyncio.create_task(one) for one in (context.waiter.listen(), context.journal.run())]
        try:
            yield
        finally:
            for task in behind:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await engine.close()
            await context.database.close()

    # No pages for people to read the contract on: the stock ones load their scripts from afar.
    api = FastAPI(title="Recto", version=context.version, lifespan=lifespan, docs_url=None, redoc_url=None)
    api.state.context = context
    api.add_middleware(Journalled, journal=context.journal)
    api.add_middleware(SafeHeaders)
    problems.install(api)
    api.add_exception_handler(JobFailed, _on_job_failed)
    api.add_exception_handler(ClientGone, _on_client_gone)
    for module in (
        parse,
        extract,
        pipeline,
        jobs,
        events,
        retries,
        uploads,
        pipelines,
        webhooks,
        portal,
        keys,
        accounts,
        service,
    ):
        api.include_router(module.router)
    api.openapi = lambda: openapi_document(context.version)
    return api


async def _on_job_failed(_: Request, error: Exception) -> Response:
    if not isinstance(error, JobFailed):
        raise TypeError("registered for JobFailed")
    return error_answer(error.error, str(error.job_id))


async def _on_client_gone(_: Request, __: Exception) -> Response:
    return Response(status_code=CLIENT_CLOSED_REQUEST)
