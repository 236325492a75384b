"""The benchmark of growth: what it reads, how it reckons, and that its storm comes on time."""

import pytest

import scale
from scale import Speed


def test_both_ways_of_reading_read_every_page(tmp_path):
    path = tmp_path / "long.pdf"
    scale.long_pdf(path, 12)
    assert scale.read_whole(path, tmp_path) > 0
    text = (tmp_path / "result").read_bytes().decode(errors="replace")
    assert all(f"Harbour Report, part {page}" in text for page in range(1, 13))
    speed = scale.raw_speed(path, pages=12, times=2, processes=2)
    assert speed.rate > 0
    assert speed.used["reading"] > 0


def found(workers, raw, served, used):
    return {
        "workers": workers,
        "document": "long",
        "raw": Speed(raw, {"reading": 10.0}),
        "served": Speed(served, used),
    }


def test_shares_are_of_the_raw_speed_and_of_the_processor():
    one = found(1, 50.0, 45.0, {"children": 10.0, "worker": 2.5})
    two = found(2, 100.0, 80.0, {"children": 10.0, "worker": 10.0})
    lines = list(scale.speed_lines([one, two]))
    assert lines[1].split()[:6] == ["long", "1", "50.0", "45.0", "90%", "1.00"]
    assert "20%" in lines[1]
    assert lines[1].endswith("yes")
    assert lines[2].split()[4:7] == ["80%", "1.78", "50%"]
    assert lines[2].endswith("NO")


async def test_a_storm_comes_on_time_and_is_measured_from_when_it_was_due(server):
    with scale.httpx.Client(base_url=server.url, headers=server.headers, timeout=30) as client:
        path = server.data_dir.parent / "one.pdf"
        scale.one_page_pdf(path)
        file_id = scale.upload(client, path)
    took = await scale.storm(server.url, file_id, "batch", 0.3, key=server.key)
    assert len(took) == 30
    assert min(took) > 0


@pytest.mark.parametrize(("slowest", "verdict"), [(99.0, "yes"), (101.0, "NO")])
def test_the_reach_is_told(slowest, verdict):
    (_, line) = scale.latency_lines({"alone": [1.0] * 10 + [slowest]})
    assert line.endswith(verdict)
