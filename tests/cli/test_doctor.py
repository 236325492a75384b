"""`recto doctor`: the account of an installation: what is there, what is missing, what it costs; no secrets."""

import socket

import pytest
from pydantic import SecretStr

from model_server import model_server
from recto.cli import doctor
from recto.settings import Settings


@pytest.fixture
def report(recto, tmp_path):
    """The account of settings of one's own; nothing runs there."""

    def run(**env):
        chosen = {"RECTO_DATA_DIR": str(tmp_path / "data"), "RECTO_PORT": "1"} | env
        if "RECTO_PORT" not in env:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                chosen["RECTO_PORT"] = str(probe.getsockname()[1])
        return recto("doctor", env=chosen)

    return run


def lines(ended, word):
    return [line.strip() for line in ended.out.splitlines() if word in line]


def test_a_fresh_installation_is_fine_and_stays_untouched(report, tmp_path):
    ended = report()
    assert ended.code == 0, ended.out
    assert "broken" not in ended.out
    assert "Everything essential is in place." in ended.out
    assert "pypdfium2" in ended.out
    assert "PDFium" in ended.out
    assert "not running: started when needed" in ended.out
    assert not (tmp_path / "data").exists()


def test_a_running_server_is_recognised(recto, of_server, server):
    before = {path for path in (server.data_dir / "objects").rglob("*") if "doctor" in path.name}
    ended = recto("doctor", env=of_server)
    assert ended.code == 0, ended.out
    assert f"answers at 127.0.0.1:{server.port}" in ended.out
    assert "embedded, running" in ended.out
    assert "PostgreSQL 18" in ended.out
    assert "takes and deletes an object" in ended.out
    assert {path for path in (server.data_dir / "objects").rglob("*") if "doctor" in path.name} == before


def test_a_port_of_another_program_is_broken(report):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        # A listener that never answers must not hold the doctor up for long either.
        ended = report(RECTO_PORT=str(port))
    assert ended.code == 1
    (line,) = lines(ended, "in use by another program")
    assert line.startswith("broken")


def test_a_database_out_of_reach_is_broken_and_its_password_hidden(report):
    ended = report(RECTO_DATABASE_URL="postgresql://ada:topsecret@127.0.0.1:1/recto?sslpassword=alsosecret")
    assert ended.code == 1
    (line,) = lines(ended, "cannot be reached")
    assert line.startswith("broken")
    assert "postgresql://ada:***@127.0.0.1:1" in ended.out
    assert "topsecret" not in ended.out
    assert "alsosecret" not in ended.out


@pytest.mark.parametrize("url", ["nonsense://place", "s3://"])
def test_a_storage_url_that_cannot_be_is_broken(report, url):
    ended = report(RECTO_STORAGE_URL=url)
    assert ended.code == 1
    assert "broken" in ended.out[ended.out.index("Storage") :]


def test_a_storage_that_can_be_written_is_probed(report, tmp_path):
    ended = report(RECTO_STORAGE_URL=(tmp_path / "objects").as_uri())
    assert ended.code == 0, ended.out
    assert "takes and deletes an object" in ended.out
    assert [path for path in (tmp_path / "objects").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("host", "warned"), [("0.0.0.0", True), ("192.0.2.7", True), ("127.0.0.1", False), ("::1", False)]
)
def test_open_doors_are_told(host, warned):
    settings = Settings(host=host, auth=False)
    assert doctor._is_loopback(host) is not warned
    assert settings.auth is False


def test_no_key_asked_on_an_open_address_is_a_note(report):
    ended = report(RECTO_AUTH="0", RECTO_HOST="0.0.0.0")
    (line,) = lines(ended, "RECTO_AUTH is off")
    assert line.startswith("note")
    assert ended.code == 0
    assert not lines(report(RECTO_AUTH="0"), "RECTO_AUTH is off")


def test_missing_tesseract_is_a_note_with_its_price(report, monkeypatch):
    monkeypatch.setattr("recto.pages.ocr.tesseract.TesseractReader.available", staticmethod(lambda: False))
    ended = report()
    (line,) = lines(ended, "Tesseract")
    assert line.startswith("note")
    assert "five times slower" in line
    assert ended.code == 0


