"""Endpoints and what can be wrong with them, on a real database and real sockets, with a clock that tests turn."""

import asyncio
import json
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
import standardwebhooks
import svix

from documents.serving import Answer
from hooks_yard import SCHEDULE
from recto.storage.queries import endpoints
from recto.webhooks.delivery import ANSWER_BYTES

HOUR_S = 3600.0


@contextmanager
def raw_receiver(answer: bytes, *, then_wait: bool = False):
    """A receiver that says exactly these bytes, whatever it is asked, and closes (or does not)."""
    listener = socket.create_server(("127.0.0.1", 0))
    held, closing = [], threading.Event()

    def serve():
        while not closing.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.recv(65536)
            connection.sendall(answer)
            if then_wait:
                held.append(connection)
            else:
                connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
    finally:
        closing.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for one in held:
            one.close()
        thread.join(5)


async def seen(outside, url, count=1):
    return await asyncio.to_thread(outside.wait_for, urlsplit(url).path, count)


class TestDelivery:
    @pytest.mark.parametrize("library", [svix.Webhook, standardwebhooks.Webhook])
    async def test_a_receiver_with_an_official_library_verifies_it(self, hooks, outside, library):
        url = outside.put(f"/verified/{library.__module__}", Answer(status=204))
        row = await hooks.endpoint(url)
        job_id = await hooks.ended_job()
        async with hooks.couriers():
            (asked,) = await seen(outside, url)
            (sent,) = await hooks.settled(job_id)
        library(await hooks.secret(row.id)).verify(asked.body, asked.headers)
        assert json.loads(asked.body) == {"status": "Failed", "job_id": str(job_id), "metadata": None}
        assert asked.headers["svix-id"] == asked.headers["webhook-id"]
        assert (sent.status, sent.attempt, sent.answer_status) == ("delivered", 1, 204)

    async def test_channels_choose_endpoints_and_none_means_all(self, hooks, outside):
        urls = {name: outside.put(f"/channel/{name}", Answer()) for name in ("any", "a", "b", "off")}
        await hooks.endpoint(urls["any"])
        await hooks.endpoint(urls["a"], channels=["a", "x"])
        await hooks.endpoint(urls["b"], channels=["b"])
        off = await hooks.endpoint(urls["off"])
        async with hooks.yard.database.begin() as connection:
            await hooks.webhooks.change(connection, hooks.yard.organisation, off.id, {"enabled": False})

        async def receivers(*channels):
            sent = await hooks.deliveries(await hooks.ended_job(channels))
            return {urlsplit(one.url).path.rpartition("/")[2] for one in sent}

        assert await receivers() == {"any", "a", "b"}
        assert await receivers("a") == {"any", "a"}
        assert await receivers("a", "b") == {"any", "a", "b"}
        assert await receivers("other") == {"any"}

    async def test_without_an_endpoint_the_message_is_kept(self, hooks, outside):
        job_id = await hooks.ended_job()
        assert await hooks.deliveries(job_id) == []
        assert (await hooks.message(job_id)).event_type == "async.update"
        url = outside.put("/later", Answer())
        row = await hooks.endpoint(url)
        message = await hooks.message(job_id)
        async with hooks.yard.database.begin() as connection:
            again = await hooks.webhooks.replay(connection, hooks.yard.organisation, message.id, row.id)
        assert again == 1
        async with hooks.couriers():
            await seen(outside, url)
            await hooks.settled(job_id)

    async def test_another_organisation_s_endpoints_get_nothing(self, hooks):
        async with hooks.yard.database.begin() as connection:
            other = hooks.yard.organisation
            from recto.storage.queries import access  # noqa: PLC0415

            theirs = await access.ensure_organisation(connection, f"theirs-{other}")
            await hooks.webhooks.add(connection, theirs, {"url": "http://127.0.0.1:9/theirs"}, None)
        assert await hooks.deliveries(await hooks.ended_job()) == []

    async def test_two_workers_deliver_each_message_once(self, hooks, outside):
        url = outside.put("/once", Answer())
        await hooks.endpoint(url)
        async with hooks.couriers(2):
            jobs = [await hooks.ended_job() for _ in range(20)]
            for job_id in jobs:
                await hooks.settled(job_id)
        asked = outside.requests("/once")
        assert sorted(json.loads(one.body)["job_id"] for one in asked) == sorted(map(str, jobs))


