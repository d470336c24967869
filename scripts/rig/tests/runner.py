# SPDX-License-Identifier: GPL-2.0
"""Runs tests, two at a time, in the order in which they are listed."""

import shutil
import signal
import tempfile
from multiprocessing.connection import wait
from pathlib import Path

from rig.tests.registry import requirements
from rig.tests.report import Report, show
from rig.tests.worker import Worker

SLOTS = 2
SECOND_KERNELS = {"build/stock", "build/debug"}


def run(tests, quick):
    """Run the tests and print their results; the result is the exit status."""
    logs = Path(tempfile.mkdtemp(prefix="xen-rust-test-"))
    report, bad, running = Report(len(tests)), set(), []
    pending = list(tests)
    try:
        while pending or running:
            while pending and fits(pending[0], running):
                test = pending.pop(0)
                reason = reason_to_skip(test, quick, bad)
                if reason:
                    report.skip(test, reason)
                    bad.add(test.name)
                else:
                    running.append(Worker(test, logs / test.name.replace("/", "-")))
            show(", ".join(f"{worker.test.name} {worker.seconds():.0f} s" for worker in running))
            wait([worker.pipe for worker in running], timeout=1)
            for worker in [each for each in running if each.receive()]:
                running.remove(worker)
                report.result(worker.test, worker.checks, worker.seconds(), worker.log)
                if any(ok is False for _name, ok, _detail in worker.checks):
                    bad.add(worker.test.name)
    finally:
        stop(running)
        if not report.failed:
            shutil.rmtree(logs)
    return report.close()


def stop(running):
    """End the tests that still run; an impatient second Ctrl-C must not leave half of them behind."""
    handlers = {each: signal.signal(each, signal.SIG_IGN) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for worker in running:
        worker.stop()
    for each, handler in handlers.items():
        signal.signal(each, handler)


def fits(test, running):
    """Whether a test may start beside those that run: none that it needs, and room for it."""
    if any(worker.test.name in requirements(test.name) for worker in running):
        return False
    return not running or (len(running) < SLOTS and not test.exclusive and not running[0].test.exclusive)


def reason_to_skip(test, quick, bad):
    """Why a test is not run, if it is not."""
    if quick and SECOND_KERNELS & {test.name, *requirements(test.name)}:
        return "--quick builds no second kernel"
    missing = [name for name in test.needs if name in bad]
    return f"{missing[0]} did not pass" if missing else ""
