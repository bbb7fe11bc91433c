"""Sends recorded cases to a service and compares each answer with the recorded one."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from cmdm_tui.harness.cases.format import NEW_ID_PREFIX, CaseStep
from cmdm_tui.harness.cases.player import holds_recorded_data, play_case
from cmdm_tui.harness.cases.step_runner import PlayedStep, find_skipped
from cmdm_tui.harness.cassettes.canonical_yaml import RecordedAnswer
from cmdm_tui.harness.cassettes.case_texts import keep_case_texts
from cmdm_tui.harness.cassettes.format import (
    IdAliases,
    Interaction,
    RedactInteractions,
    from_exchange,
    make_canonical,
)
from cmdm_tui.harness.cassettes.library import LibraryEntry
from cmdm_tui.harness.cassettes.people import redact_interactions
from cmdm_tui.harness.cassettes.reader import read_cassette
from cmdm_tui.harness.service import Service
from cmdm_tui.harness.verify.answers import ObservedAnswer, fresh_headers, observe_answer
from cmdm_tui.harness.verify.comparison import (
    REMAINING,
    Difference,
    Drift,
    HeaderContext,
    HeaderValues,
    Severity,
    compare_bodies,
    compare_headers,
)
from cmdm_tui.redaction.people.person_redactor import PersonRedactor

StepDifference = tuple[int, Difference]
"""The number of a step, from 1, and a difference in its answer."""

_ANSWER = "answer"
_OTHER_SPELLING = "is spelled differently."


@dataclass(frozen=True, slots=True)
class VerifiedCase:
    """One verified case, its drifts, none where nothing changed, and what was answered.

    `skipped` says why nothing was verified: the case has nothing to judge on this service.
    """

    entry: LibraryEntry
    drifts: tuple[Drift, ...]
    answers: tuple[ObservedAnswer, ...] = ()
    skipped: str = ""

    @property
    def matters(self) -> bool:
        """Whether one of the drifts is more than something new."""
        return any(drift.matters for drift in self.drifts)


def verify(
    entries: Iterable[LibraryEntry],
    service: Service,
    *,
    people: PersonRedactor | None = None,
    people_keys: Mapping[str, str] | None = None,
    reported_people: PersonRedactor | None = None,
) -> Iterator[VerifiedCase]:
    """Verify the cases one after another against the service, and yield each.

    Records are compared exactly where the service holds those of the recordings. `people_keys` has
    the key by which the people of a cassette were replaced, by its name in the manifest: `people`
    replaces those of the answers. With another key, records are compared by shape.
    `reported_people` replaces the people in what drifts say where they were not replaced before.

    Raises OSError or CassetteUnreadable for a cassette that cannot be read, and what `play_case`
    raises.
    """
    holds_data = holds_recorded_data(service)
    for entry in entries:
        recordings = read_cassette(entry.cassette)
        aliases = IdAliases(service.mark)

        def captured(name: str, value: str, aliases: IdAliases = aliases) -> None:
            if name.startswith(NEW_ID_PREFIX):
                aliases.learn(value)

        played = play_case(entry.case, service, on_capture=captured)
        service.clean_up()
        skipped = find_skipped(played)
        if skipped:
            yield VerifiedCase(entry, (), (), skipped)
            continue
        key = (people_keys or {}).get(entry.key, "")
        has_key = people is not None and people.fingerprint == key
        own = _choose_own(people if has_key else reported_people, entry, service)
        redact: RedactInteractions = list
        if own is not None and has_key:
            redact = partial(redact_interactions, people=own)
        exchanges = [from_exchange(one.exchange) for one in played]
        fresh = make_canonical(exchanges, aliases, service.leak_scanner, redact)
        recorded = [_to_interaction(one) for one in recordings[: len(played)]]
        exact = [
            (has_key or not key) and is_compared_exactly(one.step, holds_data=holds_data)
            for one in played
        ]
        compare = partial(_compare_steps, played, exact=exact, is_alone=service.is_alone)
        differences, shown = list(compare(fresh, recorded)), fresh
        if own is not None and not has_key:
            redacted = redact_interactions([*fresh, *recorded], own)
            shown = redacted[: len(fresh)]
            differences = _reword(differences, list(compare(shown, redacted[len(fresh) :])))
        drifts = [
            _make_drift(entry.case.name, number, difference, own)
            for number, difference in differences
        ]
        answers = [
            observe_answer(one, now, without_people, is_exact=is_exact, people=own)
            for one, now, without_people, is_exact in zip(played, fresh, shown, exact, strict=True)
        ]
        yield VerifiedCase(entry, tuple(drifts), tuple(answers))


def _choose_own(
    people: PersonRedactor | None, entry: LibraryEntry, service: Service
) -> PersonRedactor | None:
    """Return what replaces people in one case: what the case itself says stays."""
    return None if people is None else people.keeping(keep_case_texts(entry.case, service.mark))


def _reword(differences: list[StepDifference], shown: list[StepDifference]) -> list[StepDifference]:
    """Return the differences in the words of those between the same answers without people."""
    words = {(number, place): message for number, (_, place, message) in shown}
    return [
        (number, (severity, place, words.get((number, place), _OTHER_SPELLING)))
        for number, (severity, place, _) in differences
    ]


def _make_drift(
    name: str, number: int, difference: Difference, people: PersonRedactor | None
) -> Drift:
    """Return a drift; a service may give the name of a person to a field, or in an error."""
    severity, place, message = difference
    if people is not None:
        place = people.redact_label(place)
        message = people.redact_text(message) if place == _ANSWER else people.redact_label(message)
    return Drift(severity, name, number, place, message)


def _to_interaction(recording: RecordedAnswer) -> Interaction:
    method, uri, body = recording.key
    headers: dict[str, list[str]] = {}
    for name, value in recording.headers:
        headers.setdefault(name.decode("ascii"), []).append(value.decode("latin-1"))
    reason = recording.reason.decode("latin-1")
    return Interaction(method, uri, {}, body, recording.status, reason, headers, recording.body)


def is_compared_exactly(step: CaseStep, *, holds_data: bool) -> bool:
    """Return whether values count in the answer to a step; `holds_data`: they are the recorded."""
    closeness = step.expect.body
    return closeness == "exact" or (closeness == "data" and holds_data)


def _compare_steps(
    played: list[PlayedStep],
    fresh: list[Interaction],
    recorded: list[Interaction],
    *,
    exact: list[bool],
    is_alone: bool,
) -> Iterator[StepDifference]:
    earlier: tuple[HeaderValues, HeaderValues] | None = None
    for number, (one, now) in enumerate(zip(played, fresh, strict=True), 1):
        if not one.exchange.status:
            yield number, (Severity.ERROR, _ANSWER, one.exchange.failure)
            return
        if number > len(recorded):
            yield number, (Severity.ERROR, "cassette", "holds no answer to it: record it again.")
            return
        before = recorded[number - 1]
        was, has = fresh_headers(before), fresh_headers(now)
        steps = (
            HeaderContext(was, earlier[0] if earlier else None),
            HeaderContext(has, earlier[1] if earlier else None),
        )
        for point in _compare_answers(
            one.step, before, now, steps, is_alone=is_alone, is_exact=exact[number - 1]
        ):
            yield number, point
        if REMAINING in was and REMAINING in has:
            earlier = (was, has)


def _compare_answers(
    step: CaseStep,
    before: Interaction,
    now: Interaction,
    steps: tuple[HeaderContext, HeaderContext],
    *,
    is_alone: bool,
    is_exact: bool,
) -> Iterator[Difference]:
    if before.status != now.status:
        yield Severity.ERROR, "status", f"is {now.status}, and was {before.status}."
    yield from compare_headers(*steps, is_alone=is_alone)
    # Another status has another body, and is reported already.
    if step.expect.body != "none" and before.status == now.status:
        yield from compare_bodies(before.body, now.body, is_exact=is_exact)
