"""How much room hosts get: quick ones more, silent ones little, and never less than the least."""

from hypothesis import given
from hypothesis import strategies as st

from recto.webhooks import hosts
from recto.webhooks.hosts import LEAST_ROOM, MOST_ROOM, QUICK_S, START_ROOM, HostRooms


def after(*answers):
    rooms = HostRooms()
    for seconds in answers:
        rooms.began("h")
        rooms.ended("h", seconds)
    return rooms.rooms()["h"]


def test_room_grows_with_quick_answers_and_shrinks_with_slow_and_missing_ones():
    assert after(0.1) == START_ROOM * 2
    assert after(*[0.1] * 20) == MOST_ROOM
    assert after(0.1, 0.1, QUICK_S * 3) == START_ROOM
    assert after(0.1, 0.1, None) == LEAST_ROOM
    assert after(None, QUICK_S * 3) == LEAST_ROOM, "a slow answer gives no room"
    assert after(None, 0.1) == LEAST_ROOM * 2


def test_what_is_under_way_takes_room():
    rooms = HostRooms()
    for _ in range(START_ROOM + 2):
        rooms.began("h")
    assert rooms.rooms() == {"h": 0}
    rooms.ended("h", 0.1)
    assert rooms.rooms() == {"h": START_ROOM * 2 - START_ROOM - 1}


@given(st.lists(st.one_of(st.none(), st.floats(0, 60)), max_size=60))
def test_room_stays_within_its_limits(answers):
    assert LEAST_ROOM <= after(0.1, *answers) <= MOST_ROOM


def test_idle_hosts_are_forgotten(monkeypatch):
    monkeypatch.setattr(hosts, "REMEMBERED", 2)
    rooms = HostRooms()
    rooms.began("busy")
    for name in "abc":
        rooms.began(name)
        rooms.ended(name, 0.1)
    assert "busy" in rooms.rooms()
    assert len(rooms.rooms()) <= 2
