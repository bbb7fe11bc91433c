"""Sends recorded cases to a service and compares each answer with the recorded one."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from cmdm_tui.harness.cases.format import NEW_ID_PREFIX, CaseStep
from cmdm_tui.harness.cases.player import holds_recorded_data, play_case
from cmdm_tui.harness.cases.step_runner import PlayedStep
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


@dataclass(frozen=True, slots=True)
class VerifiedCase:
    """One verified case, its drifts, none where nothing changed, and what was answered."""

    entry: LibraryEntry
    drifts: tuple[Drift, ...]
    answers: tuple[ObservedAnswer, ...] = ()

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
) -> Iterator[VerifiedCase]:
    """Verify the cases one after another against the service, and yield each.

    Records are compared exactly where the service holds those of the recordings. `people_keys` has
    the key by which the people of a cassette were replaced, by its name in the manifest: `people`
    replaces those of the answers. With another key, records are compared by shape.

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
        key = (people_keys or {}).get(entry.key, "")
        has_key = people is not None and people.fingerprint == key
        redact: RedactInteractions = list
        if people is not None and has_key:
            own = people.keeping(keep_case_texts(entry.case, service.mark))
            redact = partial(redact_interactions, people=own)
        exchanges = [from_exchange(one.exchange) for one in played]
        fresh = make_canonical(exchanges, aliases, service.leak_scanner, redact)
        exact = [
            (has_key or not key) and is_compared_exactly(one.step, holds_data=holds_data)
            for one in played
        ]
        differences = _compare_steps(
            played, fresh, recordings, exact=exact, is_alone=service.is_alone
        )
        drifts = [
            Drift(severity, entry.case.name, number, place, message)
            for number, (severity, place, message) in differences
        ]
        answers = [
            observe_answer(one, interaction, is_exact=is_exact)
            for one, interaction, is_exact in zip(played, fresh, exact, strict=True)
        ]
        yield VerifiedCase(entry, tuple(drifts), tuple(answers))


def is_compared_exactly(step: CaseStep, *, holds_data: bool) -> bool:
    """Return whether values count in the answer to a step; `holds_data`: they are the recorded."""
    closeness = step.expect.body
    return closeness == "exact" or (closeness == "data" and holds_data)


def _compare_steps(
    played: list[PlayedStep],
    fresh: list[Interaction],
    recordings: list[RecordedAnswer],
    *,
    exact: list[bool],
    is_alone: bool,
) -> Iterator[tuple[int, Difference]]:
    earlier: tuple[HeaderValues, HeaderValues] | None = None
    counted = 0
    for number, (one, now) in enumerate(zip(played, fresh, strict=True), 1):
        if not one.exchange.status:
            yield number, (Severity.ERROR, "answer", one.exchange.failure)
            return
        if number > len(recordings):
            yield number, (Severity.ERROR, "cassette", "holds no answer to it: record it again.")
            return
        before = recordings[number - 1]
        was, has = _recorded_headers(before), fresh_headers(now)
        steps = (
            HeaderContext(was, earlier[0] if earlier else None, number - counted),
            HeaderContext(has, earlier[1] if earlier else None, number - counted),
        )
        for point in _compare_answers(
            one.step, before, now, steps, is_alone=is_alone, is_exact=exact[number - 1]
        ):
            yield number, point
        if REMAINING in was and REMAINING in has:
            earlier, counted = (was, has), number


def _compare_answers(
    step: CaseStep,
    before: RecordedAnswer,
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


def _recorded_headers(recording: RecordedAnswer) -> dict[str, str]:
    return {
        name.decode("ascii"): value.decode("latin-1") for name, value in reversed(recording.headers)
    }