class TestSecrets:
    async def test_both_secrets_sign_while_a_rotation_overlaps(self, hooks, outside):
        url = outside.put("/rotated", Answer())
        row = await hooks.endpoint(url)
        old = await hooks.secret(row.id)
        async with hooks.yard.database.begin() as connection:
            new = await hooks.webhooks.rotate(connection, hooks.yard.organisation, row.id, None, HOUR_S)
        assert await hooks.secret(row.id) == new != old
        async with hooks.couriers():
            await hooks.settled(await hooks.ended_job())
            (during,) = await seen(outside, url)
            for secret in (old, new):
                svix.Webhook(secret).verify(during.body, during.headers)
            await hooks.time_passes(HOUR_S + 1)
            hooks.clock.ahead_s = 0
            await hooks.settled(await hooks.ended_job())
            after = (await seen(outside, url, 2))[-1]
        svix.Webhook(new).verify(after.body, after.headers)
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            svix.Webhook(old).verify(after.body, after.headers)

    async def test_they_lie_encrypted(self, hooks):
        row = await hooks.endpoint("http://127.0.0.1:9/hook")
        secret = await hooks.secret(row.id)
        stored = await hooks.yard.one("SELECT sealed FROM webhook_secret WHERE endpoint_id = :id", id=row.id)
        assert secret.removeprefix("whsec_").encode() not in bytes(stored)

    async def test_a_direct_webhook_is_signed_once_the_organisation_has_a_secret(self, hooks, outside):
        url = outside.put("/direct", Answer())
        async with hooks.couriers():
            await hooks.settled(await hooks.ended_job(mode="direct", url=url))
            async with hooks.yard.database.begin() as connection:
                secret = await hooks.webhooks.rotate(connection, hooks.yard.organisation, None, None, 0)
            await hooks.settled(await hooks.ended_job(mode="direct", url=url))
            async with hooks.yard.database.begin() as connection:
                await endpoints.replace_secret(connection, hooks.yard.organisation, None, None, 0)
            await hooks.settled(await hooks.ended_job(mode="direct", url=url))
        plain, signed, plain_again = await seen(outside, url, 3)
        standardwebhooks.Webhook(secret).verify(signed.body, signed.headers)
        assert not {"svix-signature", "webhook-signature"} & (set(plain.headers) | set(plain_again.headers))


