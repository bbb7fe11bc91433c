"""Replaces the people in a failure before anything shows it: reports, case and cassette alike.

A run judges what came as it came. A failure is redacted as a whole, once: its message, its steps
and their exchanges. Whatever is printed or written of it is made from that.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from cmdm_tui.harness.calls import CallRequest
from cmdm_tui.harness.cassettes.format import (
    ADDRESS,
    Interaction,
    anonymize_sign_in,
    from_exchange,
)
from cmdm_tui.harness.cassettes.people import (
    PeopleSettings,
    keep_sent_texts,
    learn_interactions,
    redact_interactions,
)
from cmdm_tui.harness.exchange import Exchange, Headers
from cmdm_tui.harness.fuzz.shrink.reproduction import Reproduction, make_reproduction
from cmdm_tui.harness.oracle import Finding, ServiceModel
from cmdm_tui.harness.oracle.quoted_value import QuotedValue
from cmdm_tui.redaction.leak_scanner import LeakScanner
from cmdm_tui.redaction.people.person_redactor import PersonRedactor
from cmdm_tui.text import ELLIPSIS

_ESCAPE = re.compile(r"(\\(?:[nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}))")
"""What a message may write for a character that ends a word."""


@dataclass(frozen=True, slots=True)
class RedactedFailure:
    """A failure without people, and what has replaced them, to search what is written of it."""

    reproduction: Reproduction
    people: PersonRedactor


class FailureRedactor:
    """Replaces the people in the failures of one run.

    Whoever a record names that the run has read is known. What the fuzzer itself has drawn stays,
    unless a record that was there has it too. Each method raises RedactionHookFailed where a user's
    function fails.
    """

    def __init__(self, settings: PeopleSettings) -> None:
        self._people = settings.open()
        self._records: dict[tuple[str, frozenset[tuple[str, str]]], None] = {}
        self._types: dict[tuple[str, str], str] = {}
        self._ids: set[str] = set()
        self._read: set[str] = set()

    def redact_finding(
        self, finding: Finding, log: Sequence[Exchange], model: ServiceModel
    ) -> Finding:
        """Return what was found, its message redacted; the last of the `log` shows it.

        `model` is what the run knew then.
        """
        people, seen = self._learn(finding, log, model)
        learn_interactions(seen, people)
        return self._redact_finding(finding, people, log[-1])

    def redact_failure(self, found: Reproduction, model: ServiceModel) -> RedactedFailure:
        """Return the steps to a failure, their exchanges and what was found, redacted.

        Raises PersonLeft where a person is left in them, in some encoding.
        """
        people, seen = self._learn(found.finding, found.log, model)
        made = redact_interactions(seen, people)
        log = tuple(
            self._redact_exchange(exchange, interaction, people)
            for exchange, interaction in zip(found.log, made, strict=True)
        )
        exchanges = iter(log)
        steps = [
            replace(one.step, path=sent.path, body=sent.sent_body)
            if isinstance(one.step, CallRequest) and (sent := next(exchanges, None)) is not None
            else one.step
            for one in found.steps
        ]
        finding = self._redact_finding(found.finding, people, found.log[-1])
        people.check(_join_texts(finding, log), "the reports")
        redacted = make_reproduction(steps, log, finding)
        return RedactedFailure(replace(redacted, is_alone=found.is_alone), people)

    def redact_reason(self, reason: str, log: Sequence[Exchange], model: ServiceModel) -> str:
        """Return why a run has ended, which a check of the user's may have put into words."""
        people, seen = self._learn(None, log, model)
        learn_interactions(seen, people)
        return _redact_words(reason, people)

    # What is known of people

    def _learn(
        self, finding: Finding | None, log: Sequence[Exchange], model: ServiceModel
    ) -> tuple[PersonRedactor, list[Interaction]]:
        """Return what replaces people, which knows all but those of the log, and the log."""
        self._note(model)
        seen = [_open_sign_in(from_exchange(exchange)) for exchange in log]
        own, known = keep_sent_texts(seen, self._people), self._read
        people = self._people.keeping(lambda text: own(text) and text.casefold() not in known)
        for (entity, field), type_name in self._types.items():
            people.fields.learn_type(entity, field, type_name)
        for entity, values in self._records:
            people.learn_values(entity, dict(values))
        for quoted in _list_quotes(finding):
            people.learn_body(quoted.entity, json.dumps({quoted.field: quoted.value}))
        return people, seen

    def _note(self, model: ServiceModel) -> None:
        """Note what the run has read; of records that it made itself, what they hold is its own."""
        for (entity, external_id), known in model.iterate_records():
            self._ids.add(external_id)
            if known.is_own:
                continue
            values = {
                name: fact.value
                for name, fact in known.values.items()
                if isinstance(fact.value, str)
            }
            self._records[entity, frozenset(values.items())] = None
            self._read.add(external_id.casefold())
            self._read.update(one.casefold() for one in values.values())
        for entity in {kind for kind, _ in self._records}:
            for rule in model.fields_of(entity).values():
                self._types[entity, rule.name] = rule.type

    # Replacing

    def _redact_finding(self, finding: Finding, people: PersonRedactor, last: Exchange) -> Finding:
        entity = last.intent.entity
        values = tuple(
            (name, None if value is None else people.redact_value(entity, name, value))
            for name, value in finding.values
        )
        message = self._redact_message(finding, people)
        return replace(finding, message=message, values=values, quotes=())

    def _redact_message(self, finding: Finding, people: PersonRedactor) -> str:
        """Return a message with each value in it replaced as a whole, and then shown again.

        What is between them is of the check: words, names of fields, and ids.
        """
        shown = {
            quoted.text: _redact_quoted(quoted, people).text for quoted in _list_quotes(finding)
        }
        if finding.certainty == "own":
            return _replace_pieces(
                finding.message, shown, lambda words: _redact_words(words, people)
            )
        named = [one for one in self._ids if one in finding.message]
        ids = {one: people.redact_text(one) for one in named}
        shown |= {one: made for one, made in ids.items() if made != one}
        return _replace_pieces(finding.message, shown, people.redact_label)

    def _redact_exchange(
        self, exchange: Exchange, made: Interaction, people: PersonRedactor
    ) -> Exchange:
        """Return an exchange as `made` has it; the headers sent are the fuzzer's own."""
        intent = replace(exchange.intent, given=None, query=None)
        return replace(
            exchange,
            path=made.uri.removeprefix(ADDRESS),
            sent_body=made.request_body,
            headers=_take_headers(exchange.headers, made),
            body=made.body,
            intent=intent,
            failure=_redact_words(exchange.failure, people),
        )


