"""Sends recorded cases to a target and compares each answer with the recorded one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cmdm_tui.harness.canonical import Aliases, Interaction, canonical, of_exchange
from cmdm_tui.harness.cases.format import FRESH, Step
from cmdm_tui.harness.cases.running import Played
from cmdm_tui.harness.library import Entry
from cmdm_tui.harness.replaying.scanning import Recording, read_recording
from cmdm_tui.harness.target import Target
from cmdm_tui.harness.verify import headers
from cmdm_tui.harness.verify.bodies import Point, compare_bodies
from cmdm_tui.harness.verify.drift import Drift, Severity


@dataclass(frozen=True, slots=True)
class Verified:
    """One case verified: where its answers drifted, nowhere for none."""

    entry: Entry
    drifts: tuple[Drift, ...]

    @property
    def matters(self) -> bool:
        """Whether one of the drifts is more than something new."""
        return any(drift.matters for drift in self.drifts)


def verify(found: Iterable[Entry], target: Target) -> Iterator[Verified]:
    """Verify the cases one after another against the target, and yield each.

    Records are compared to the letter where the target holds those of the recordings. Raises
    OSError or NotCanonical for a cassette that cannot be read, TargetFailed as `Target.play` does.
    """
    holds_data = target.holds_recorded_data()
    for entry in found:
        recordings = read_recording(entry.cassette)
        aliases = Aliases()

        def captured(name: str, value: str, aliases: Aliases = aliases) -> None:
            if name.startswith(FRESH):
                aliases.learn(value)

        played = target.play(entry.case, captured=captured)
        target.clean()
        points = _compared(played, recordings, aliases, target, holds_data=holds_data)
        drifts = [
            Drift(severity, entry.case.name, number, place, message)
            for number, (severity, place, message) in points
        ]
        yield Verified(entry, tuple(drifts))


def _compared(
    played: list[Played],
    recordings: list[Recording],
    aliases: Aliases,
    target: Target,
    *,
    holds_data: bool,
) -> Iterator[tuple[int, Point]]:
    heard = [of_exchange(one.exchange) for one in played]
    fresh = canonical(heard, aliases, target.guard)
    is_alone = target.control is not None
    earlier: tuple[headers.Headers, headers.Headers] | None = None
    for number, (one, now) in enumerate(zip(played, fresh, strict=True), 1):
        if not one.exchange.status:
            yield number, (Severity.ERROR, "answer", one.exchange.failure)
            return
        if number > len(recordings):
            yield number, (Severity.ERROR, "cassette", "holds no answer to it: record it anew.")
            return
        before = recordings[number - 1]
        was, has = _headers_of(before), _first_of(now)
        steps = (
            headers.Step(was, earlier[0] if earlier else None),
            headers.Step(has, earlier[1] if earlier else None),
        )
        for point in _points(
            one.step, before, now, steps, is_alone=is_alone, holds_data=holds_data
        ):
            yield number, point
        if headers.REMAINING in was and headers.REMAINING in has:
            earlier = (was, has)


def _points(
    step: Step,
    before: Recording,
    now: Interaction,
    steps: tuple[headers.Step, headers.Step],
    *,
    is_alone: bool,
    holds_data: bool,
) -> Iterator[Point]:
    if before.status != now.status:
        yield Severity.ERROR, "status", f"is {now.status}, and was {before.status}."
    yield from headers.compare_headers(*steps, is_alone=is_alone)
    closeness = step.expect.body
    # Another status has another body; that it has is told already.
    if closeness != "none" and before.status == now.status:
        is_exact = closeness == "exact" or (closeness == "data" and holds_data)
        yield from compare_bodies(before.body, now.body, is_exact=is_exact)


def _headers_of(recording: Recording) -> dict[str, str]:
    return {
        name.decode("ascii"): value.decode("latin-1") for name, value in reversed(recording.headers)
    }


def _first_of(interaction: Interaction) -> dict[str, str]:
    return {name: values[0] for name, values in interaction.headers.items() if values}
