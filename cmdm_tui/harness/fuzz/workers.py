"""Fuzzes with several processes, each with its own seed and its share of the requests."""

import multiprocessing
import signal
import threading
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING

from cmdm_tui.harness.errors import HarnessError
from cmdm_tui.harness.fuzz.events import (
    FailureSaved,
    FuzzEvent,
    FuzzListener,
    Progress,
    RunEnded,
    RunStarted,
)
from cmdm_tui.harness.fuzz.execute.run_budget import StopSignal
from cmdm_tui.harness.fuzz.runner import FuzzRunner
from cmdm_tui.harness.fuzz.save.case_writer import save_failure
from cmdm_tui.harness.fuzz.settings import INTERRUPTED, FuzzSettings
from cmdm_tui.harness.fuzz.shrink.reproduction import Reproduction
from cmdm_tui.harness.service import Service, ServiceFailed
from cmdm_tui.redaction.leak_scanner import LeakScanner, SecretLeak
from cmdm_tui.redaction.people.person_redactor import PersonRedactor
from cmdm_tui.redaction.people.redaction_hook import RedactionHookFailed
from cmdm_tui.text import describe_unexpected

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

_END_SIGNALS = tuple(
    signal.Signals[name]
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if name in signal.Signals.__members__
)

PrepareService = Callable[[], AbstractContextManager[Service]]
"""Prepares a service, which the run opens. It can be pickled, to be sent to a worker's process."""


class WorkerFailed(HarnessError):
    """A worker could not run; the message says why."""


def fuzz(
    prepare: PrepareService,
    settings: FuzzSettings,
    notify: FuzzListener,
    report: Path,
    *,
    stop: StopSignal | None = None,
    guard: LeakScanner | None = None,
) -> RunEnded:
    """Fuzz what `prepare` prepares, and write failures down below `report`.

    It ends soon after `stop` is set. `guard` learns every secret of the run, for what is written
    about it later. Raises HarnessError or SecretLeak where it cannot run.
    """
    guard = LeakScanner() if guard is None else guard
    if settings.workers == 1:
        with prepare() as service:
            return fuzz_in_process(service, settings, notify, report, stop=stop, guard=guard)
    return _fuzz_many(prepare, settings, notify, report, stop, guard)


def fuzz_in_process(
    service: Service,
    settings: FuzzSettings,
    notify: FuzzListener,
    report: Path,
    worker: int = 0,
    *,
    stop: StopSignal | None = None,
    guard: LeakScanner | None = None,
) -> RunEnded:
    """Fuzz one service in this process."""
    scanner = LeakScanner() if guard is None else guard

    def learn() -> None:
        known = runner.session.exchanger.secrets.values
        for secret in known | service.leak_scanner.secrets:
            scanner.add_secret(secret)

    def save(failure: str, found: Reproduction, people: PersonRedactor | None) -> None:
        learn()
        case, cassette = save_failure(
            report, failure, found, scanner, seed=settings.seed, people=people
        )
        notify(FailureSaved(failure, case, cassette, worker))

    def tell(event: FuzzEvent) -> None:
        # Reports are written as the run goes, and none may be without what the guard knows.
        if isinstance(event, RunStarted | Progress):
            learn()
        notify(event)

    runner = FuzzRunner(service, settings, tell, save, worker, stop)
    try:
        return runner.run()
    finally:
        learn()


@dataclass(frozen=True, slots=True)
class _LearntSecrets:
    """The secrets of a worker's run, for the process that writes the reports."""

    secrets: frozenset[str] = field(repr=False)


WorkerMessage = FuzzEvent | _LearntSecrets | str
"""What a worker sends: an event, its secrets, or why it cannot go on."""


def _fuzz_many(
    prepare: PrepareService,
    settings: FuzzSettings,
    notify: FuzzListener,
    report: Path,
    stop: StopSignal | None,
    guard: LeakScanner,
) -> RunEnded:
    context = multiprocessing.get_context("spawn")
    messages: Queue[WorkerMessage] = context.Queue(maxsize=10_000)
    ending = context.Event()
    processes = [
        context.Process(
            target=_run_worker,
            args=(
                prepare,
                _worker_settings(settings, number),
                report,
                number,
                messages,
                ending,
            ),
            daemon=True,
        )
        for number in range(settings.workers)
    ]
    listener = _WorkerListener(settings, notify, guard)
    ended, is_interrupted = listener.ended, False
    try:
        with _interrupts_ignored():
            for process in processes:
                process.start()
        while len(ended) < len(processes):
            try:
                listener.handle(_next_message(messages, processes, ended))
            except KeyboardInterrupt:
                if is_interrupted:
                    raise
                is_interrupted = True
            if is_interrupted or (stop is not None and stop.is_set()):
                ending.set()
    finally:
        for process in processes:
            if process.pid is not None:
                if len(ended) < len(processes):
                    process.kill()
                process.join()
    total = _combine(list(ended.values()))
    if is_interrupted and not total.is_cut:
        total = replace(total, reason=INTERRUPTED)
    notify(total)
    return total


