"""`recto usage` and `recto audit` tell what calls and commands did."""

import time

import httpx

MOMENT_S = 10.0


def test_usage_and_audit(recto, server, of_server):
    made = recto("keys", "create", "told of", "--scope", "read", "--days", "2", "--rate", "50", env=of_server)
    key = made.out.strip()
    headers = {"authorization": f"Bearer {key}"}
    assert httpx.get(f"{server.url}/jobs", headers=headers).status_code == 200
    assert httpx.post(f"{server.url}/parse", headers=headers, json={}).status_code == 403
    (line,) = [one for one in recto("keys", "list", env=of_server).out.splitlines() if "told of" in one]
    assert "until 20" in line
    assert " used 20" in line
    assert " read " in line

    until = time.monotonic() + MOMENT_S
    while "told of" not in (usage := recto("usage", env=of_server).out):
        assert time.monotonic() < until
        time.sleep(0.2)
    (line,) = [one for one in usage.splitlines() if one.endswith("told of")]
    assert int(line.split()[1]) >= 1

    log = recto("audit", "--limit", "1000", env=of_server).out.splitlines()
    assert [one for one in log if key[:10] in one and "GET /jobs" in one and "  200  127.0.0.1" in one]
    assert [one for one in log if "command line" in one and "key created" in one]
    assert key not in str(log)


def test_scopes_and_organisations_that_are_not_there(recto, of_server):
    ended = recto("keys", "create", "x", "--scope", "root", env=of_server)
    assert (ended.code, "run, read, admin" in ended.err) == (1, True)
    assert recto("usage", "--organisation", "Nobody", env=of_server).code == 1
    assert "default" in recto("keys", "organisations", env=of_server).out
