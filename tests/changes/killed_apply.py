"""A program that applies a run and kills itself at a given point, as `kill -9` would.

Its modules are loaded once; each line of its input is an apply, which a fork makes. Points are each
before and after every write of the journal, before each request and after its answer, and while a
request is under way.
"""

import asyncio
import os
import random
import signal
import sys
from pathlib import Path

import httpx
import msgspec

from cmdm_tui.api import Client
from cmdm_tui.api.models import PendingWrite, Properties
from cmdm_tui.changes.apply import ChangeApplier
from cmdm_tui.changes.journal import Journal, JournalRun
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.changes.journal_file import JournalFile
from cmdm_tui.config import Credentials, SecretStr
from tests.changes.conftest import MARKS, QUICK

LEFT_OPEN = 3
"""How a process ends whose run ended by itself with something left, as after two tokens revoked."""


class Order(msgspec.Struct):
    """One apply: it ends at the point numbered `kill_at`, or at its own end where that is 0."""

    url: str
    credentials: tuple[str, str, str, str]
    journal: str
    run_id: int
    kill_at: int
    seed: int
    broken: str = ""


class Killer:
    """Counts points, and kills this process at one of them."""

    def __init__(self, kill_at: int, seed: int) -> None:
        self.left = kill_at
        self._random = random.Random(seed)

    def pass_point(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def pass_request(self) -> None:
        """Pass a point, or die at it a little later, while the service is at the request."""
        if self.left == 1 and self._random.random() < 0.5:
            self.left = 0
            signal.setitimer(signal.ITIMER_REAL, self._random.uniform(0.0002, 0.004))
            return
        self.pass_point()


class MortalNetwork(httpx.AsyncHTTPTransport):
    """The network, at which the process may be killed."""

    def __init__(self, killer: Killer) -> None:
        super().__init__(verify=False)
        self._killer = killer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._killer.pass_request()
        answer = await super().handle_async_request(request)
        self._killer.pass_point()
        return answer


class MarksAfter(JournalRun):
    """A broken journal: what is about to be sent is not on the disk before it is sent."""

    def mark_sending(
        self, number: int, *, write: PendingWrite, observed: Properties | None
    ) -> JournalEntry:
        return self.entry(number)


class MarksDone(JournalRun):
    """A broken journal: a change is done before it is sent."""

    def mark_sending(
        self, number: int, *, write: PendingWrite, observed: Properties | None
    ) -> JournalEntry:
        super().mark_sending(number, write=write, observed=observed)
        return self.set_state(number, EntryState.DONE, result_id=self.entry(number).result_id)


BROKEN = {"": JournalRun, "after": MarksAfter, "before": MarksDone}


async def apply(order: Order) -> bool:
    """Apply the run; return whether nothing is left, where it is not killed."""
    killer = Killer(order.kill_at, order.seed)
    execute = JournalFile.execute

    def execute_mortally(self: JournalFile, sql: str, *values: object) -> None:
        killer.pass_point()
        execute(self, sql, *values)
        killer.pass_point()

    JournalFile.execute = execute_mortally
    client_id, client_secret, username, password = order.credentials
    credentials = Credentials(
        SecretStr(client_id), SecretStr(client_secret), username, SecretStr(password)
    )
    network = MortalNetwork(killer)
    with Journal.open(Path(order.journal)) as journal:
        async with Client(
            order.url, credentials, transport=network, policy=QUICK, mark_fields=MARKS
        ) as client:
            run = journal.load(order.run_id)
            run.__class__ = BROKEN[order.broken]
            return (await ChangeApplier(client, run).run()).is_complete


def kill_self(_: int, __: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    for line in sys.stdin:
        order = msgspec.json.decode(line, type=Order)
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGALRM, kill_self)
            os._exit(0 if asyncio.run(apply(order)) else LEFT_OPEN)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