@contextmanager
def _interrupts_ignored() -> Generator[None]:
    """Start processes in the block that ignore Ctrl-C and a signal to all of them.

    The process that started them ends them, and gives them the time to restore and clean up.
    """
    if threading.current_thread() is not threading.main_thread():
        # Only that one may; where another fuzzes, a screen has the terminal.
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _END_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass
class _WorkerListener:
    """Passes on what workers send: one start, every event, no secret."""

    settings: FuzzSettings
    notify: FuzzListener
    guard: LeakScanner
    ended: dict[int, RunEnded] = field(default_factory=dict[int, RunEnded])
    is_begun: bool = False

    def handle(self, message: WorkerMessage | None) -> None:
        """Take a message; raise WorkerFailed for a worker that cannot go on."""
        match message:
            case None:
                pass
            case str():
                raise WorkerFailed(message)
            case _LearntSecrets():
                for secret in message.secrets:
                    self.guard.add_secret(secret)
            case RunStarted():
                if not self.is_begun:
                    given = self.settings
                    self.notify(replace(message, requests=given.requests, seed=given.seed))
                self.is_begun = True
            case RunEnded():
                self.ended[message.worker] = message
            case _:
                self.notify(message)


def _next_message(
    messages: "Queue[WorkerMessage]", processes: Sequence[BaseProcess], ended: dict[int, RunEnded]
) -> WorkerMessage | None:
    """Return the next message, None where there was none for a while."""
    try:
        return messages.get(timeout=0.2)
    except Empty:
        for number, process in enumerate(processes):
            if number not in ended and not process.is_alive() and messages.empty():
                raise WorkerFailed(f"Worker {number} ended without a word.") from None
    return None


def _worker_settings(settings: FuzzSettings, number: int) -> FuzzSettings:
    if settings.requests is None:
        return settings
    least, more = divmod(settings.requests, settings.workers)
    return replace(settings, requests=least + (number < more))


def _run_worker(
    prepare: PrepareService,
    settings: FuzzSettings,
    report: Path,
    worker: int,
    messages: "Queue[WorkerMessage]",
    ending: StopSignal,
) -> None:
    from cmdm_tui.harness.control_client import ControlFailed

    sent: set[str] = set()

    class ReportingScanner(LeakScanner):
        """Sends each secret to the parent, before any event that may hold it."""

        def add_secret(self, secret: str) -> None:
            super().add_secret(secret)
            if secret and secret not in sent:
                sent.add(secret)
                messages.put(_LearntSecrets(frozenset({secret})))

    try:
        with prepare() as service:
            held: list[RunEnded] = []

            def notify(event: FuzzEvent) -> None:
                # The end is sent last, after every secret.
                held.append(event) if isinstance(event, RunEnded) else messages.put(event)

            scanner = ReportingScanner()
            fuzz_in_process(service, settings, notify, report, worker, stop=ending, guard=scanner)
            messages.put(held[-1])
    except (ServiceFailed, ControlFailed, SecretLeak, RedactionHookFailed) as error:
        messages.put(str(error))
    except Exception as error:  # noqa: BLE001 — left to the process, its message would be printed
        messages.put(f"Worker {worker} was ended by {describe_unexpected(error)}, a fault of cmdm.")
    except KeyboardInterrupt:
        pass


def _combine(ended: list[RunEnded]) -> RunEnded:
    judged: Counter[str] = Counter()
    for one in ended:
        judged.update(one.judged)
    return RunEnded(
        sum(one.requests for one in ended),
        sum(one.examples for one in ended),
        max(one.seconds for one in ended),
        tuple(dict.fromkeys(failure for one in ended for failure in one.failures)),
        tuple(sorted({failure for one in ended for failure in one.known})),
        _combined_reason(ended),
        dict(judged),
        left=tuple(dict.fromkeys(record for one in ended for record in one.left)),
        is_cut=any(one.is_cut for one in ended),
        is_limited=any(one.is_limited for one in ended),
        absent=tuple(dict.fromkeys(entity for one in ended for entity in one.absent)),
    )


def _combined_reason(ended: list[RunEnded]) -> str:
    cut = [one.reason for one in ended if one.is_cut]
    reasons = {one.reason for one in ended}
    return cut[0] if cut else reasons.pop() if len(reasons) == 1 else "every worker ended"