def test_no_recogniser_at_all_is_broken(report, monkeypatch):
    monkeypatch.setattr("recto.pages.ocr.tesseract.TesseractReader.available", staticmethod(lambda: False))
    real = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "rapidocr" else real(name))
    ended = report()
    assert ended.code == 1
    assert "scans cannot be read" in ended.out


def test_a_missing_library_is_broken(report, monkeypatch):
    real = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "pikepdf" else real(name))
    ended = report()
    assert ended.code == 1
    assert lines(ended, "pikepdf") == ["broken  pikepdf is not installed: run script/setup again"]
    assert "1 broken." in ended.out


@pytest.mark.parametrize(("free", "level"), [(10**6, "broken"), (10**9, "note"), (10**12, "ok")])
def test_disk_space(tmp_path, monkeypatch, free, level):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: type("Usage", (), {"free": free}))
    (finding,) = doctor._disk(Settings(data_dir=tmp_path / "not" / "there"))
    assert finding.level == level


def test_settings_are_listed_without_secrets(report):
    ended = report(
        RECTO_SECRET_KEY="s3cr3t" * 4, RECTO_BOOTSTRAP_KEY="recto_s3cr3t_s3cr3t" + "s3cr3t", RECTO_WORKERS="3"
    )
    assert "s3cr3t" not in ended.out
    assert "* RECTO_SECRET_KEY = ***" in ended.out
    assert "* RECTO_WORKERS = 3" in ended.out
    assert "  RECTO_AUTH = True" in ended.out
    for name in Settings.model_fields:
        assert f"RECTO_{name.upper()} = " in ended.out


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "(not set)"),
        ((), "(not set)"),
        (("a", "b"), "a,b"),
        (SecretStr("x"), "***"),
        (8000, "8000"),
        ("postgresql://u:p@w:d@h/x", "postgresql://u:***@h/x"),
        ("postgresql://u@h/x?host=/run", "postgresql://u@h/x?host=/run"),
        ("s3://bucket?secret_access_key=abc&region=eu", "s3://bucket?secret_access_key=***&region=eu"),
    ],
)
def test_shown(value, told):
    assert doctor.shown(value) == told


def test_servers_on_several_hosts_need_one_secret_and_one_storage():
    shared = {"database_url": "postgresql://db/recto", "secret_key": "s" * 16, "storage_url": "s3://bucket"}
    assert [one.level for one in doctor._shared(Settings(**shared))] == ["ok"]
    for name in ("secret_key", "storage_url"):
        (finding,) = doctor._shared(Settings(**{**shared, name: None}))
        assert finding.level == "note"
        assert f"RECTO_{name.upper()}" in finding.text
    assert [one.level for one in doctor._shared(Settings(database_url=None))] == ["ok"]


@pytest.mark.parametrize(
    ("name", "told"),
    [("large", "ok      it has large"), ("huge", "note    it does not list huge, but small, large")],
)
def test_the_model_endpoint_is_asked(report, name, told):
    with model_server(lambda body, number: None) as server:
        ended = report(RECTO_MODEL_URL=server.url, RECTO_MODEL_ACCURATE=name, RECTO_MODEL_KEY="model-key-1")
        assert server.keys == ["Bearer model-key-1"]
    assert ended.code == 0
    assert told in ended.out
    assert "model-key-1" not in ended.out


@pytest.mark.parametrize(("engine", "level", "code"), [("auto", "note", 0), ("model", "broken", 1)])
def test_a_model_out_of_reach_is_told(report, engine, level, code):
    ended = report(
        RECTO_MODEL_URL="http://127.0.0.1:9/v1", RECTO_MODEL_ACCURATE="m", RECTO_EXTRACT_ENGINE=engine
    )
    assert ended.code == code
    assert any(line.startswith(level) for line in lines(ended, "127.0.0.1:9 cannot be reached"))
