"""`recto pipeline`: deploy a definition file, list pipelines, roll back, straight in the database."""

import json
from pathlib import Path
from typing import Annotated

import typer

from recto.errors import InvalidConfig
from recto.settings import Settings
from recto.storage.database import Database
from recto.storage.queries import access, pipelines
from recto.wire.definition import canonical, check_deployable, content_hash, load_definition

app = typer.Typer(no_args_is_help=True, help="Pipelines.")

Organisation = Annotated[str, typer.Option(help="Whose pipelines")]


@app.command()
def deploy(
    file: Annotated[Path, typer.Argument(help="A YAML or JSON definition", exists=True, dir_okay=False)],
    organisation: Organisation = access.DEFAULT_ORGANISATION,
) -> None:
    """Deploy a definition: a new pipeline, or a new version of the one that has its name."""
    from recto.cli.connect import with_database  # noqa: PLC0415

    definition = load_definition(_text(file))
    check_deployable(definition)
    values, digest = json.loads(canonical(definition)), content_hash(definition)

    async def use(database: Database) -> tuple[str, int]:
        async with database.begin() as connection:
            owner = await access.find_organisation(connection, organisation)
            return await pipelines.deploy(connection, owner, definition.name, values, digest)

    pipeline_id, version = with_database(Settings(), use)
    print(f"{pipeline_id}  version {version}  {definition.name}")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidConfig(f"{file} is not text in UTF-8: a definition is a YAML or JSON file.") from error


@app.command("list")
def list_(organisation: Organisation = access.DEFAULT_ORGANISATION) -> None:
    """List pipelines with their deployed versions."""
    from recto.cli.connect import with_database  # noqa: PLC0415

    async def use(database: Database) -> list[pipelines.PipelineRow]:
        async with database.begin() as connection:
            owner = await access.find_organisation(connection, organisation)
            return await pipelines.list_all(connection, owner)

    for row in with_database(Settings(), use):
        steps = " > ".join(next(iter(step)) for step in row.definition["steps"])
        print(f"{row.id}  version {row.deployed_version}  {row.hash[:12]}  {row.name}  ({steps})")


@app.command()
def rollback(
    pipeline_id: str, version: int, organisation: Organisation = access.DEFAULT_ORGANISATION
) -> None:
    """Point a pipeline at one of its earlier versions again."""
    from recto.cli.connect import with_database  # noqa: PLC0415

    async def use(database: Database) -> pipelines.PipelineRow:
        async with database.begin() as connection:
            owner = await access.find_organisation(connection, organisation)
            return await pipelines.roll_back(connection, owner, pipeline_id, version)

    row = with_database(Settings(), use)
    print(f"{row.id}  version {row.deployed_version}  {row.name}")
