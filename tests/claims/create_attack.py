"""Creates under faults: a service that fails in every way, a careful script, and the audit of both.

As a program it is the script: `python -m tests.claims.create_attack URL COUNT MARKS WHO` creates
records, looks for each whose answer is lost, sends again only what is not found, and prints what it
came to know as JSON.
"""

import asyncio
import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from cmdm_tui.api import (
    ApiError,
    Client,
    Credentials,
    OutcomeUnknown,
    RetryPolicy,
    SecretStr,
    WriteVerdict,
)
from tests.claims.odd_service import Answer, Call, OddService

CREDENTIALS = Credentials(SecretStr("client"), SecretStr("secret-1"), "odd", SecretStr("password"))
EAGER = RetryPolicy(attempts=8, first_wait=0.001, longest_wait=0.002)
MARK_FIELD = "Ref"
_LOST_READS = 0.1
"""The share of GETs that get no answer."""

FAULTS = (
    "reset before", "reset after", "500 before", "500 after", "503 after", "403 before",
    "403 after", "400 token before", "400 token after", "429 after", "cut after", "no id after",
    "location after", "401 before", "202 soon", "html after",
    "reset later",
)  # fmt: skip
STAMPS = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:00Z", "%Y-%m-%d", "%d.%m.%Y")


@dataclass(frozen=True)
class Known:
    """What a script knows of one create: `done` with its id, `refused`, or `unknown`."""

    name: str
    state: str
    external_id: str | None = None


class FaultyCreates:
    """Answers creates with a fault each second time.

    `before` it is not done, `after` it is; `soon` and `later`, it is a moment after the answer.
    """

    def __init__(self, service: OddService, seed: int, faults: Sequence[str] = FAULTS) -> None:
        self._service = service
        self._chance = random.Random(seed)
        self._faults = faults
        self._lock = threading.Lock()
        self._is_sick = False
        self._stamp = self._chance.choice(STAMPS)
        self.timers: list[threading.Timer] = []

    def __call__(self, call: Call) -> Answer | None:
        with self._lock:
            fault = self._chance.choice(self._faults) if self._chance.random() < 0.5 else "none"
            share = self._chance.random()
        if call.method == "GET":
            return Answer(raw=b"") if share < _LOST_READS else None
        if call.method != "POST":
            return None
        what, _, when = fault.rpartition(" ")
        if fault == "none":
            return self._make(call)
        if when == "before":
            return self._answer(what, Answer(), share)
        if when in {"soon", "later"}:
            timer = threading.Timer(0.02, self._make, (call,))
            self.timers.append(timer)
            timer.start()
        if when == "later":
            return Answer(raw=b"", reset=True)
        if when == "soon":
            return Answer.of({"Message": "Queued."}, 202)
        return self._answer(what, self._make(call), share)

    def _make(self, call: Call) -> Answer:
        answer = self._service.create(call)
        with self._service.lock:
            external_id = json.loads(answer.body)["ExternalID"]
            values = dict(next(row for row in self._service.rows[::-1] if row[0] == external_id)[1])
            values["CreatedDate"] = time.strftime(self._stamp, time.gmtime(time.time() - 5))
            self._service.rows[:] = [
                (key, values if key == external_id else row) for key, row in self._service.rows
            ]
        return answer

    def _answer(self, what: str, made: Answer, share: float) -> Answer:
        key = made.body
        match what:
            case "reset":
                return Answer(raw=b"")
            case "cut":
                return Answer(201, key, cut=int(share * len(Answer(201, key).encode("now"))))
            case "no id":
                return Answer.of({"Message": "Created."}, 201)
            case "location":
                external_id = json.loads(key)["ExternalID"]
                return Answer(201, b"", (("Location", f"/api/v1/lead/{external_id}"),))
            case "html":
                return Answer(200, b"<html>done</html>", content_type="text/html")
            case "400 token":
                return Answer.of({"Message": "Unexpected token"}, 400)
            case "429" | "503":
                return Answer.of({"Message": "slow"}, int(what), **{"Retry-After": "0.01"})
            case _:
                return Answer.of({"Message": "no"}, int(what))


async def run_script(url: str, count: int, *, marks: bool, who: str) -> list[Known]:
    """Create `count` records, half with a name of their own; return what is known of each."""
    limit = asyncio.Semaphore(4)
    mark_fields = {"lead": MARK_FIELD} if marks else {}

    async def create(client: Client, name: str) -> Known:
        async with limit:
            for _ in range(20):
                try:
                    made = await client.create("lead", {"LastName": name})
                except OutcomeUnknown as doubt:
                    try:
                        found = await client.reconcile(doubt, pause=0.0)
                    except ApiError:
                        return Known(name, "unknown")
                    if found.verdict is WriteVerdict.FOUND:
                        return Known(name, "done", found.external_id)
                    if found.verdict is WriteVerdict.CANNOT_TELL:
                        return Known(name, "unknown")
                except ApiError:
                    return Known(name, "refused")
                else:
                    return Known(name, "done", made.external_id)
        return Known(name, "given up")

    async with Client(url, CREDENTIALS, policy=EAGER, mark_fields=mark_fields) as client:
        names = [f"Same {n // 4}" if n % 2 else f"{who} {n}" for n in range(count)]
        return list(await asyncio.gather(*(create(client, name) for name in names)))


def audit(service: OddService, known: Sequence[Known]) -> list[str]:
    """Return what went wrong: records made twice, lost, or claimed by more than one create."""
    rows = {key: str(values["LastName"]) for key, values in service.rows}
    asked, made = Counter(item.name for item in known), Counter(rows.values())
    faults = [
        f"{name}: asked for {asked[name]} times, made {made[name]} times"
        for name in made
        if made[name] > asked[name]
    ]
    ids = Counter(item.external_id for item in known if item.state == "done")
    faults += [f"{key} is claimed by {times} creates" for key, times in ids.items() if times > 1]
    faults += [
        f"{item.name} is said to be {item.external_id}, which is {rows.get(item.external_id or '')}"
        for item in known
        if item.state == "done" and rows.get(item.external_id or "") != item.name
    ]
    return faults


if __name__ == "__main__":
    address, number, marked, author = sys.argv[1:]
    results = asyncio.run(run_script(address, int(number), marks=marked == "marks", who=author))
    sys.stdout.write(json.dumps([asdict(item) for item in results]))