class TestFailures:
    async def test_it_comes_back_after_an_hour(self, hooks, outside):
        path = "/back"
        url = outside.put(path, *[Answer(status=503)] * 3, Answer(status=200, body=b"thanks"))
        row = await hooks.endpoint(url)
        secret = await hooks.secret(row.id)
        job_id = await hooks.ended_job()
        async with hooks.couriers() as (courier,):
            for number, wait in enumerate((*SCHEDULE.endpoints_s, None), start=1):
                (sent,) = await hooks.settled(job_id, number)
                if wait is not None:
                    assert sent.status == "pending"
                    await asyncio.sleep(0.1)
                    assert len(outside.requests(path)) == number, "it is not due yet"
                    await hooks.time_passes(wait)
                    courier.look()
        assert (sent.status, sent.attempt, sent.answer_status) == ("delivered", 4, 200)
        asked = outside.requests(path)
        assert len({one.headers["svix-id"] for one in asked}) == 1
        assert len({one.headers["svix-timestamp"] for one in asked}) > 1
        assert [one.number for one in await hooks.attempts(job_id)] == [1, 2, 3, 4]
        assert (await hooks.attempts(job_id))[-1].answer == "thanks"
        assert (await hooks.found(row.id)).failing_since is None
        with pytest.raises(standardwebhooks.WebhookVerificationError):  # an hour ahead of now
            svix.Webhook(secret).verify(asked[-1].body, asked[-1].headers)

    async def test_it_is_given_up_after_the_last_wait_and_replayed_later(self, hooks, outside):
        hooks.schedule = replace(SCHEDULE, endpoints_s=(0.05,))
        path = "/given-up"
        url = outside.put(path, Answer(status=500, body=b"no" * 2000))
        await hooks.endpoint(url)
        since = await hooks.yard.one("SELECT clock_timestamp()")
        async with hooks.couriers():
            job_id = await hooks.ended_job()
            (sent,) = await hooks.settled(job_id, 2)
            assert (sent.status, sent.error) == ("failed", "answered 500")
            assert len((await hooks.attempts(job_id))[0].answer) == ANSWER_BYTES
            outside.put(path, Answer(status=200))
            async with hooks.yard.database.begin() as connection:
                again = await hooks.webhooks.replay_failed(connection, hooks.yard.organisation, since, None)
            assert again == 1
            (sent,) = await hooks.settled(job_id, 3)
            assert (sent.status, sent.attempt) == ("delivered", 3)
            async with hooks.yard.database.begin() as connection:
                assert not await hooks.webhooks.replay_failed(
                    connection, hooks.yard.organisation, since, None
                )

    async def test_a_redirect_is_a_failure_that_nobody_follows(self, hooks, outside):
        target = outside.put("/target", Answer())
        url = outside.put("/redirects", Answer(status=307, headers={"location": target}))
        await hooks.endpoint(url)
        async with hooks.couriers():
            (sent,) = await hooks.settled(await hooks.ended_job())
        assert (sent.status, sent.answer_status) == ("pending", 307)
        assert outside.requests("/target") == []

    async def test_one_that_answers_410_is_disabled_and_gets_nothing_more(self, hooks, outside):
        url = outside.put("/gone", Answer(status=410))
        row = await hooks.endpoint(url)
        async with hooks.couriers():
            (sent,) = await hooks.settled(await hooks.ended_job())
            for _ in range(200):
                if not (await hooks.found(row.id)).enabled:
                    break
                await asyncio.sleep(0.02)
        assert sent.status == "failed"
        found = await hooks.found(row.id)
        assert (found.enabled, found.disabled_reason) == (False, "it answered 410 (gone)")
        assert await hooks.deliveries(await hooks.ended_job()) == []

    async def test_one_that_failed_for_days_is_disabled_and_its_messages_given_up(self, hooks, outside):
        url = outside.put("/days", Answer(status=500))
        row = await hooks.endpoint(url)
        async with hooks.couriers():
            await hooks.settled(await hooks.ended_job())
            await hooks.time_passes(SCHEDULE.disable_after_s - 60)
            await hooks.settled(await hooks.ended_job())
            assert (await hooks.found(row.id)).enabled
            await hooks.time_passes(120)
            await hooks.ended_job()
            for _ in range(500):
                if not (await hooks.found(row.id)).enabled:
                    break
                await asyncio.sleep(0.02)
        assert (await hooks.found(row.id)).disabled_reason == "every delivery has failed for 5 days"
        assert await hooks.yard.rows("SELECT DISTINCT status FROM delivery") == [("failed",)]

    async def test_one_success_begins_the_days_anew(self, hooks, outside):
        url = outside.put("/anew", Answer(status=500), Answer(status=200), Answer(status=500))
        row = await hooks.endpoint(url)
        async with hooks.couriers() as (courier,):
            job_id = await hooks.ended_job()
            await hooks.settled(job_id)
            await hooks.time_passes(SCHEDULE.disable_after_s + 60)
            courier.look()
            await hooks.settled(job_id, 2)
            await hooks.settled(await hooks.ended_job())
        found = await hooks.found(row.id)
        assert found.enabled
        assert found.failing_since is not None

    async def test_one_that_hangs_is_no_answer_within_the_limit(self, hooks, outside):
        hooks.schedule = replace(SCHEDULE, timeout_s=0.3)
        await hooks.endpoint(outside.put("/hangs", Answer(hangs=True)))
        async with hooks.couriers():
            (sent,) = await hooks.settled(await hooks.ended_job())
        assert (sent.status, sent.error) == ("pending", "no answer within 0.3 s")

    @pytest.mark.parametrize(
        ("answer", "waits", "status", "said"),
        [
            (b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nshort", False, "delivered", "short"),
            (b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\ntoo long", False, "delivered", "t"),
            (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nslow", True, "delivered", "slow"),
            (b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\nx", False, "pending", None),
            (b"HTTP/1.1 500 No\r\ncontent-length: 99999999\r\n\r\nno", False, "pending", "no"),
            (b"nonsense\r\n\r\n", False, "pending", None),
            (b"", False, "pending", None),
        ],
    )
    async def test_one_that_lies_about_its_answer(self, hooks, answer, waits, status, said):
        """Its status counts, once it is known; of the rest, what comes is kept."""
        with raw_receiver(answer, then_wait=waits) as url:
            await hooks.endpoint(url)
            async with hooks.couriers():
                job_id = await hooks.ended_job()
                (sent,) = await hooks.settled(job_id)
                (logged,) = await hooks.attempts(job_id)
        assert (sent.status, logged.answer) == (status, said)
        assert logged.latency_ms < 2500

    async def test_an_address_that_became_private_gets_nothing(self, hooks):
        async with hooks.yard.database.begin() as connection:
            await hooks.webhooks.add(
                connection, hooks.yard.organisation, {"url": "http://10.0.0.1/hook?token=s3cret"}, None
            )
        async with hooks.couriers():
            (sent,) = await hooks.settled(await hooks.ended_job())
        assert "10.0.0.1" in sent.error
        assert "s3cret" not in sent.error


class TestWorkers:
    async def test_what_a_dead_worker_held_is_delivered_by_another(self, hooks, outside):
        from recto.storage.queries import deliveries  # noqa: PLC0415

        url = outside.put("/orphaned", Answer())
        await hooks.endpoint(url)
        job_id = await hooks.ended_job()
        async with hooks.yard.database.begin() as connection:
            (held,) = await deliveries.claim(connection, "dead", 12, 10, {}, 4)
        async with hooks.couriers() as (courier,):
            await asyncio.sleep(0.1)
            assert outside.requests("/orphaned") == []
            await hooks.time_passes(13)
            courier.look()
            (sent,) = await hooks.settled(job_id)
        assert (sent.id, sent.status, sent.attempt) == (held.id, "delivered", 2)

    async def test_what_is_under_way_at_the_end_is_given_back(self, hooks, outside):
        hooks.schedule = replace(SCHEDULE, timeout_s=30)
        url = outside.put("/at-the-end", Answer(hangs=True), Answer())
        await hooks.endpoint(url)
        job_id = await hooks.ended_job()
        async with hooks.couriers():
            await seen(outside, url)
        (sent,) = await hooks.deliveries(job_id)
        assert (sent.status, sent.attempt) == ("pending", 0)
        async with hooks.couriers():
            (sent,) = await hooks.settled(job_id)
        assert (sent.status, sent.attempt) == ("delivered", 1)

    async def test_a_thousand_messages_to_twenty_endpoints_of_which_five_are_dead(self, hooks):
        """The healthy ones get theirs within 5 s: the dead hold their own few places, and nobody else's."""
        hooks.schedule = replace(SCHEDULE, timeout_s=15)
        silent = [socket.create_server(("127.0.0.1", 0)) for _ in range(5)]
        healthy = [await asyncio.start_server(_take, "127.0.0.1", 0, backlog=256) for _ in range(15)]
        # Connections to the silent are accepted by the kernel, and nobody ever answers.
        ports = [one.getsockname()[1] for one in silent + [one.sockets[0] for one in healthy]]
        for number, port in enumerate(ports):
            await hooks.endpoint(f"http://127.0.0.1:{port}/hook", channels=[f"c{number}"])
        jobs = await many_messages(hooks, 1000, 20)
        assert len(jobs) == 1000
        began = time.monotonic()
        try:
            async with hooks.couriers():
                query = "SELECT count(*) FROM delivery WHERE status = 'delivered'"
                while await hooks.yard.one(query) < 750:
                    assert time.monotonic() - began < 5.0, await hooks.yard.one(query)
                    await asyncio.sleep(0.1)
        finally:
            for one in (*silent, *healthy):
                one.close()
        assert await hooks.yard.one("SELECT count(*) FROM delivery WHERE status = 'pending'") == 250


async def _take(reader, writer):
    """A receiver that takes everything."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
    await writer.drain()
    writer.close()


async def many_messages(hooks, count, channels):
    """So many messages, channel by turns, as ended jobs would leave them."""
    from uuid import uuid4  # noqa: PLC0415

    from recto.storage.queries import deliveries, messages  # noqa: PLC0415
    from recto.webhooks.outbox import EVENT, message_body  # noqa: PLC0415

    made = []
    async with hooks.yard.database.begin() as connection:
        for number in range(count):
            message, channel = uuid4(), f"c{number % channels}"
            to = await endpoints.for_message(connection, hooks.yard.organisation, EVENT, [channel])
            body = message_body("Completed", message, None)
            await messages.add(connection, message, hooks.yard.organisation, None, EVENT, [channel], body)
            new = [deliveries.NewDelivery("endpoint", one.host, endpoint_id=one.id) for one in to]
            await deliveries.add(connection, message, hooks.yard.organisation, None, new)
            made.append(message)
    return made
