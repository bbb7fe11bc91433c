"""Behaviours: the points on which the documentation is silent, and what a service may do there.

Each stands for a row of api.md's last table (or a quirk that the table of calls shows). The first
choice is the sandbox's own; every other one is an answer that a client must also live with.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cmdm_tui.sandbox.errors import SettingError


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One point: its row of api.md, and the choices, the sandbox's own first.

    With `numbers`, a whole number between the two is a choice too.
    """

    name: str
    row: str
    choices: tuple[str, ...]
    numbers: tuple[int, int] | None = None

    @property
    def default(self) -> str:
        """What the sandbox does unless told otherwise."""
        return self.choices[0]

    def accepts(self, choice: str) -> bool:
        """Say whether `choice` is one of this behaviour's."""
        if choice in self.choices:
            return True
        if self.numbers is None or not (choice.isascii() and choice.isdigit()):
            return False
        lowest, highest = self.numbers
        return len(choice) <= len(str(highest)) and lowest <= int(choice) <= highest

    @property
    def accepted_choices(self) -> str:
        """The choices in words, for a message."""
        words = ", ".join(self.choices)
        if self.numbers is None:
            return words
        return f"{words}, or a whole number from {self.numbers[0]} to {self.numbers[1]}"


_PAGE_SIZES = (1, 1_000)

_TABLE = (
    Behaviour("totals", "retrieve many: the totals", ("strings", "numbers")),
    Behaviour("list_key", "retrieve many: the list's key", ("Entity", "entity")),
    Behaviour(
        "error_body", "body of an error", ("json", "html", "text", "empty", "other-json", "array")
    ),
    Behaviour("rate_headers", "rate-limit and token headers", ("present", "missing", "garbage")),
    Behaviour("token_header", "rate-limit and token headers", ("present", "missing", "garbage")),
    Behaviour("counted", "what counts as a call", ("identified", "nothing", "twice")),
    Behaviour("retry_after", "429", ("absent", "seconds", "date")),
    Behaviour(
        "sign_in_header_missing", "one of the four authenticate headers missing", ("400", "401")
    ),
    Behaviour("token_refused", "token missing, malformed, unknown, ended", ("401", "400", "403")),
    Behaviour("unknown", "unknown entity, record, path", ("404", "400")),
    Behaviour("other_method", "known path, other method", ("405", "404")),
    Behaviour("page_cap", "`per_page`, `page`", ("refused",), _PAGE_SIZES),
    Behaviour("default_page", "neither given", ("all",), _PAGE_SIZES),
    Behaviour("past_the_end", "page past the last", ("empty", "404")),
    Behaviour("order", "order without `sort_by`", ("creation", "newest-first", "unstable")),
    Behaviour("ties", "ties under `sort_by`", ("creation", "unstable")),
    Behaviour("collation", "collation", ("casefold", "binary", "locale", "numeric-as-text")),
    Behaviour("nulls", "collation", ("first", "last", "always-last")),
    Behaviour("unknown_names", "unknown name in `fields` or `sort_by`", ("refused", "ignored")),
    Behaviour("unknown_parameters", "unknown query parameter", ("ignored", "400")),
    Behaviour("external_ids", "`ExternalID`", ("eight", "long", "odd")),
    Behaviour(
        "field_metadata", "a field's `Properties`", ("documented", "other-names", "empty", "absent")
    ),
    Behaviour("values", "values", ("strings", "json", "nested")),
    Behaviour("wrong_values", "create, update", ("refused", "dropped")),
    Behaviour("update", "update", ("changes", "replaces")),
    Behaviour(
        "malformed_body",
        "body not a JSON object, or not JSON, or not UTF-8, or a duplicate key, or `NaN`",
        ("400", "422", "500"),
    ),
    Behaviour("content_type", "`Content-Type`", ("ignored", "415")),
    Behaviour("large_body", "body over 1 MiB", ("413", "closed")),
    Behaviour("convert", "convert a lead", ("lead-stays", "lead-deleted")),
    Behaviour("close_again", "close a task", ("200", "400")),
    Behaviour("delete", "delete", ("keeps", "cascades")),
    Behaviour("task_fields", "`GET /task/fields`", ("404", "200")),
    Behaviour("system_fields", "system fields", ("present", "absent")),
)

BEHAVIOURS: Mapping[str, Behaviour] = MappingProxyType({one.name: one for one in _TABLE})


class BehaviourChoices:
    """What one sandbox does at each point: its own choice unless another was chosen."""

    def __init__(self, chosen: Mapping[str, str] | None = None) -> None:
        self._chosen: dict[str, str] = {}
        self.choose(chosen or {})

    @property
    def chosen(self) -> Mapping[str, str]:
        """The points at which this sandbox does otherwise."""
        return MappingProxyType(self._chosen)

    def __getitem__(self, name: str) -> str:
        return self._chosen.get(name) or BEHAVIOURS[name].default

    def number(self, name: str) -> int | None:
        """Return the number chosen, None where a word is."""
        choice = self[name]
        return int(choice) if choice.isdigit() else None

    def changes_any(self, names: Iterable[str]) -> bool:
        """Say whether the sandbox does otherwise at one of the points."""
        return bool(self._chosen) and not self._chosen.keys().isdisjoint(names)

    def choose(self, choices: Mapping[str, str]) -> None:
        """Choose at some points; the others stay. Raises `SettingError`, and then chooses none."""
        for name, choice in choices.items():
            _check_choice(name, choice)
        for name, choice in choices.items():
            if choice == BEHAVIOURS[name].default:
                self._chosen.pop(name, None)
            else:
                self._chosen[name] = choice

    def replace(self, choices: Mapping[str, str]) -> None:
        """Choose at some points, and go back to the sandbox's own way at the others."""
        for name, choice in choices.items():
            _check_choice(name, choice)
        self._chosen.clear()
        self.choose(choices)


def _check_choice(name: str, choice: str) -> None:
    behaviour = BEHAVIOURS.get(name)
    if behaviour is None:
        raise SettingError(
            f"The sandbox has no behaviour {name!r}; choose among {', '.join(BEHAVIOURS)}."
        )
    if not behaviour.accepts(choice):
        raise SettingError(
            f"The behaviour {name} cannot be {choice!r}; choose {behaviour.accepted_choices}."
        )
