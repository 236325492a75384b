"""The adapter against a real HTTP server: what endpoints do, and what becomes of it."""

import asyncio
import time

import pytest

from model_server import ModelServer, Reply, model_server, refused, said
from recto.errors import (
    ContextWindowExceeded,
    ModelMisconfigured,
    ModelTimedOut,
    ModelUnavailable,
    OutputLimitExceeded,
)
from recto.inference import openai_compatible
from recto.inference.openai_compatible import Endpoint, OpenAiCompatible
from recto.inference.port import Image, Limits, Message

SCHEMA = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
MESSAGES = [Message("system", "Read."), Message("user", "Lines")]
LIMITS = Limits(500, 5.0)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(openai_compatible, "FIRST_PAUSE_S", 0.01)


def client_of(server: ModelServer, **values):
    values = {"key": "key-1", "concurrency": 2} | values
    return OpenAiCompatible(Endpoint(server.url, {"fast": "small", "accurate": "large"}, **values))


async def ask(server, schema=SCHEMA, images=(), limits=LIMITS, role="accurate", client=None):
    client = client or client_of(server)
    try:
        return await client.chat(MESSAGES, schema, images, limits, role)
    finally:
        await client.close()


async def test_a_call_has_the_model_the_key_the_schema_and_the_limit():
    with model_server(lambda body, number: said("{}")) as server:
        answer = await ask(server, role="fast")
    assert (answer.text, answer.finish) == ("{}", "stop")
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (100, 20)
    (body,) = server.asked
    assert (body["model"], body["max_tokens"], body["temperature"]) == ("small", 500, 0)
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA
    assert body["messages"][1] == {"role": "user", "content": "Lines"}
    assert server.keys == ["Bearer key-1"]


async def test_tokens_that_are_not_counted_are_estimated():
    with model_server(lambda body, number: said("a" * 30, usage=False)) as server:
        answer = await ask(server)
    assert not answer.usage.counted
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (4, 10)


async def test_pictures_go_with_the_last_message():
    with model_server(lambda body, number: said("{}")) as server:
        await ask(server, images=[Image(b"\x89PNG")])
    content = server.asked[0]["messages"][1]["content"]
    assert content[0] == {"type": "text", "text": "Lines"}
    assert content[1]["image_url"]["url"] == "data:image/png;base64,iVBORw=="


@pytest.mark.parametrize(("status", "most"), [(400, "json_object"), (400, "text"), (500, "json_object")])
async def test_what_an_endpoint_cannot_do_is_asked_more_simply_and_remembered(status, most):
    def behaviour(body, number):
        form = body.get("response_format", {"type": "text"})["type"]
        known = {"json_object": {"json_object", "text"}, "text": {"text"}}[most]
        return said("{}") if form in known else refused(status, "response_format is not supported")

    with model_server(behaviour) as server:
        client = client_of(server)
        for _ in range(2):
            assert (await client.chat(MESSAGES, SCHEMA, (), LIMITS)).text == "{}"
        await client.close()
    forms = [body.get("response_format", {"type": "text"})["type"] for body in server.asked]
    tried = ["json_schema", "json_object", "text"]
    assert forms == [*tried[: tried.index(most) + 1], most]


async def test_an_endpoint_that_wants_other_names_gets_them():
    def behaviour(body, number):
        if "max_tokens" in body:
            return refused(400, "Use max_completion_tokens instead of max_tokens.")
        return refused(400, "temperature does not support 0") if "temperature" in body else said("{}")

    with model_server(behaviour) as server:
        await ask(server)
    assert server.asked[-1]["max_completion_tokens"] == 500


async def test_what_fails_for_the_moment_is_asked_again():
    replies = [refused(500, "oh"), refused(503, "busy"), said("{}")]
    with model_server(lambda body, number: replies[number]) as server:
        assert (await ask(server)).text == "{}"
    assert len(server.asked) == 3


async def test_retry_after_is_heeded():
    replies = [refused(429, "slow down", retry_after="0.4"), said("{}")]
    with model_server(lambda body, number: replies[number]) as server:
        began = time.monotonic()
        await ask(server)
    assert time.monotonic() - began >= 0.4


