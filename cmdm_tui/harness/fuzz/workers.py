"""Fuzzes with several processes, each with a seed and a share of the requests of its own."""

import multiprocessing
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING

from cmdm_tui.harness.fuzz import reduce
from cmdm_tui.harness.fuzz.engine import FuzzSettings, Run
from cmdm_tui.harness.fuzz.events import Event, FailureSaved, RunEnded, RunStarted, Tell
from cmdm_tui.harness.fuzz.saving import save_failure
from cmdm_tui.harness.fuzz.target import Target
from cmdm_tui.harness.guard import Guard, SecretLeak

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

Opening = Callable[[], AbstractContextManager[Target]]
"""Opens a target; a function of a module, so that a worker's process can be told it."""


class WorkerFailed(Exception):
    """A worker could not run; the message says why."""


def fuzz(opening: Opening, settings: FuzzSettings, tell: Tell, report: Path) -> RunEnded:
    """Fuzz what `opening` opens, and write failures down below `report`.

    Raises Refused, ControlFailed, SecretLeak or WorkerFailed where it cannot run.
    """
    if settings.workers == 1:
        with opening() as target:
            return fuzz_one(target, settings, tell, report)
    return _fuzz_many(opening, settings, tell, report)


def fuzz_one(
    target: Target, settings: FuzzSettings, tell: Tell, report: Path, worker: int = 0
) -> RunEnded:
    """Fuzz one target in this process."""

    def save(failure: str, path: reduce.Path) -> None:
        guard = Guard([*run.session.secrets.values, target.control_token or ""])
        case, cassette = save_failure(report, failure, path, guard, seed=settings.seed)
        tell(FailureSaved(failure, case, cassette, worker))

    run = Run(target, settings, tell, save, worker)
    return run()


def _fuzz_many(opening: Opening, settings: FuzzSettings, tell: Tell, report: Path) -> RunEnded:
    context = multiprocessing.get_context("spawn")
    events: Queue[Event | str] = context.Queue(maxsize=10_000)
    processes = [
        context.Process(
            target=_work,
            args=(opening, _share(settings, number), report, number, events),
            daemon=True,
        )
        for number in range(settings.workers)
    ]
    for process in processes:
        process.start()
    ended: dict[int, RunEnded] = {}
    begun = False
    try:
        while len(ended) < len(processes):
            event = _next(events, processes, ended)
            if isinstance(event, str):
                raise WorkerFailed(event)
            if isinstance(event, RunStarted):
                if not begun:
                    tell(replace(event, requests=settings.requests, seed=settings.seed))
                begun = True
            elif isinstance(event, RunEnded):
                ended[event.worker] = event
            else:
                tell(event)
    finally:
        for process in processes:
            if len(ended) < len(processes):
                process.terminate()
            process.join()
    total = _together(list(ended.values()))
    tell(total)
    return total


def _next(
    events: "Queue[Event | str]",
    processes: Sequence[BaseProcess],
    ended: dict[int, RunEnded],
) -> Event | str:
    while True:
        try:
            return events.get(timeout=1)
        except Empty:
            for number, process in enumerate(processes):
                if number not in ended and not process.is_alive():
                    raise WorkerFailed(f"Worker {number} ended without a word.") from None


def _share(settings: FuzzSettings, number: int) -> FuzzSettings:
    if settings.requests is None:
        return settings
    least, more = divmod(settings.requests, settings.workers)
    return replace(settings, requests=least + (number < more))


def _work(
    opening: Opening,
    settings: FuzzSettings,
    report: Path,
    worker: int,
    events: "Queue[Event | str]",
) -> None:
    from cmdm_tui.harness.control import ControlFailed
    from cmdm_tui.harness.fuzz.session import Refused

    try:
        with opening() as target:
            # What several share cannot be restored by one, nor counted on by any.
            fuzz_one(target, settings, events.put, report, worker)
    except (Refused, ControlFailed, SecretLeak) as error:
        events.put(str(error))
    except KeyboardInterrupt:
        pass


def _together(ended: list[RunEnded]) -> RunEnded:
    judged: Counter[str] = Counter()
    for one in ended:
        judged.update(one.judged)
    return RunEnded(
        sum(one.requests for one in ended),
        sum(one.examples for one in ended),
        max(one.seconds for one in ended),
        tuple(dict.fromkeys(failure for one in ended for failure in one.failures)),
        tuple(sorted({failure for one in ended for failure in one.known})),
        ended[0].reason if len({one.reason for one in ended}) == 1 else "every worker ended",
        dict(judged),
    )
