"""Two worker hosts with networks of their own, a database and an S3 storage between them; one host is cut off.

Each host is a network namespace with one cable to the machine; where none can be made (not root, no kernel
support) a line of our own (`chaos.gateway`) stands for the cable, and is cut instead.
"""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chaos.gateway import gateway
from chaos.receiver import Receiver, receiver
from chaos.site import Site, until
from chaos.sizes import SIZES
from chaos.test_outages import on_s3, s3
from documents.pdfs import pages_pdf

PAGES = 24
JOBS = 3
FIRST_NUMBER = os.getpid() * 2 % 250  # so that two runs on one machine do not meet
NETWORK = "10.231.{number}.{end}"  # private (RFC 1918), inside the machine only


@dataclass
class Host:
    """A place for a worker: what to put before its command, where it finds the machine, how to cut it off."""

    inside: tuple[str, ...]
    machine: str
    name: str

    def link(self, state: str) -> None:
        subprocess.run(["ip", "link", "set", f"{self.name}a", state], check=True, capture_output=True)


@contextlib.contextmanager
def network_namespace(number: int) -> Iterator[Host | None]:
    """A network namespace and its cable; None where the kernel or the user does not allow it."""
    name = f"recto{number}n"  # an interface's name has 15 characters at most
    ours, theirs = (NETWORK.format(number=number, end=end) for end in (1, 2))
    steps = [
        f"ip netns add {name}",
        f"ip link add {name}a type veth peer name {name}b",
        f"ip link set {name}b netns {name}",
        f"ip addr add {ours}/24 dev {name}a",
        f"ip link set {name}a up",
        f"ip netns exec {name} ip addr add {theirs}/24 dev {name}b",
        f"ip netns exec {name} ip link set {name}b up",
        f"ip netns exec {name} ip link set lo up",
    ]
    made = True
    try:
        for step in steps:
            try:
                made = made and not subprocess.run(step.split(), capture_output=True, check=False).returncode
            except FileNotFoundError:
                made = False
        yield Host(("ip", "netns", "exec", name), ours, name) if made else None
    finally:
        with contextlib.suppress(FileNotFoundError):
            subprocess.run(["ip", "link", "del", f"{name}a"], check=False, capture_output=True)
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


@pytest.fixture(scope="module", autouse=True)
def _no_leftovers() -> Iterator[None]:
    yield
    for number in (FIRST_NUMBER, FIRST_NUMBER + 1):
        assert not Path(f"/sys/class/net/recto{number}na").exists()


@pytest.mark.timeout(SIZES.patience_s * 2)
@pytest.mark.parametrize("kind", ["namespaces", "lines"])
def test_a_host_is_cut_off_and_comes_back(kind, empty_site):
    with contextlib.ExitStack() as stack:
        hook = stack.enter_context(receiver())
        server = stack.enter_context(s3())
        near = stack.enter_context(gateway(server))
        made = empty_site(**on_s3(near))
        hosts = [stack.enter_context(network_namespace(FIRST_NUMBER + n)) for n in range(2)]
        if kind == "namespaces" and None in hosts:
            pytest.skip("network namespaces need root and a kernel that has them")
        made.start_api()
        workers, cuts = [], []
        for host in hosts:
            inside, address = ((), "127.0.0.1") if kind == "lines" else (host.inside, host.machine)
            database = stack.enter_context(gateway(made.socket, address))
            storage = stack.enter_context(gateway(server, address))
            own = {
                **on_s3(storage),
                "database_url": f"postgresql://recto@{address}:{database.port}/recto?sslmode=disable",
                "data_dir": str(made.folder / f"host-{len(workers)}"),
            }
            if kind == "lines":
                cuts.append(((database.cut, storage.cut), (database.mend, storage.mend)))
            else:
                cuts.append(((lambda h=host: h.link("down"),), (lambda h=host: h.link("up"),)))
            workers.append(made.start_worker(more=own, inside=inside))
        check_cut_off(made, hook, cuts[0])
        assert [worker.poll() for worker in workers] == [None, None]


def check_cut_off(made: Site, hook: Receiver, cut) -> None:
    cut_off, mend = cut
    file_id = made.upload(pages_pdf(PAGES, 800))
    jobs = [made.submit(file_id) for _ in range(JOBS)]

    def at_work() -> set[str]:
        return {name for (name,) in made.rows("SELECT DISTINCT worker FROM unit WHERE status = 'running'")}

    until(lambda: len(at_work()) == 2, pause_s=0.01)
    for act in cut_off:
        act()
    time.sleep(SIZES.cut_off_s)
    for act in mend:
        act()
    made.all_end()
    for job_id in jobs:
        job = made.job(job_id)
        assert (job["status"], job["num_pages"], job["warnings"]) == ("Completed", PAGES, []), job
        text = made.text_of(job)
        found = [text.count(f"Page {n}\n") + text.count(f"Page {n} ") for n in range(1, PAGES + 1)]
        assert found == [1] * PAGES
    units = made.rows("SELECT job_id, pages FROM unit WHERE kind = 'read' AND status = 'done'")
    assert len(units) == len({(job, tuple(pages)) for job, pages in units}) == JOBS * PAGES // 4
    until(lambda: len(made.alive_workers()) == 2, 60)
    before = made.alive_workers()
    more = [made.submit(file_id) for _ in range(2)]
    until(lambda: at_work() == before, pause_s=0.01)  # the one that was away works again
    made.all_end()
    assert {made.job(job_id)["status"] for job_id in more} == {"Completed"}