@pytest.mark.parametrize("status", [429, 500, 502])
async def test_what_goes_on_failing_is_unavailable(status):
    told = f"answered {status}: no luck."
    with (
        model_server(lambda body, number: refused(status, "no luck")) as server,
        pytest.raises(ModelUnavailable, match=told),
    ):
        await ask(server)
    assert len(server.asked) == openai_compatible.RETRIES + 1


@pytest.mark.parametrize(
    ("reply", "error", "said_so"),
    [
        (refused(401, "bad key"), ModelMisconfigured, "RECTO_MODEL_KEY"),
        (refused(404, "no model large"), ModelMisconfigured, "names of the models"),
        (
            Reply({}, 307, {"location": "http://127.0.0.1:1/"}),
            ModelMisconfigured,
            "Redirects are not followed",
        ),
        (refused(400, "maximum context length is 4096 tokens"), ContextWindowExceeded, "4096"),
        (refused(413, "too much"), ContextWindowExceeded, "too much"),
        (Reply(raw=b"<html>"), ModelUnavailable, "no JSON"),
        (Reply({"choices": []}), ModelUnavailable, "without a choice"),
    ],
)
async def test_an_endpoints_faults_have_names(reply, error, said_so):
    with model_server(lambda body, number: reply) as server, pytest.raises(error, match=said_so):
        await ask(server)


async def test_the_key_is_in_no_message():
    with (
        model_server(lambda body, number: refused(401, "bad key")) as server,
        pytest.raises(ModelMisconfigured) as caught,
    ):
        await ask(server)
    assert "key-1" not in caught.value.message


async def test_an_answer_without_bounds_is_not_read_on(monkeypatch):
    monkeypatch.setattr(openai_compatible, "MAX_ANSWER_BYTES", 10_000)
    with model_server(lambda body, number: said("x" * 20_000)) as server, pytest.raises(OutputLimitExceeded):
        await ask(server)


async def test_refusals_and_cuts_are_told_apart():
    replies = [said("", refusal="I will not"), said("x", finish="content_filter"), said("{", finish="length")]
    with model_server(lambda body, number: replies[number]) as server:
        client = client_of(server)
        answers = [await client.chat(MESSAGES, SCHEMA, (), LIMITS) for _ in replies]
        await client.close()
    assert [answer.finish for answer in answers] == ["refused", "refused", "length"]
    assert answers[0].text == "I will not"


async def test_a_slow_model_is_given_up():
    with model_server(lambda body, number: Reply({}, pause_s=1.5)) as server:
        began = time.monotonic()
        with pytest.raises(ModelTimedOut, match=r"0\.2 s"):
            await ask(server, limits=Limits(10, 0.2))
    assert time.monotonic() - began < 3


async def test_a_call_is_cancelled_at_once():
    with model_server(lambda body, number: Reply({}, pause_s=1.5)) as server:
        task = asyncio.create_task(ask(server))
        await asyncio.to_thread(server.wait_for_a_request)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 1


async def test_no_more_calls_run_at_once_than_allowed_and_waiting_is_not_the_models_time():
    running, most = 0, 0

    def behaviour(body, number):
        nonlocal running, most
        running += 1
        most = max(most, running)
        time.sleep(0.15)
        running -= 1
        return said("{}")

    with model_server(behaviour) as server:
        client = client_of(server)
        await asyncio.gather(*(client.chat(MESSAGES, SCHEMA, (), Limits(10, 0.6)) for _ in range(8)))
        await client.close()
    assert most == 2


async def test_nobody_there_is_unavailable():
    client = OpenAiCompatible(Endpoint("http://127.0.0.1:9/v1", {"fast": "a", "accurate": "b"}))
    with pytest.raises(ModelUnavailable, match=r"127\.0\.0\.1:9 cannot be reached"):
        await client.chat(MESSAGES, SCHEMA, (), LIMITS)
    await client.close()


async def test_it_lists_its_models():
    with model_server(lambda body, number: said("{}")) as server:
        client = client_of(server)
        assert await client.models() == ["small", "large"]
        await client.close()
