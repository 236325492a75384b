"""The `recto` command: what its words are, and which module does each. Heavy modules load with their command."""

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar

import typer
from pydantic import ValidationError

from recto.cli import jobs, keys, pipelines
from recto.cli.logs import set_up_logging
from recto.cli.supervise import exit_with_supervisor, tell
from recto.errors import RectoError
from recto.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(keys.app, name="keys")
app.add_typer(pipelines.app, name="pipeline")
app.add_typer(jobs.app, name="jobs")


def settings() -> Settings:
    """The settings of the environment; one line and exit code 2 when one is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        for one in error.errors():
            name = "RECTO_" + "_".join(str(part) for part in one["loc"]).upper()
            tell(f"the setting {name} is not valid: {one['msg']}")
        raise typer.Exit(2) from error


def people_read_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Print our own errors as one line instead of a trace."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except RectoError as error:
            tell(error.message)
            raise typer.Exit(1) from error

    return run


@app.command()
@people_read_errors
def serve() -> None:
    """Start everything: database (unless one is named), API and workers, until Ctrl-C."""
    from recto.cli.serve import serve as run  # noqa: PLC0415

    raise typer.Exit(run(settings()))


@app.command()
@people_read_errors
def migrate() -> None:
    """Bring the database of RECTO_DATABASE_URL up to date; makes the first key when there is none."""
    from recto.app import prepare  # noqa: PLC0415

    first_key = prepare(settings()).first_key
    print("The database is up to date.")
    if first_key:
        print(f"API key: {first_key}   (shown only now: keep it)")


@app.command()
@people_read_errors
def api() -> None:
    """Serve the HTTP API on RECTO_HOST and RECTO_PORT."""
    import uvicorn  # noqa: PLC0415

    from recto.app import make_api  # noqa: PLC0415

    exit_with_supervisor()
    chosen = settings()
    set_up_logging(chosen.log_level, "api")
    uvicorn.run(
        make_api(chosen),
        host=chosen.host,
        port=chosen.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=10,
        server_header=False,
    )


@app.command()
@people_read_errors
def worker() -> None:
    """Work on the jobs of RECTO_DATABASE_URL until told to stop."""
    from recto.app import make_worker, run_worker  # noqa: PLC0415

    exit_with_supervisor()
    chosen = settings()
    set_up_logging(chosen.log_level, "worker")

    async def run() -> None:
        running = asyncio.create_task(run_worker(make_worker(chosen)))
        loop = asyncio.get_running_loop()
        for which in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(which, running.cancel)
        with suppress(asyncio.CancelledError):
            await running

    asyncio.run(run())


@app.command()
@people_read_errors
def parse(
    file: Annotated[Path, typer.Argument(help="The document", exists=True, dir_okay=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole result as JSON")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown (the default)")] = False,
    draw: Annotated[
        Path | None, typer.Option(help="Write page pictures with the blocks into this folder")
    ] = None,
    pages: Annotated[str, typer.Option(help="Pages to read, such as 1-3,7")] = "",
    password: Annotated[str | None, typer.Option(help="Password of a protected document")] = None,
    dpi: Annotated[int, typer.Option(min=36, max=300, help="Resolution of the pictures")] = 100,
) -> None:
    """Parse a document here and now, without a server."""
    from recto.cli.parsing import ParseCommand, run_parse  # noqa: PLC0415

    if as_json and markdown:
        tell("choose one of --json and --markdown")
        raise typer.Exit(2)
    run_parse(ParseCommand(file, "json" if as_json else "markdown", draw, pages, password, dpi), sys.stdout)


@app.command()
@people_read_errors
def doctor() -> None:
    """Say what is installed, what is missing and what that costs, and with which settings Recto runs."""
    from recto.cli.doctor import report  # noqa: PLC0415

    raise typer.Exit(report(settings()))
