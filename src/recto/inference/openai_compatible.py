"""Any endpoint that speaks the chat completions protocol, by plain HTTP: vLLM, Ollama, LM Studio, clouds.

A conversation in, an answer out. The address comes from the operator's settings and usually is an inner one, so the
guard on addresses that callers name does not apply here; redirects are never followed, so the key goes nowhere else.
What an endpoint cannot do (a JSON schema, JSON at all, a temperature) it says once; that is remembered and not
tried again. The document's text and the answers are never logged.
"""

import asyncio
import base64
import json
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any, Literal, cast
from urllib.parse import urlsplit

import httpx
import structlog

from recto.errors import (
    ContextWindowExceeded,
    ModelMisconfigured,
    ModelTimedOut,
    ModelUnavailable,
    OutputLimitExceeded,
    RectoError,
)
from recto.inference.cost import IMAGE_TOKENS, estimated_tokens
from recto.inference.port import Answer, Finish, Image, Limits, Message, Role, Usage

CONNECT_S = 10.0
MAX_ANSWER_BYTES = 8 * 1024 * 1024
"""Bytes of one answer that are read: 2 million tokens, more than any model gives."""
RETRIES = 3
"""Times a call is repeated that failed for the moment."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 60.0
"""Pause before the first repetition, doubled each time; and the longest an endpoint may ask for by Retry-After."""
JITTER = 0.25
"""Share of a pause by which it is varied, so that calls that failed together do not come back together."""
SHOWN_CHARACTERS = 300
"""Of an endpoint's error message, in ours."""
MOMENTARY = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Statuses after which the same request may succeed."""
TOO_LARGE, UNAUTHORISED, FORBIDDEN, NOT_THERE, REDIRECT, ERRORS = 413, 401, 403, 404, 300, 400

Form = Literal["json_schema", "json_object", "text"]
FORMS: tuple[Form, ...] = ("json_schema", "json_object", "text")
"""Ways to ask for JSON, the strictest first."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where models are and what they are called. `url` ends before /chat/completions."""

    url: str
    models: Mapping[Role, str]
    key: str | None = None
    sees: bool = False
    concurrency: int = 4


@dataclass(frozen=True, slots=True)
class _Manners:
    """What the endpoint was found to understand."""

    form: Form = "json_schema"
    tokens_key: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    temperature: bool = True


