"""What a child that opens documents cannot do: reach the network or other processes, write without end, litter."""

import os
import struct
import sys
from uuid import uuid4

import pytest

import child_work
from recto.errors import DocumentTooLarge, ReadTimedOut
from recto.jobs import children as children_module
from recto.jobs import confinement
from recto.jobs.children import Children
from recto.jobs.confinement import MACHINES, granted, program, take_room, tidy_room

FILTERED = sys.platform == "linux" and granted([sys.executable]) == "seccomp"
needs_filter = pytest.mark.skipif(not FILTERED, reason="this system grants no call filter")
DEAD = 2**22 + 1  # a process number beyond the largest


@pytest.fixture(scope="module")
def children(tmp_path_factory):
    pool = Children(1, 0, 512, 512, scratch=tmp_path_factory.mktemp("scratch"))
    yield pool
    pool.stop()


async def call(children, function, *args, timeout_s=20.0):
    return await children.run("read", uuid4(), timeout_s, function, *args)


@needs_filter
@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_PACKET"])
async def test_a_child_opens_no_socket(children, family):
    assert await call(children, child_work.reach, family) == "PermissionError"
    assert child_work.reach("AF_INET") == "opened", "the worker itself is free"


@needs_filter
async def test_nor_do_its_threads_and_the_programs_it_starts(children):
    assert await call(children, child_work.reach_from_thread_and_program) == ["PermissionError"] * 2


@needs_filter
async def test_a_child_reads_no_other_process(children):
    assert await call(children, child_work.read_memory_of, os.getpid()) == 13


async def test_what_reading_needs_still_works(children):
    assert await call(children, child_work.talk_to_itself) == b"still here"


async def test_a_file_without_end_is_told(children):
    most = children_module.FILE_BYTES
    assert await call(children, child_work.write_much, most) == most
    with pytest.raises(DocumentTooLarge):
        await call(children, child_work.write_much, most + 1)


async def test_what_a_piece_of_work_leaves_is_removed(children):
    room = await call(children, child_work.litter)
    assert os.path.basename(room).startswith("child-")  # noqa: PTH119 - a text is all that is needed
    assert os.stat(room).st_mode & 0o777 == 0o700  # noqa: PTH116
    await call(children, child_work.pid)  # the room is tidied before the next piece
    assert os.listdir(room) == []  # noqa: PTH208
    assert os.listdir("/etc"), "a link is removed, and not what it points to"  # noqa: PTH208


async def test_the_kernel_ends_a_child_that_computes_too_long(children, monkeypatch):
    """The worker's own deadline is taken away, as if it had no time to look."""
    monkeypatch.setattr(confinement.os, "cpu_count", lambda: 1)  # of this process; the child has its own
    pool = Children(1, 0, 512, 512)
    kept = pool._pools["read"].schedule
    pool._pools["read"].schedule = lambda function, args, timeout: kept(function, args=args)
    try:
        with pytest.raises(ReadTimedOut, match="processor time"):
            await call(pool, child_work.compute, 60.0, timeout_s=0.2)
        assert await call(pool, child_work.compute, 0.1, timeout_s=0.2) == 0.1, "each piece has its own time"
    finally:
        pool.stop()


def test_rooms_of_dead_children_are_removed_and_those_of_the_living_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(confinement.tempfile, "tempdir", None)
    for name in ("TMPDIR", "TMP", "TEMP"):
        monkeypatch.setenv(name, str(tmp_path))
    dead, living = tmp_path / f"child-{DEAD}", tmp_path / f"child-{os.getppid()}"
    for folder in (dead, living):
        folder.mkdir()
        (folder / "file").write_text("x")
    room = take_room(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([living, room])
    (room / "inner").mkdir()
    (room / "inner" / "file").write_text("x")
    tidy_room(room)
    assert list(room.iterdir()) == []


def run(code, architecture, call):
    """What the filter answers: a small machine for the instructions that it consists of."""
    steps = list(struct.iter_unpack("=HBBI", code))
    data, held, at = {0: call, 4: architecture}, 0, 0
    while True:
        operation, yes, no, value = steps[at]
        at += 1
        match operation:
            case confinement.LOAD_WORD:
                held = data[value]
            case confinement.JUMP_EQUAL:
                at += yes if held == value else no
            case confinement.JUMP_AT_LEAST:
                at += yes if held >= value else no
            case confinement.RETURN:
                return value == confinement.SECCOMP_RET_ALLOW


@pytest.mark.parametrize("name", MACHINES)
def test_the_filter_refuses_its_calls_and_no_others(name):
    machine = MACHINES[name]
    code = program(machine)
    refused = {call for call in range(600) if not run(code, machine.architecture, call)}
    assert refused == set(machine.refused)
    assert not run(code, machine.architecture, 0x40000000 + 41), "the same calls by another interface"
    assert not run(code, 0x40000003, 0), "the calls of another machine"
