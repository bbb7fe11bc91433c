"""Finds the field that a header means: by the user's mapping, by name, then by label."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cmdm_tui.api.models import Field
from cmdm_tui.transfer.errors import ImportFileError
from cmdm_tui.transfer.guards import take_off_guard

EXTERNAL_ID = "ExternalID"
"""The column of an export that holds a record's id; it is not a field (`api.md`)."""

_ID_FIELD = Field(EXTERNAL_ID, label="External ID", type="Text", read_only=True)
_CLOSE = 0.7


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """What a header means: a field, nothing that is known, or by the user's word nothing at all."""

    field: Field | None = None
    is_left_out: bool = False

    @property
    def is_known(self) -> bool:
        """Whether nothing has to be asked."""
        return self.field is not None or self.is_left_out


class FieldMatcher:
    """Matches headers to the fields of an entity, without regard to case, blanks and underscores.

    Hyphens count: `E-mail` is not `Email`, though it is suggested. Raises ImportFileError where the
    mapping names a field that does not exist.
    """

    def __init__(
        self,
        entity: str,
        fields: Sequence[Field],
        mapping: Mapping[str, str | None],
    ) -> None:
        self._entity = entity
        self.fields = tuple(fields)
        every = (*fields, _ID_FIELD)
        self._by_name = _index((field.name, field) for field in every)
        self._by_label = _index((field.label or "", field) for field in every)
        self._mapping = {
            _trim(header): None if name is None else self.find_field(name, of=header)
            for header, name in mapping.items()
        }

    def find_field(self, name: str, *, of: str = "") -> Field:
        """Return the field of a name or label. Raises ImportFileError where there is none."""
        key = _fold(name)
        field = self._by_name.get(key) or self._by_label.get(key)
        if field is None:
            what = f"{name!r} is not a field of {self._entity}"
            where = f"The mapping of {of!r}: {what}" if of else what
            near = self.suggest(name)
            raise ImportFileError(
                where, f"Did you mean {near[0]}" if near else "", column=of or None
            )
        return field

    def match(self, header: str, place: int) -> HeaderMatch:
        """Return what the header of a column means; `place` counts from 0."""
        for key in (f"#{place + 1}", _trim(header)):
            if key in self._mapping:
                field = self._mapping[key]
                return HeaderMatch(field, is_left_out=field is None)
        folded = _fold(take_off_guard(header))
        if not folded:
            return HeaderMatch()
        return HeaderMatch(self._by_name.get(folded) or self._by_label.get(folded))

    def count_matches(self, headers: Iterable[str]) -> int:
        """Return how many of the texts are headers of different fields, or are in the mapping."""
        matches = [self.match(header, place) for place, header in enumerate(headers)]
        fields = {match.field.name for match in matches if match.field is not None}
        return len(fields) + sum(match.is_left_out for match in matches)

    def suggest(self, header: str) -> tuple[str, ...]:
        """Return the names of fields that are written nearly like a header, the nearest first."""
        wanted = _letters(header)
        spellings: dict[str, str] = {}
        for field in self.fields:
            for spelling in (field.name, field.label or ""):
                spellings.setdefault(_letters(spelling), field.name)
        near = difflib.get_close_matches(wanted, list(spellings), n=3, cutoff=_CLOSE)
        return tuple(dict.fromkeys(spellings[one] for one in near if one))

    def list_unused_mappings(self, headers: Sequence[str]) -> list[str]:
        """Return the keys of the mapping that no column of the file has."""
        there = {_trim(header) for header in headers}
        there |= {f"#{place + 1}" for place in range(len(headers))}
        return [key for key in self._mapping if key not in there]


def _index(pairs: Iterable[tuple[str, Field]]) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for text, field in pairs:
        found.setdefault(_fold(text), field)
    found.pop("", None)
    return found


def _trim(header: str) -> str:
    return header.strip().casefold()


def _fold(text: str) -> str:
    return "".join(text.casefold().replace("_", " ").split())


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))
