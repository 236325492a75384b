"""Turns exceptions into answers. The only catch-all of the server: what nobody foresaw becomes a bare 500."""

import json

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from recto.errors import Internal, InvalidConfig, NotFound, RectoError
from recto.wire.problems import problem, validation_problem

CLIENT_CLOSED_REQUEST = 499  # nobody reads it; the number that proxies write into their logs for this

log = structlog.get_logger(__name__)


def answer(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer."""
    try:
        content = msgspec.json.encode(body)
    except UnicodeEncodeError:  # half a character from the caller's own metadata, repeated in an error
        content = json.dumps(body).encode()
    return Response(content, status, headers, "application/json")


def error_answer(error: RectoError, job_id: str | None = None) -> Response:
    """The answer for one of our errors.

    The vendor's clients repeat a call after most 5xx, 409 and 429; `x-should-retry` tells them whether that
    makes sense, so that a failed job is not run three times.
    """
    headers = {"x-should-retry": "true" if error.retryable else "false"}
    if error.retryable:
        headers["retry-after"] = str(error.retry_after_s)
    if error.status == 401:  # noqa: PLR2004 - HTTP
        headers["www-authenticate"] = "Bearer"
    return answer(problem(error, job_id), error.status, headers)


async def _on_recto_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, RectoError):
        raise TypeError("registered for RectoError")
    if error.status >= 500:  # noqa: PLR2004 - HTTP
        log.warning("a call failed", error=error.message, name=error.name)
    return error_answer(error)


async def _on_validation_error(_: Request, error: Exception) -> Response:
    if isinstance(error, ValidationError):
        return answer(validation_problem(error), 422)
    if isinstance(error, RequestValidationError):
        detail = [{key: one[key] for key in ("type", "loc", "msg") if key in one} for one in error.errors()]
        return answer({"detail": detail}, 422)
    raise TypeError("registered for validation errors")


async def _on_http_exception(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    where = f"{request.method} {request.url.path}"
    if status == 404:  # noqa: PLR2004 - HTTP
        return error_answer(NotFound(f"This server has no {where}."))
    body = problem(InvalidConfig(f"{where} is not possible: HTTP {status}."))
    body["error"]["code"] = status
    return answer(body, status, {"x-should-retry": "false"})


async def _on_disconnect(request: Request, _: Exception) -> Response:
    log.info("a client went away while it was sending", route=_route(request))
    return Response(status_code=CLIENT_CLOSED_REQUEST)


def _route(request: Request) -> str:
    """The method and the path as a template, for the log: a path itself may hold a signed token."""
    template = getattr(request.scope.get("route"), "path", "(no route)")
    return f"{request.method} {template}"


async def _on_anything(request: Request, error: Exception) -> Response:
    log.error("unforeseen error", route=_route(request), exc_info=error)
    response = error_answer(Internal())
    response.headers["connection"] = "close"  # the server closes it after such an error
    return response


def install(app: FastAPI) -> None:
    """Register the translations with an application."""
    app.add_exception_handler(RectoError, _on_recto_error)
    app.add_exception_handler(ValidationError, _on_validation_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)
    app.add_exception_handler(Exception, _on_anything)
