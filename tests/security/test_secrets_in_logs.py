"""The log of a whole run at its most talkative holds no key, no password, no signed link, no secret of the server."""

import re

import httpx

from documents.pdfs import locked_pdf, pages_pdf

PASSWORD = "open-sesame-4711"
MARK = "recto-test-token-in-a-query-0815"


def test_nothing_secret_is_logged_or_audited(guarded, http):
    locked = http.post("/upload", files={"file": ("l.pdf", locked_pdf(PASSWORD))}).json()["file_id"]
    told = http.post("/parse", json={"input": locked, "settings": {"document_password": PASSWORD}})
    assert told.status_code == 200
    assert http.post(
        "/parse", json={"input": locked, "settings": {"document_password": PASSWORD + "x"}}
    ).is_error
    http.post("/parse", json={"input": f"https://nowhere.invalid/a.pdf?sig={MARK}"})
    plain = http.post("/upload", files={"file": ("p.pdf", pages_pdf(1))}).json()["file_id"]
    parsed = http.post("/parse", json={"input": plain, "settings": {"force_url_result": True}}).json()
    link = parsed["result"]["url"]
    assert httpx.get(link).status_code == 200
    assert httpx.get(link + "x").status_code == 404
    put = http.post("/upload", json={}).json()["presigned_url"]
    assert httpx.put(put, content=pages_pdf(1)).status_code == 200
    made = http.post("/recto/v1/keys", json={"name": "in the log?"}).json()["key"]
    assert httpx.get(f"{guarded.url}/jobs", headers={"authorization": f"Bearer {made}"}).status_code == 200
    http.post("/parse", content=b'{"input": ' + PASSWORD.encode())  # broken JSON

    secrets = {
        "the first key": guarded.key,
        "a key": made,
        "the server's secret": (guarded.data_dir / "secret.key").read_text().strip(),
        "a password": PASSWORD,
        "a link": link.rpartition("/")[2],
        "an upload link": put.rpartition("/")[2],
        "a query of a foreign URL": MARK,
    }
    log = guarded.log.read_text(errors="replace")
    # The welcome names the key that the operator chose himself nowhere, and a random one once.
    found = [name for name, secret in secrets.items() if secret in log]
    assert found == []
    assert re.search(r'"process": ?"worker"', log), "the run did log"
    entries = http.get("/recto/v1/audit?limit=1000").text
    assert [name for name, secret in secrets.items() if secret in entries] == []
