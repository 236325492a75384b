"""The `recto` command: what its words are, and which module does each. Heavy modules load with their command.

What a person did wrong becomes one line on standard error: exit code 2 for settings and for the words of the
command, 1 for everything else. A trace is shown for our own defects only.
"""

import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core
from pydantic import ValidationError

from recto.cli import accounts, backup, jobs, keys, pipelines, webhooks
from recto.cli.logs import only_warnings, set_up_logging
from recto.cli.supervise import exit_with_supervisor, tell
from recto.errors import RectoError
from recto.settings import Settings

WRONG_SETTING = 2
FEW_LINES = 6  # a message of so many lines is prose that a driver has wrapped; a longer one quotes a log


class OneLineErrors(typer.core.TyperGroup):
    """All commands, those of the sub-commands too: errors meant for people are told without a trace."""

    def invoke(self, ctx: Any) -> Any:  # the type is private to typer
        """Run the command; an error of ours ends it with exit code 1 or 2."""
        try:
            with only_warnings():  # the server's processes set up their own logging inside
                return super().invoke(ctx)
        except RectoError as error:
            tell(_one_line(error.message))
            raise typer.Exit(1) from error
        except ValidationError as error:
            if error.title != Settings.__name__:
                raise
            for line in wrong_settings(error):
                tell(line)
            raise typer.Exit(WRONG_SETTING) from error
        except OSError as error:
            if error.filename is None or error.strerror is None:
                raise
            tell(f"{error.filename}: {error.strerror}")
            raise typer.Exit(1) from error


app = typer.Typer(
    cls=OneLineErrors, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
app.add_typer(keys.app, name="keys")
app.add_typer(pipelines.app, name="pipeline")
app.add_typer(jobs.app, name="jobs")
app.add_typer(webhooks.app, name="webhooks")
app.command()(backup.backup)
app.command()(backup.restore)
app.command("usage")(accounts.usage)
app.command("audit")(accounts.audit_log)


def wrong_settings(error: ValidationError) -> list[str]:
    """A line for every setting that is not valid, without its value: it may be a secret."""
    lines: list[str] = []
    for one in error.errors(include_input=False, include_url=False):
        name = "RECTO_" + str(one["loc"][0]).upper() if one["loc"] else "together"
        lines.append(
            f"the setting {name} is not valid: {_one_line(one['msg'].removeprefix('Value error, '))}"
        )
    return list(dict.fromkeys(lines))


def _one_line(message: str) -> str:
    lines = message.splitlines()
    return " ".join(line.strip() for line in lines) if len(lines) <= FEW_LINES else message


@app.command()
def serve() -> None:
    """Start everything: database (unless one is named), API and workers, until Ctrl-C."""
    from recto.cli.serve import serve as run  # noqa: PLC0415

    raise typer.Exit(run(Settings()))


@app.command()
def migrate() -> None:
    """Bring the database of RECTO_DATABASE_URL up to date; makes the first key when there is none."""
    from recto.app import prepare  # noqa: PLC0415

    first_key = prepare(Settings()).first_key
    print("The database is up to date.")
    if first_key:
        print(f"API key: {first_key}   (shown only now: keep it)")


@app.command()
def api() -> None:
    """Serve the HTTP API on RECTO_HOST and RECTO_PORT."""
    from recto.api.serving import serve_api  # noqa: PLC0415
    from recto.app import make_api  # noqa: PLC0415

    exit_with_supervisor()
    chosen = Settings()
    set_up_logging(chosen.log_level, "api")
    with suppress(KeyboardInterrupt):
        serve_api(make_api(chosen), chosen.host, chosen.port)


@app.command()
def worker(
    lanes: Annotated[
        str | None, typer.Option(help="Lanes to serve, such as sync,async (RECTO_LANES)")
    ] = None,
    ocr: Annotated[
        int | None, typer.Option(help="Child processes that recognise scans; 0: none (RECTO_OCR_READERS)")
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option(help="Child processes that read pages (RECTO_READERS)")
    ] = None,
) -> None:
    """Work on the jobs of RECTO_DATABASE_URL until told to stop."""
    from recto.app import make_worker, run_worker  # noqa: PLC0415

    exit_with_supervisor()
    given = {"lanes": lanes, "ocr_readers": ocr, "readers": concurrency}
    chosen = Settings(**{name: value for name, value in given.items() if value is not None})  # pyright: ignore[reportArgumentType] - validated by the class itself
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
def parse(
    file: Annotated[Path, typer.Argument(help="The document", exists=True, dir_okay=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole result as JSON")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown (the default)")] = False,
    draw: Annotated[
        Path | None, typer.Option(help="Write page pictures with the blocks into this folder")
    ] = None,
    steps: Annotated[
        bool, typer.Option("--steps", help="With --draw: a picture of every step of the layout too")
    ] = False,
    pages: Annotated[str, typer.Option(help="Pages to read, such as 1-3,7")] = "",
    password: Annotated[str | None, typer.Option(help="Password of a protected document")] = None,
    dpi: Annotated[int, typer.Option(min=36, max=300, help="Resolution of the pictures")] = 100,
    server: Annotated[
        str | None, typer.Option(help="Have this running server read it, such as http://127.0.0.1:8000")
    ] = None,
    key: Annotated[str | None, typer.Option(envvar="REDUCTO_API_KEY", help="API key of that server")] = None,
) -> None:
    """Parse a document here and now, or by a running server."""
    from recto.cli.parsing import ParseCommand, run_parse  # noqa: PLC0415

    if as_json and markdown:
        tell("choose one of --json and --markdown")
        raise typer.Exit(2)
    if steps and draw is None:
        tell("--steps needs --draw with the folder for the pictures")
        raise typer.Exit(2)
    output = "json" if as_json else "markdown"
    if server is not None:
        from recto.cli.remote import RemoteParse, run_remote  # noqa: PLC0415

        if draw is not None:
            tell("--draw needs the document here: leave out --server, or --draw")
            raise typer.Exit(2)
        run_remote(RemoteParse(file, output, server, key, pages, password), sys.stdout)
        return
    model = Settings().layout_model
    run_parse(ParseCommand(file, output, draw, pages, password, dpi, model, steps), sys.stdout)


@app.command()
def extract(
    file: Annotated[Path, typer.Argument(help="The document", exists=True, dir_okay=False)],
    schema: Annotated[
        Path, typer.Option(help="File with the JSON Schema of the answer", exists=True, dir_okay=False)
    ],
    citations: Annotated[
        bool, typer.Option("--citations", help="Print with each value where it was read")
    ] = False,
    pages: Annotated[str, typer.Option(help="Pages to read, such as 1-3,7")] = "",
    password: Annotated[str | None, typer.Option(help="Password of a protected document")] = None,
) -> None:
    """Extract values from a document by a JSON Schema, here and now, without a server."""
    from recto.app import model_service  # noqa: PLC0415
    from recto.cli.extracting import ExtractCommand, run_extract  # noqa: PLC0415

    settings = Settings()
    command = ExtractCommand(
        file, schema, citations, pages, password, settings.layout_model, model_service(settings)
    )
    run_extract(command, sys.stdout)


@app.command()
def doctor() -> None:
    """Say what is installed, what is missing and what that costs, and with which settings Recto runs."""
    from recto.cli.doctor import report  # noqa: PLC0415

    raise typer.Exit(report(Settings()))
