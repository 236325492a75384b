"""A worker stands still past its lease and then goes on as if nothing had been: one outcome, one message."""

import os
import signal
import time

from chaos.receiver import receiver
from chaos.site import until, worker_of
from chaos.sizes import SIZES
from documents.pdfs import pages_pdf

PAGES = 40


def test_a_worker_stops_past_its_lease_and_goes_on(made):
    with receiver() as hook:
        made.start_api()
        workers = [made.start_worker(), made.start_worker()]
        job_id = made.submit(made.upload(pages_pdf(PAGES, 1500)), hook)

        def reading() -> dict[int, int]:
            """The unit each worker is at."""
            query = "SELECT worker, id FROM unit WHERE status = 'running' AND kind = 'read'"
            return {worker_of(name): unit for name, unit in made.rows(query)}

        until(lambda: len(reading()) == 2, pause_s=0.01)
        victim = workers[0]
        held = reading().get(victim.pid)
        # Its children too: whoever stops a container stops them all.
        whole = [victim.pid, *(child.pid for child in made.children(victim))]
        for pid in whole:
            os.kill(pid, signal.SIGSTOP)
        assert held is not None
        time.sleep(max(SIZES.frozen_s, SIZES.lease_s + 2))
        for pid in reversed(whole):
            os.kill(pid, signal.SIGCONT)
        made.all_end()
        until(lambda: hook.about(job_id))
        time.sleep(3)  # what it has to say about the unit it held, it says now
        assert victim.poll() is None, "it goes on"
        assert len(hook.about(job_id)) == 1
        job = made.job(job_id)
        assert (job["status"], job["num_pages"], job["warnings"]) == ("Completed", PAGES, [])
        text = made.text_of(job)
        assert [text.count(f"Page {n}\n") + text.count(f"Page {n} ") for n in range(1, PAGES + 1)] == [
            1
        ] * PAGES
        units = made.rows("SELECT pages, status FROM unit WHERE kind = 'read' ORDER BY pages")
        assert [status for _, status in units] == ["done"] * (PAGES // 4)
        after = made.submit(made.upload(pages_pdf(1)), hook)
        made.all_end()
        assert made.job(after)["status"] == "Completed"
