"""Makes the steps to a failure few: leaves out steps that are not needed, and runs the rest again.

Hypothesis shrinks what was drawn; this shrinks the requests themselves. Ids
differ from run to run, so the id that a step creates replaces the old one in later steps.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from cmdm_tui.harness.calls import CallRequest, list_fields, list_records
from cmdm_tui.harness.exchange import Exchange
from cmdm_tui.harness.fuzz.execute.fuzz_session import FuzzSession, NewFailure
from cmdm_tui.harness.fuzz.shrink.id_replacement import replace_id
from cmdm_tui.harness.fuzz.steps import FuzzStep
from cmdm_tui.harness.oracle import Finding
from cmdm_tui.harness.oracle.answer_parser import parse_answer

_MOST_TRIES = 60


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """A step, and the id of the record that it created; empty where it created none."""

    step: FuzzStep
    created_id: str = ""


@dataclass(frozen=True, slots=True)
class Reproduction:
    """Steps that lead to a failure, with their exchanges when they were last run.

    `is_alone` says that they fail with a model that knows nothing else.
    """

    steps: tuple[RecordedStep, ...]
    log: tuple[Exchange, ...]
    finding: Finding
    is_alone: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """The number of steps, then of bytes."""
        steps = [one.step for one in self.steps]
        length = sum(
            len(step.path) + len(step.body) for step in steps if isinstance(step, CallRequest)
        )
        return len(steps), length


def make_reproduction(
    steps: Sequence[FuzzStep], log: Sequence[Exchange], finding: Finding
) -> Reproduction:
    """Return steps and their exchanges as a reproduction."""
    exchanges = iter(log)
    recorded: list[RecordedStep] = []
    for step in steps:
        if not isinstance(step, CallRequest):
            recorded.append(RecordedStep(step))
            continue
        exchange = next(exchanges, None)
        recorded.append(
            RecordedStep(step, "" if exchange is None else parse_answer(exchange).created_id)
        )
    return Reproduction(tuple(recorded), tuple(log), finding)


KeepReproduction = Callable[[Reproduction], None]


def shrink(
    session: FuzzSession, found: Reproduction, keep: KeepReproduction, *, until: float
) -> None:
    """Try shorter and shorter steps that still fail, handing each success to `keep`.

    Nothing is tried any more from `until` on, a moment of monotonic time.
    """
    if time.monotonic() >= until:
        return
    found = _make_self_contained(session, found)
    keep(found)
    tries, width = 0, max(1, len(found.steps) // 2)
    while tries < _MOST_TRIES and time.monotonic() < until:
        is_shorter = False
        # The last step is the one that fails.
        place = len(found.steps) - 1 - width
        while place > -width and tries < _MOST_TRIES and time.monotonic() < until:
            start = max(place, 0)
            kept = (*found.steps[:start], *found.steps[start + width :])
            if len(kept) < len(found.steps) and kept[-1:] == found.steps[-1:]:
                tries += 1
                shorter = replay(session, replace(found, steps=kept))
                if shorter is not None:
                    found, is_shorter = shorter, True
                    keep(found)
            place = min(place, len(found.steps) - 1) - width
        if width == 1 and not is_shorter:
            return
        width = max(1, width // 2)


def _make_self_contained(session: FuzzSession, found: Reproduction) -> Reproduction:
    """Return steps that fail with a model of what they read themselves, if there are any.

    For that, lists of the entities and of their fields are read first.
    """
    requests = [one.step for one in found.steps if isinstance(one.step, CallRequest)]
    entities = dict.fromkeys(step.intent.entity for step in requests if step.intent.entity)
    if any(step.intent.call == "convert" for step in requests):
        entities |= dict.fromkeys(("account", "contact"))
    first = tuple(
        RecordedStep(ask(entity)) for entity in entities for ask in (list_fields, list_records)
    )
    alone = replace(found, steps=(*first, *found.steps), is_alone=True)
    return replay(session, alone) or found


def replay(session: FuzzSession, found: Reproduction) -> Reproduction | None:
    """Take the steps again, after a reset; None where they do not fail as before."""
    (session.begin_blank_example if found.is_alone else session.begin_example)()
    session.searched = found.finding
    ids: dict[str, str] = {}
    try:
        for one in found.steps:
            exchange = session.take(_replace_ids(one.step, ids))
            if exchange is not None and one.created_id:
                made = parse_answer(exchange).created_id
                if made:
                    ids[one.created_id] = made
    except NewFailure as failure:
        return replace(
            make_reproduction(session.steps, session.log, failure.finding), is_alone=found.is_alone
        )
    return None


def _replace_ids(step: FuzzStep, ids: Mapping[str, str]) -> FuzzStep:
    if not ids or not isinstance(step, CallRequest):
        return step
    path, body, intent = step.path, step.body.decode("latin-1"), step.intent
    for old, new in ids.items():
        path = replace_id(
            path, old, lambda one, old=old, new=new: _quote_id(_match_case(one, old, new))
        )
        body = replace_id(body, old, lambda one, old=old, new=new: _match_case(one, old, new))
    ids = {
        **ids,
        **{old.lower(): new.lower() for old, new in ids.items() if old.lower() not in ids},
    }
    given = intent.given
    if given is not None:
        given = {name: ids.get(value, value) if isinstance(value, str) else value
                 for name, value in given.items()}  # fmt: skip
    external_id = ids.get(intent.external_id, intent.external_id)
    intent = replace(intent, external_id=external_id, given=given)
    return replace(step, path=path, body=body.encode("latin-1"), intent=intent)


def _match_case(spelling: str, old: str, new: str) -> str:
    return new if spelling == old else new.lower()


def _quote_id(external_id: str) -> str:
    return quote(external_id, safe="")
