"""`recto pipeline`: what it deploys is what the API runs and shows."""

import json

import httpx
import pytest

INVOICES = """
name: CLI invoices
steps:
  - parse:
      formatting:
        table_output_format: md
"""


def shown(server, pipeline_id):
    answer = httpx.get(f"{server.url}/recto/v1/pipelines/{pipeline_id}", headers=server.headers)
    assert answer.status_code == 200
    return answer.json()


def test_deploy_list_and_roll_back(recto, server, of_server, tmp_path):
    file = tmp_path / "invoices.yaml"
    file.write_text(INVOICES)
    ended = recto("pipeline", "deploy", file, env=of_server)
    assert (ended.code, ended.err) == (0, "")
    pipeline_id, rest = ended.out.split(maxsplit=1)
    assert len(pipeline_id) == 32
    assert rest.split() == ["version", "1", "CLI", "invoices"]

    file.write_text(json.dumps({"name": "CLI invoices", "steps": [{"parse": {}}]}))
    assert recto("pipeline", "deploy", file, env=of_server).out.split()[:3] == [pipeline_id, "version", "2"]
    listed = recto("pipeline", "list", env=of_server).out
    (line,) = [line for line in listed.splitlines() if pipeline_id in line]
    assert "version 2" in line
    assert "(parse)" in line
    second = shown(server, pipeline_id)
    assert second["version"] == 2

    assert recto("pipeline", "rollback", pipeline_id, 1, env=of_server).code == 0
    first = shown(server, pipeline_id)
    assert first["version"] == 1
    assert first["hash"] != second["hash"]
    assert first["definition"]["steps"][0]["parse"]["formatting"]["table_output_format"] == "md"

    ended = recto("pipeline", "rollback", pipeline_id, 9, env=of_server)
    assert ended.code == 1
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: x\nsteps: [{parse: {formating: {}}}]", "formating is not a known setting"),
        ("name: x\nsteps: [{parse: {}}, {edit: {edit_instructions: fill}}]", "not available yet"),
        ("name: x\nsteps: [{parse: {}}, {extract: {instructions: {schema: {type: x}}}}]", "the type 'x'"),
        ("name: x\nname: y\nsteps: [{parse: {}}]", "the key 'name' stands twice"),
        ("[1, 2]", "with the keys name and steps"),
        ("", "with the keys name and steps"),
        (b"\xff\xfe\x00name", "is not text in UTF-8"),
    ],
)
def test_a_wrong_definition_is_told_in_one_line_and_needs_no_database(recto, tmp_path, text, told):
    file = tmp_path / "wrong.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    ended = recto("pipeline", "deploy", file, env={"RECTO_DATA_DIR": str(tmp_path / "data")})
    assert ended.code == 1
    assert ended.out == ""
    assert len(ended.err.splitlines()) == 1
    assert told in ended.err
    assert not (tmp_path / "data").exists()
