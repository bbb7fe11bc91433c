"""Answers calls to the proxy from a cassette, and compares the service's answers with it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import msgspec

from cmdm_tui.harness.cassettes.canonical_yaml import RecordedAnswer
from cmdm_tui.harness.cassettes.format import (
    ADDRESS,
    IdAliases,
    Interaction,
    RedactInteractions,
    make_canonical,
)
from cmdm_tui.harness.cassettes.people import accept_stand_ins, redact_interactions, redact_key
from cmdm_tui.harness.cassettes.reader import read_cassette
from cmdm_tui.harness.cassettes.replay_service import answer_sign_in
from cmdm_tui.harness.cassettes.rerecording import find_own_times
from cmdm_tui.harness.cassettes.transport import IndexedTransport, NotInCassette
from cmdm_tui.harness.recording.observed_call import ObservedCall, Unrecordable
from cmdm_tui.harness.recording.session import locate_in_cassette, to_interaction
from cmdm_tui.harness.recording.session_secrets import SessionSecrets, is_sign_in_path
from cmdm_tui.harness.verify.comparison import Difference, Severity, compare_bodies
from cmdm_tui.redaction.leak_scanner import LeakScanner
from cmdm_tui.redaction.people.person_redactor import PersonRedactor


@dataclass(slots=True)
class RecordedAnswers:
    """What cassettes answer to the calls of a client that signs in with its own credentials.

    `base` is the path before a call at the service. Each recorded answer is given once; with
    `repeats`, the last one to equal calls is given again.
    """

    recordings: list[RecordedAnswer]
    base: str
    repeats: bool = False
    people: PersonRedactor | None = None
    _secrets: SessionSecrets = field(default_factory=SessionSecrets, init=False)
    _aliases: IdAliases = field(default_factory=IdAliases, init=False)
    _transport: IndexedTransport = field(init=False)

    def __post_init__(self) -> None:
        restate = None
        if self.people is not None:
            accept_stand_ins(self.recordings, self.people)
            restate = partial(redact_key, people=self.people)
        self._transport = IndexedTransport(self.recordings, repeats=self.repeats, restate=restate)

    @classmethod
    def of(
        cls,
        paths: Iterable[Path],
        base: str,
        *,
        repeats: bool = False,
        people: PersonRedactor | None = None,
    ) -> "RecordedAnswers":
        """Return the answers of these cassettes. Raises OSError or CassetteUnreadable."""
        return cls([one for path in paths for one in read_cassette(path)], base, repeats, people)

    @property
    def left(self) -> int:
        """How many recorded calls were not made."""
        return self._transport.left

    def list_left(self) -> list[str]:
        """Return the recorded calls that were not made."""
        return [str(one) for one in self._transport.list_unused()]

    def find(self, call: ObservedCall, *, again: bool = False) -> httpx.Response | None:
        """Return the recorded answer to a call (its own answer is not looked at), None for none.

        With `again`, a client may sign in as often as it likes, as where a cassette is served.
        """
        found = self._look_up(call)
        if isinstance(found, httpx.Response):
            return found
        return self._sign_in() if again and _is_sign_in(call) else None

    def explain(self, call: ObservedCall) -> str:
        """Return why a call that `find` has no answer to has none, in sentences."""
        found = self._look_up(call)
        return str(found) if isinstance(found, NotInCassette) else ""

    def _sign_in(self) -> httpx.Response:
        signed_in = answer_sign_in(self.recordings)
        return httpx.Response(
            signed_in.status, headers=signed_in.headers, stream=httpx.ByteStream(signed_in.body)
        )

    def _look_up(self, call: ObservedCall) -> httpx.Response | NotInCassette:
        self._secrets.learn(call)
        failure: NotInCassette | None = None
        for conceal in (self._secrets.conceal, self._secrets.conceal_deeply):
            concealed = conceal(call)
            target = locate_in_cassette(concealed.target, self.base).removeprefix(ADDRESS)
            target = self._aliases.replace_in_text(target)
            request = httpx.Request(
                call.method,
                ADDRESS,
                content=self._aliases.replace_in_bytes(concealed.request_body),
                extensions={"target": target.encode("latin-1")},
            )
            try:
                return self._transport.handle_request(request)
            except NotInCassette as error:
                failure = failure or error
        assert failure is not None  # noqa: S101 — what is found has been returned
        return failure

    def compare(self, call: ObservedCall) -> Iterator[Difference]:
        """Yield where the answer of a call differs from the recorded one; no secret is in it."""
        recorded = self.find(call, again=True)
        if recorded is None:
            yield Severity.WARNING, "call", self.explain(call)
            return
        try:
            fresh = self._make_canonical(call)
        except Unrecordable as error:
            yield Severity.WARNING, "body", f"is not compared: {error}."
            return
        if recorded.status_code != fresh.status:
            yield Severity.ERROR, "status", f"is {fresh.status}, and was {recorded.status_code}."
            return
        before = recorded.headers.get("content-type", "")
        now = ", ".join(fresh.headers.get("content-type", []))
        if before != now:
            yield Severity.ERROR, "content-type", f"is {now or 'none'}, and was {before or 'none'}."
        own = find_own_times(recorded.headers, recorded.read(), fresh)
        yield from compare_bodies(recorded.read(), fresh.body, is_exact=True, passed_over=own)

    def show_call(self, call: ObservedCall) -> str:
        """Return the method and target of a call without secrets."""
        concealed = self._secrets.conceal(call)
        return f"{call.method} {self._aliases.replace_in_text(concealed.target)}"

    def _make_canonical(self, call: ObservedCall) -> Interaction:
        plain = msgspec.structs.replace(call, body=call.decode_body())
        self._secrets.learn(plain)
        given = to_interaction(self._secrets.conceal(plain), self.base)
        redact: RedactInteractions = list
        if self.people is not None:
            redact = partial(redact_interactions, people=self.people)
        (fresh,) = make_canonical([given], self._aliases, LeakScanner(), redact)
        return fresh


def _is_sign_in(call: ObservedCall) -> bool:
    return is_sign_in_path(call.target.partition("?")[0])
