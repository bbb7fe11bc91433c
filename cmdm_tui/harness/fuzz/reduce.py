"""Makes the steps to a failure few: leaves out what is not needed, and runs the rest anew.

Hypothesis shrinks what was drawn; this works on the requests themselves, whatever drew them. Ids
differ from run to run, so the id that a step made is put in wherever a later one uses it.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from cmdm_tui.harness.exchange import Exchange
from cmdm_tui.harness.fuzz.asking import Request, Step, fields, many
from cmdm_tui.harness.fuzz.naming import respelt
from cmdm_tui.harness.fuzz.session import Broken, Session
from cmdm_tui.harness.oracle import Finding
from cmdm_tui.harness.oracle.reading import reading

_MOST_TRIES = 60


@dataclass(frozen=True, slots=True)
class Taken:
    """A step as it was taken, and the id of what it made; empty where it made nothing."""

    step: Step
    made: str = ""


@dataclass(frozen=True, slots=True)
class Path:
    """Steps that lead to a failure, with the exchanges they came to when last run."""

    taken: tuple[Taken, ...]
    log: tuple[Exchange, ...]
    finding: Finding
    is_alone: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """How long it is: in steps, then in bytes."""
        steps = [one.step for one in self.taken]
        length = sum(len(step.path) + len(step.body) for step in steps if isinstance(step, Request))
        return len(steps), length


def path_of(steps: Sequence[Step], log: Sequence[Exchange], finding: Finding) -> Path:
    """Return the path that steps and their exchanges make."""
    exchanges = iter(log)
    taken: list[Taken] = []
    for step in steps:
        if not isinstance(step, Request):
            taken.append(Taken(step))
            continue
        exchange = next(exchanges, None)
        taken.append(Taken(step, "" if exchange is None else reading(exchange).made))
    return Path(tuple(taken), tuple(log), finding)


Keep = Callable[[Path], None]


def reduced(session: Session, path: Path, keep: Keep, *, until: float) -> None:
    """Try shorter and shorter steps that still fail, handing each success to `keep`.

    Nothing is tried any more from `until` on, a moment of monotonic time.
    """
    if time.monotonic() >= until:
        return
    path = _self_contained(session, path)
    keep(path)
    tries, width = 0, max(1, len(path.taken) // 2)
    while tries < _MOST_TRIES and time.monotonic() < until:
        is_shorter = False
        # The last step is the one that fails.
        place = len(path.taken) - 1 - width
        while place > -width and tries < _MOST_TRIES and time.monotonic() < until:
            start = max(place, 0)
            kept = (*path.taken[:start], *path.taken[start + width :])
            if len(kept) < len(path.taken) and kept[-1:] == path.taken[-1:]:
                tries += 1
                found = replayed(session, replace(path, taken=kept))
                if found is not None:
                    path, is_shorter = found, True
                    keep(path)
            place = min(place, len(path.taken) - 1) - width
        if width == 1 and not is_shorter:
            return
        width = max(1, width // 2)


def _self_contained(session: Session, path: Path) -> Path:
    """Return steps that fail knowing nothing but what they see themselves, if such can be made.

    For that, lists of the entities and of their fields are read first.
    """
    requests = [one.step for one in path.taken if isinstance(one.step, Request)]
    entities = dict.fromkeys(step.intent.entity for step in requests if step.intent.entity)
    if any(step.intent.call == "convert" for step in requests):
        entities |= dict.fromkeys(("account", "contact"))
    first = tuple(Taken(ask(entity)) for entity in entities for ask in (fields, many))
    alone = replace(path, taken=(*first, *path.taken), is_alone=True)
    return replayed(session, alone) or path


def replayed(session: Session, path: Path) -> Path | None:
    """Take the steps of a path anew, from a reset; None where they do not fail as before."""
    (session.begin_alone if path.is_alone else session.begin)()
    session.hunted = path.finding.failure
    ids: dict[str, str] = {}
    try:
        for one in path.taken:
            exchange = session.do(_with_ids(one.step, ids))
            if exchange is not None and one.made:
                made = reading(exchange).made
                if made:
                    ids[one.made] = made
    except Broken as broken:
        return replace(path_of(session.steps, session.log, broken.finding), is_alone=path.is_alone)
    return None


def _with_ids(step: Step, ids: Mapping[str, str]) -> Step:
    if not ids or not isinstance(step, Request):
        return step
    path, body, intent = step.path, step.body.decode("latin-1"), step.intent
    for old, new in ids.items():
        path = respelt(path, old, lambda one, old=old, new=new: _in_a_path(_as(one, old, new)))
        body = respelt(body, old, lambda one, old=old, new=new: _as(one, old, new))
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


def _as(spelling: str, old: str, new: str) -> str:
    return new if spelling == old else new.lower()


def _in_a_path(external_id: str) -> str:
    return quote(external_id, safe="")