class _Momentary(Exception):
    """A failure that may pass; `pause_s` is what the endpoint asked for."""

    def __init__(self, error: RectoError, pause_s: float | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.pause_s = pause_s


class OpenAiCompatible:
    """One endpoint. Nothing is connected before the first call."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._manners = _Manners()
        self._client: httpx.AsyncClient | None = None
        self._slots = asyncio.Semaphore(endpoint.concurrency)

    def name(self, role: Role) -> str:
        """The model's name."""
        return self._endpoint.models[role]

    @property
    def sees(self) -> bool:
        """Whether it may be shown pictures."""
        return self._endpoint.sees

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def models(self) -> list[str]:
        """The names of the models that the endpoint lists; raises as `chat` does."""
        try:
            async with asyncio.timeout(CONNECT_S):
                found = await self._sent("GET", "/models", None)
        except TimeoutError as error:
            raise ModelTimedOut(f"{self._where} did not list its models within {CONNECT_S:g} s.") from error
        except _Momentary as passing:
            raise passing.error from passing
        listed = found.get("data")
        entries = cast("list[object]", listed) if isinstance(listed, list) else []
        return [str(cast("dict[str, Any]", one).get("id")) for one in entries if isinstance(one, dict)]

    async def chat(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, Any] | None,
        images: Sequence[Image],
        limits: Limits,
        role: Role = "accurate",
    ) -> Answer:
        """One answer; see port.ChatModel."""
        told = [_spoken(message) for message in messages]
        if images:
            told[-1] = _with_images(told[-1], images)
        try:
            async with (
                self._slots,
                asyncio.timeout(limits.timeout_s),
            ):  # the wait for others is none of the model's time
                found = await self._asked(told, schema, limits, role)
        except TimeoutError as error:
            raise ModelTimedOut(
                f"The model at {self._where} did not answer within {limits.timeout_s:g} s (RECTO_MODEL_TIMEOUT_S)."
            ) from error
        answer = self._answer(found)
        if answer.usage.counted:
            return answer
        asked = sum(estimated_tokens(message.text) for message in messages) + IMAGE_TOKENS * len(images)
        return replace(answer, usage=replace(answer.usage, prompt_tokens=asked))

    async def _asked(
        self, told: list[dict[str, Any]], schema: Mapping[str, Any] | None, limits: Limits, role: Role
    ) -> dict[str, Any]:
        """The endpoint's answer, asked again when it failed for the moment, and more simply when it must be."""
        failures = 0
        manners = self._manners
        while True:
            try:
                found = await self._sent(
                    "POST", "/chat/completions", self._body(manners, told, schema, limits, role)
                )
            except _Cannot as cannot:
                simpler = _simpler(manners, cannot, asked_for_json=schema is not None)
                if simpler is None:
                    raise cannot.error from cannot
                manners = simpler
            except _Momentary as passing:
                failures += 1
                if failures > RETRIES:
                    raise passing.error from passing
                await asyncio.sleep(_pause_s(failures, passing.pause_s))
            else:
                if manners != self._manners:  # learnt only from what worked
                    self._manners = manners
                    log.info("the model endpoint is asked more simply", form=manners.form)
                return found

    def _body(
        self,
        manners: _Manners,
        told: list[dict[str, Any]],
        schema: Mapping[str, Any] | None,
        limits: Limits,
        role: Role,
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._endpoint.models[role],
            "messages": told,
            manners.tokens_key: limits.answer_tokens,
            "stream": False,
        }
        if manners.temperature:
            body["temperature"] = 0
        if schema is not None and manners.form == "json_schema":
            wanted = {"name": "extraction", "strict": True, "schema": schema}
            body["response_format"] = {"type": "json_schema", "json_schema": wanted}
        elif schema is not None and manners.form == "json_object":
            body["response_format"] = {"type": "json_object"}
        return body

    async def _sent(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        """Send one request; returns the JSON object that came, of a bounded size.

        Raises _Momentary, _Cannot, or what `chat` raises.
        """
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode(errors="replace")
        try:
            async with self._connected().stream(
                method, self._endpoint.url + path, content=content
            ) as response:
                read = await self._read(response)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise ModelMisconfigured(f"RECTO_MODEL_URL is no address to be asked: {error}") from error
        except httpx.HTTPError as error:
            told = str(error) or type(error).__name__
            raise _Momentary(
                ModelUnavailable(f"The model at {self._where} cannot be reached: {told}.")
            ) from error
        if response.status_code >= REDIRECT:
            raise self._failure(response, read)
        try:
            found = json.loads(read)
        except (ValueError, RecursionError) as error:
            raise _Momentary(
                ModelUnavailable(f"{self._where} answered with something that is no JSON.")
            ) from error
        if not isinstance(found, dict):
            raise _Momentary(ModelUnavailable(f"{self._where} answered with no JSON object."))
        return cast("dict[str, Any]", found)

    async def _read(self, response: httpx.Response) -> bytes:
        read = bytearray()
        async for piece in response.aiter_bytes():
            read += piece
            if len(read) > MAX_ANSWER_BYTES:
                raise OutputLimitExceeded(
                    f"The model's answer has more than {MAX_ANSWER_BYTES // 1024**2} MB and was not read on."
                )
        return bytes(read)

    def _failure(self, response: httpx.Response, read: bytes) -> Exception:
        """What an answer that is no success means."""
        status, said = response.status_code, _message_in(read)
        told = f"The model at {self._where} answered {status}: {said}"
        if status in {UNAUTHORISED, FORBIDDEN}:
            return ModelMisconfigured(f"{told} Check RECTO_MODEL_KEY.")
        if status < ERRORS:
            return ModelMisconfigured(f"{told} Redirects are not followed: give RECTO_MODEL_URL in full.")
        if status == TOO_LARGE or _is_about_length(said):
            return ContextWindowExceeded(told)
        if status == NOT_THERE:
            told = f"{told} Check RECTO_MODEL_URL and the names of the models."
        if status in MOMENTARY and not _parameter_in(said):
            return _Momentary(ModelUnavailable(told), _retry_after_s(response))
        return _Cannot(ModelMisconfigured(told), said)

    def _answer(self, found: dict[str, Any]) -> Answer:
        choices = found.get("choices")
        first = cast("list[object]", choices)[0] if isinstance(choices, list) and choices else None
        if not isinstance(first, dict):
            raise ModelUnavailable(
                f"{self._where} answered without a choice: {_message_in(json.dumps(found).encode())}"
            )
        choice = cast("dict[str, Any]", first)
        message = cast("dict[str, Any]", choice.get("message") or {})
        refusal = message.get("refusal")
        text = refusal or _text_of(message.get("content"))
        finish: Finish = "stop"
        if refusal or choice.get("finish_reason") == "content_filter":
            finish = "refused"
        elif choice.get("finish_reason") == "length":
            finish = "length"
        return Answer(str(text), _usage_of(found.get("usage"), str(text)), finish)

    def _connected(self) -> httpx.AsyncClient:
        if self._client is None:
            key = self._endpoint.key
            headers = {"content-type": "application/json"} | (
                {"authorization": f"Bearer {key}"} if key else {}
            )
            self._client = httpx.AsyncClient(
                headers=headers,
                timeout=httpx.Timeout(None, connect=CONNECT_S),  # the whole call has its own limit
                follow_redirects=False,
                trust_env=not _is_this_host(self._endpoint.url),  # a proxy leads out, not to ourselves
            )
        return self._client

    @property
    def _where(self) -> str:
        parts = urlsplit(self._endpoint.url)
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")


class _Cannot(Exception):
    """The endpoint does not take the request as it was; `said` is why."""

    def __init__(self, error: RectoError, said: str) -> None:
        super().__init__(error.message)
        self.error = error
        self.said = said


def _simpler(manners: _Manners, cannot: _Cannot, *, asked_for_json: bool) -> _Manners | None:
    """How to ask instead; None when nothing simpler is left."""
    said = cannot.said.lower()
    if "max_completion_tokens" in said and manners.tokens_key == "max_tokens":
        return replace(manners, tokens_key="max_completion_tokens")
    if "temperature" in said and manners.temperature:
        return replace(manners, temperature=False)
    if asked_for_json and manners.form != "text":
        return replace(manners, form=FORMS[FORMS.index(manners.form) + 1])
    return None


def _parameter_in(said: str) -> bool:
    low = said.lower()
    return any(
        word in low
        for word in ("response_format", "json_schema", "json_object", "max_completion_tokens", "grammar")
    )


def _is_about_length(said: str) -> bool:
    low = said.lower()
    return "context" in low and any(
        word in low for word in ("length", "window", "maximum", "exceed", "size", "too long")
    )


def _pause_s(failures: int, wanted_s: float | None) -> float:
    if wanted_s is not None:
        return min(wanted_s, LONGEST_PAUSE_S)
    pause = FIRST_PAUSE_S * 2.0 ** (failures - 1)
    return pause * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads calls, guards nothing


def _retry_after_s(response: httpx.Response) -> float | None:
    with suppress(ValueError):
        return max(0.0, float(response.headers.get("retry-after", "")))
    return None  # none, or a date, which endpoints of models do not send


def _message_in(read: bytes) -> str:
    """The endpoint's own words, in one line."""
    text = read.decode(errors="replace")
    with suppress(ValueError, RecursionError):
        found: object = json.loads(text)
        inner = cast("dict[str, Any]", found).get("error", found) if isinstance(found, dict) else found
        said = cast("dict[str, Any]", inner).get("message", inner) if isinstance(inner, dict) else inner
        text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    text = " ".join(text.split())
    cut = text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"
    return cut if cut.endswith((".", "…", "!")) else f"{cut or 'nothing'}."


def _spoken(message: Message) -> dict[str, Any]:
    return {"role": message.speaker, "content": message.text}


def _with_images(spoken: dict[str, Any], images: Sequence[Image]) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [{"type": "text", "text": spoken["content"]}]
    for one in images:
        packed = base64.b64encode(one.content).decode()
        parts.append({"type": "image_url", "image_url": {"url": f"data:{one.mime};base64,{packed}"}})
    return spoken | {"content": parts}


def _text_of(content: object) -> str:
    """The text of a message, which some endpoints send in parts."""
    if isinstance(content, list):
        parts = cast("list[object]", content)
        return "".join(
            str(cast("dict[str, Any]", one).get("text", "")) for one in parts if isinstance(one, dict)
        )
    return content if isinstance(content, str) else ""


def _usage_of(told: object, text: str) -> Usage:
    if isinstance(told, dict):
        counts = cast("dict[str, Any]", told)
        prompt, completion = counts.get("prompt_tokens"), counts.get("completion_tokens")
        if isinstance(prompt, int) and isinstance(completion, int):
            return Usage(max(0, prompt), max(0, completion))
    return Usage(0, estimated_tokens(text), counted=False)


def _is_this_host(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"