def _list_quotes(finding: Finding | None) -> list[QuotedValue]:
    quotes = () if finding is None else finding.quotes
    return [quoted for quoted in quotes if _is_in_json(quoted.value)]


def _is_in_json(value: object) -> bool:
    """Return whether an answer has given a value; else it is only known whether there is one."""
    return isinstance(value, str | int | float | dict | list)


def _open_sign_in(interaction: Interaction) -> Interaction:
    """Return an interaction; the answer to a sign-in has no values, as in a cassette."""
    if not interaction.is_sign_in:
        return interaction
    return replace(interaction, body=anonymize_sign_in(interaction, LeakScanner()))


def _join_texts(finding: Finding, log: Iterable[Exchange]) -> bytes:
    """Return all that reports may have of a failure."""
    pieces = [finding.message]
    for exchange in log:
        pieces += [exchange.path, exchange.failure, *(value for _, value in exchange.headers)]
    texts = [piece.encode("utf-8", "surrogatepass") for piece in pieces]
    texts += [body for exchange in log for body in (exchange.sent_body, exchange.body)]
    return b"\n".join(texts)


def _take_headers(headers: Headers, made: Interaction) -> Headers:
    values: dict[str, Iterator[str]] = {name: iter(lines) for name, lines in made.headers.items()}
    return tuple((name, next(values[name])) for name, _ in headers)


def _redact_quoted(quoted: QuotedValue, people: PersonRedactor) -> QuotedValue:
    body = json.dumps({quoted.field: quoted.value})
    made = people.redact_body(quoted.entity, body)
    if made == body:
        return quoted
    content = cast("dict[str, Any]", json.loads(made))
    return replace(quoted, value=content[quoted.field])


def _replace_pieces(message: str, shown: dict[str, str], redact_rest: Callable[[str], str]) -> str:
    """Return a message with each of the pieces replaced, and what is between them redacted."""
    if not shown:
        return redact_rest(message)
    longest_first: Iterable[str] = sorted(shown, key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, longest_first))})(?!\w)")
    pieces = pattern.split(message)
    # At every second place is what the pattern has found.
    return "".join(
        shown[piece] if place % 2 else redact_rest(piece) for place, piece in enumerate(pieces)
    )


def _redact_words(text: str, people: PersonRedactor) -> str:
    """Return words of a user's check, or of an error, redacted.

    Escapes in them end a word. A word that was cut off is not known, and goes.
    """
    if text.rstrip(".").endswith(ELLIPSIS):
        text = f"{text.rpartition(' ')[0]} {ELLIPSIS}"
    pieces = _ESCAPE.split(text)
    return "".join(
        piece if place % 2 else people.redact_text(piece) for place, piece in enumerate(pieces)
    )
