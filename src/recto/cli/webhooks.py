"""`recto webhooks`: endpoints, secrets, messages, replay and tests, straight in the database."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from recto.errors import InvalidConfig
from recto.intake.guard import AddressGuard
from recto.settings import Settings
from recto.storage.database import Database
from recto.storage.queries import access, endpoints, messages
from recto.storage.secrets import Secrets
from recto.webhooks.endpoints import Webhooks, endpoint_uuid, message_uuid
from recto.webhooks.signing import message_id

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Webhook endpoints and messages.")

Organisation = Annotated[str, typer.Option(help="Whose webhooks")]
Channel = Annotated[list[str] | None, typer.Option(help="Only messages on this channel; may be repeated")]
Endpoint = Annotated[str, typer.Argument(help="The endpoint's id")]
Use = Callable[[Webhooks, AsyncConnection, UUID], Awaitable[T]]


def _with_webhooks(organisation: str, use: Use[T], url: str = "") -> T:
    """Call `use` in one transaction, for one organisation; an address is checked before."""
    from recto.cli.connect import reachable, run_with_database  # noqa: PLC0415

    with reachable(Settings()) as settings:
        hooks = Webhooks(Secrets(settings.secret()), AddressGuard(settings.allowed_hosts))

        async def run(database: Database) -> T:
            if url:
                await hooks.check(url)
            async with database.begin() as connection:
                owner = await access.find_organisation(connection, organisation)
                return await use(hooks, connection, owner)

        return run_with_database(settings, run)


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="The http(s) address that is posted to")],
    description: Annotated[str, typer.Option(help="For people")] = "",
    channel: Channel = None,
    organisation: Organisation = access.DEFAULT_ORGANISATION,
) -> None:
    """Make an endpoint; prints its id and its secret."""
    from recto.api.webhook_bodies import NewEndpoint  # noqa: PLC0415

    try:
        wanted = NewEndpoint(url=url, description=description, channels=channel)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidConfig(f"The endpoint's {first['loc'][0]} is not valid: {first['msg']}.") from error

    async def use(hooks: Webhooks, connection: AsyncConnection, owner: UUID) -> tuple[UUID, str | None]:
        row = await hooks.add(connection, owner, wanted.model_dump(exclude={"secret"}), None)
        return row.id, await hooks.secret(connection, owner, row.id)

    endpoint_id, secret = _with_webhooks(organisation, use, url)
    print(f"{endpoint_id}  {secret}")


@app.command("list")
def list_(organisation: Organisation = access.DEFAULT_ORGANISATION) -> None:
    """List the endpoints."""

    async def use(_: Webhooks, connection: AsyncConnection, owner: UUID) -> list[endpoints.EndpointRow]:
        return await endpoints.listing(connection, owner)

    for row in _with_webhooks(organisation, use):
        state = "enabled" if row.enabled else f"disabled ({row.disabled_reason})"
        print(f"{row.id}  {state}  {row.url}  [{', '.join(row.channels or ['all channels'])}]")


@app.command()
def switch(
    endpoint: Endpoint,
    on: Annotated[bool, typer.Option("--on/--off", help="Whether it gets messages")],
    organisation: Organisation = access.DEFAULT_ORGANISATION,
) -> None:
    """Enable or disable an endpoint."""

    async def use(hooks: Webhooks, connection: AsyncConnection, owner: UUID) -> endpoints.EndpointRow:
        return await hooks.change(connection, owner, endpoint_uuid(endpoint), {"enabled": on})

    row = _with_webhooks(organisation, use)
    print(f"{row.id}  {'enabled' if row.enabled else 'disabled'}")


@app.command()
def remove(endpoint: Endpoint, organisation: Organisation = access.DEFAULT_ORGANISATION) -> None:
    """Remove an endpoint with its secrets and its log."""

    async def use(_: Webhooks, connection: AsyncConnection, owner: UUID) -> None:
        await endpoints.remove(connection, owner, endpoint_uuid(endpoint))

    _with_webhooks(organisation, use)
    print(f"removed {endpoint}")


@app.command()
def rotate(
    endpoint: Annotated[str | None, typer.Argument(help="The endpoint's id; none: direct webhooks")] = None,
    overlap_h: Annotated[float, typer.Option(min=0, max=720, help="Hours the old secret signs too")] = 24.0,
    organisation: Organisation = access.DEFAULT_ORGANISATION,
) -> None:
    """Replace a secret and print the new one; without an endpoint, the one that signs direct webhooks."""

    async def use(hooks: Webhooks, connection: AsyncConnection, owner: UUID) -> str:
        which = endpoint_uuid(endpoint) if endpoint else None
        return await hooks.rotate(connection, owner, which, None, overlap_h * 3600)

    print(_with_webhooks(organisation, use))


@app.command("test")
def send_test(endpoint: Endpoint, organisation: Organisation = access.DEFAULT_ORGANISATION) -> None:
    """Send a test message to an endpoint; a running worker delivers it."""

    async def use(hooks: Webhooks, connection: AsyncConnection, owner: UUID) -> UUID:
        return await hooks.test(connection, owner, endpoint_uuid(endpoint))

    print(message_id(_with_webhooks(organisation, use)))


@app.command("messages")
def messages_(
    limit: Annotated[int, typer.Option(min=1, max=500)] = 20,
    failed: Annotated[bool, typer.Option("--failed", help="Only those with a failed delivery")] = False,
    organisation: Organisation = access.DEFAULT_ORGANISATION,
) -> None:
    """List the newest messages and how their deliveries stand."""

    async def use(
        _: Webhooks, connection: AsyncConnection, owner: UUID
    ) -> tuple[list[messages.MessageRow], list[messages.SentRow]]:
        status = "failed" if failed else None
        rows = await messages.listing(connection, owner, limit=limit, status=status)
        return rows, await messages.sent(connection, [row.id for row in rows])

    rows, sent = _with_webhooks(organisation, use)
    for row in rows:
        stands = ", ".join(one.status for one in sent if one.message_id == row.id) or "no endpoint"
        about = row.job_id or row.event_type
        print(f"{message_id(row.id)}  {row.created_at:%Y-%m-%d %H:%M:%S}  {about}  {stands}")


@app.command()
def show(
    message: Annotated[str, typer.Argument(help="The message's id")],
    organisation: Organisation = access.DEFAULT_ORGANISATION,
) -> None:
    """Show a message with every attempt to deliver it."""

    async def use(
        _: Webhooks, connection: AsyncConnection, owner: UUID
    ) -> tuple[messages.MessageRow, list[messages.SentRow], list[messages.AttemptRow]]:
        row = await messages.find(connection, owner, message_uuid(message))
        sent = await messages.sent(connection, [row.id])
        return row, sent, await messages.attempts(connection, [one.id for one in sent])

    row, sent, tried = _with_webhooks(organisation, use)
    print(row.body)
    for one in sent:
        print(f"{one.url or 'Svix'}  {one.status}")
        for each in tried:
            if each.delivery_id == one.id:
                told = each.error or each.answer_status
                print(f"  {each.number}  {each.created_at:%Y-%m-%d %H:%M:%S}  {told}  {each.latency_ms} ms")


@app.command()
def replay(
    message: Annotated[str | None, typer.Argument(help="The message's id; none: use --failed-since")] = None,
    failed_since: Annotated[
        datetime | None, typer.Option(help="All failed deliveries of messages since then (UTC)")
    ] = None,
    endpoint: Annotated[str | None, typer.Option(help="Only to this endpoint")] = None,
    organisation: Organisation = access.DEFAULT_ORGANISATION,
) -> None:
    """Send a message again, or everything that failed since a moment; a running worker delivers it."""
    if (message is None) == (failed_since is None):
        raise typer.BadParameter("name a message, or --failed-since with a moment")

    async def use(hooks: Webhooks, connection: AsyncConnection, owner: UUID) -> int:
        only = endpoint_uuid(endpoint) if endpoint else None
        if failed_since is not None:
            since = failed_since if failed_since.tzinfo else failed_since.replace(tzinfo=UTC)
            return await hooks.replay_failed(connection, owner, since, only)
        return await hooks.replay(connection, owner, message_uuid(message or ""), only)

    print(f"{_with_webhooks(organisation, use)} deliveries are sent again")
