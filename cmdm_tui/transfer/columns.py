"""Decides for each column of a file which field it goes to, or why it goes to none, or asks."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cmdm_tui.api.models import Field
from cmdm_tui.text import one_line
from cmdm_tui.transfer.errors import ImportFileError, ImportQuestion, ImportQuestions
from cmdm_tui.transfer.field_matcher import EXTERNAL_ID, FieldMatcher, HeaderMatch
from cmdm_tui.transfer.import_options import ImportOptions
from cmdm_tui.transfer.source_table import SourceTable
from cmdm_tui.transfer.table_shape import find_unnamed_values

_SHOWN = 60
_FEW = 5


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """What becomes of one column: its field, and whether values of it are sent.

    A column that is not sent may still be the key. `field` is None where the column is left out.
    """

    header: str
    field: Field | None = None
    is_sent: bool = False
    is_left_out: bool = False


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """What becomes of every column, what has to be asked first, and what a person must be shown."""

    uses: tuple[ColumnUse, ...]
    key: Field | None = None
    questions: tuple[ImportQuestion, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkedColumns:
    """The columns of a file that are linked with another file, by header.

    `keys` name the file's own records for others. `links` name records of another file, and give
    their ids to a field, or to none where they say what record a task or an opportunity belongs to.
    """

    keys: frozenset[str] = frozenset()
    links: Mapping[str, Field | None] = field(default_factory=dict[str, Field | None])

    def names(self, header: str) -> bool:
        """Return whether a column is linked."""
        return header.strip() in self.keys or header.strip() in self.links


NO_LINKS = LinkedColumns()


def check_header(table: SourceTable, matcher: FieldMatcher) -> None:
    """Raise ImportQuestions where no column is matched, so that the header may be elsewhere."""
    matches = [matcher.match(header, place) for place, header in enumerate(table.headers)]
    if table.headers and not any(match.is_known for match in matches):
        raise ImportQuestions([_ask_header(table)])


def plan_columns(
    table: SourceTable,
    matcher: FieldMatcher,
    options: ImportOptions,
    linked: LinkedColumns = NO_LINKS,
) -> ColumnPlan:
    """Return what becomes of each column.

    Raises ImportFileError where the key is not in the file, or a required field is not, and
    ImportQuestions where no column is matched.
    """
    check_header(table, matcher)
    matches = [matcher.match(header, place) for place, header in enumerate(table.headers)]
    known = [
        match if match.is_known or not linked.names(header) else HeaderMatch(is_left_out=True)
        for header, match in zip(table.headers, matches, strict=True)
    ]
    questions = [
        *_ask_unknown(table, known, matcher),
        *_ask_unnamed(table, matches),
        *_ask_doubles(table, matches),
    ]
    key, key_questions = _find_key(matches, matcher, options)
    uses = [
        _use_column(header.strip(), match, linked)
        for header, match in zip(table.headers, matches, strict=True)
    ]
    questions += key_questions
    if not questions and options.mode == "create":
        _check_required(table, uses, matcher)
    notes = [*_describe_unnamed(table, matches), *_describe_left_out(table, matches)]
    notes += _describe_read_only(table, uses, key)
    notes += [
        f"The mapping names {one_line(one, _SHOWN)}, which the file does not have"
        for one in matcher.list_unused_mappings(table.headers)
    ]
    return ColumnPlan(tuple(uses), key, tuple(questions), tuple(notes))


def _use_column(header: str, match: HeaderMatch, linked: LinkedColumns) -> ColumnUse:
    if header in linked.links:
        return ColumnUse(header, linked.links[header], is_left_out=True)
    field = match.field
    is_read = field is not None and field.read_only
    if is_read and header in linked.keys:
        return ColumnUse(header, field, is_left_out=True)
    return ColumnUse(header, field, field is not None and not is_read, match.is_left_out)


def required_fields(fields: Sequence[Field]) -> list[Field]:
    """Return the fields that a new record needs a value of."""
    return [field for field in fields if field.required and not field.read_only]


def _has_values(table: SourceTable, place: int) -> bool:
    return any(True for _ in _lines_with_value(table, place))


def _lines_with_value(table: SourceTable, place: int) -> Iterator[int]:
    for row in table.rows:
        cell = row.cells[place] if row.fault is None else None
        if cell is not None and not cell.is_blank:
            yield row.line


def _ask_header(table: SourceTable) -> ImportQuestion:
    shown = ", ".join(one_line(header.strip(), _SHOWN) for header in list(table.headers)[:_FEW])
    if table.header_line is None:
        return ImportQuestion("map", f"None of the keys is a field: {shown}", about=shown)
    return ImportQuestion(
        "header",
        f"No header was found: nothing in {table.line_word} {table.header_line} is a field "
        f"({shown}). Name the {table.line_word} of the header",
        line=table.header_line,
    )


def _ask_unknown(
    table: SourceTable, matches: Sequence[HeaderMatch], matcher: FieldMatcher
) -> Iterator[ImportQuestion]:
    for place, (header, match) in enumerate(zip(table.headers, matches, strict=True)):
        name = header.strip()
        if match.is_known or not name or not _has_values(table, place):
            continue
        near = matcher.suggest(name)
        ask = f"is it {near[0]}, or is it left out?" if near else "is it left out?"
        yield ImportQuestion(
            "map",
            f"{one_line(name, _SHOWN)} is neither the name nor the label of a field: {ask}",
            about=name,
            subject=name,
            suggestions=(*near, ""),
            line=table.header_line,
        )


def _ask_unnamed(table: SourceTable, matches: Sequence[HeaderMatch]) -> Iterator[ImportQuestion]:
    """Ask for a column without a name that most records have a value in."""
    sound = sum(1 for row in table.rows if row.fault is None)
    for place, found in find_unnamed_values(table.headers, table.rows).items():
        if matches[place].is_known or len(found) * 2 <= sound:
            continue
        yield ImportQuestion(
            "map",
            f"Column {place + 1} has no name, and values in {len(found):,} of {sound:,} records: "
            "which field is it, or is it left out?",
            about=f"#{place + 1}",
            subject=f"#{place + 1}",
            suggestions=("",),
            line=table.header_line,
        )


def _ask_doubles(table: SourceTable, matches: Sequence[HeaderMatch]) -> Iterator[ImportQuestion]:
    if table.has_one_key_a_row:
        return
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, match in enumerate(matches):
        if match.field is not None:
            places[match.field.name].append(place)
    for name, found in places.items():
        if len(found) == 1:
            continue
        headers = {table.headers[place].strip() for place in found}
        numbers = " and ".join(str(place + 1) for place in found)
        shown = " and ".join(one_line(header, _SHOWN) for header in sorted(headers))
        what = f"are both called {shown}" if len(headers) == 1 else f"({shown}) are both {name}"
        if len(found) > 2:
            what = what.replace("both", "all")
        # Saying of all but one that it is left out settles it; one question a column does that.
        for place in found[1:]:
            yield ImportQuestion(
                "map",
                f"Columns {numbers} {what}: which one is meant? "
                f"Leave out column {place + 1} (#{place + 1}) or another",
                about=table.headers[place].strip(),
                subject=f"#{place + 1}",
                suggestions=("",),
                line=table.header_line,
            )


def _find_key(
    matches: Sequence[HeaderMatch], matcher: FieldMatcher, options: ImportOptions
) -> tuple[Field | None, list[ImportQuestion]]:
    if options.mode == "create":
        return None, []
    found = {match.field.name: match.field for match in matches if match.field is not None}
    if options.key is None:
        names = sorted(found, key=lambda name: (name != EXTERNAL_ID, found[name].type != "Email"))
        sentence = f"An {options.mode} needs a key: by which field are records found?"
        return None, [ImportQuestion("key", sentence, suggestions=tuple(names))]
    key = matcher.find_field(options.key)
    if key.name not in found:
        known = ", ".join(one_line(name, _SHOWN) for name in found)
        raise ImportFileError(
            f"The key {key.name} is not a column of the file", f"Its fields are {known}"
        )
    return key, []


def _check_required(table: SourceTable, uses: Sequence[ColumnUse], matcher: FieldMatcher) -> None:
    if table.has_one_key_a_row:
        return
    there = {use.field.name for use in uses if use.field is not None}
    missing = [one.name for one in required_fields(matcher.fields) if one.name not in there]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise ImportFileError(
            f"{' and '.join(missing)} {verb} required, and no column of the file is matched to it",
            "Match one with --map",
            line=table.header_line,
            column=missing[0],
        )


def _describe_unnamed(table: SourceTable, matches: Sequence[HeaderMatch]) -> list[str]:
    unnamed = sum(
        1
        for header, match in zip(table.headers, matches, strict=True)
        if not header.strip() and not match.is_known
    )
    if not unnamed:
        return []
    columns = "1 column" if unnamed == 1 else f"{unnamed:,} columns"
    return [f"{columns} without a name left out"]


def _describe_left_out(table: SourceTable, matches: Sequence[HeaderMatch]) -> list[str]:
    notes: list[str] = []
    for place, (header, match) in enumerate(zip(table.headers, matches, strict=True)):
        name = one_line(header.strip(), _SHOWN)
        if match.is_left_out:
            notes.append(f"Column {name or place + 1} is left out, as the mapping says")
        elif name and match.field is None and not _has_values(table, place):
            notes.append(f"Column {name} is not a field and has no value: it is left out")
    return notes


def _describe_read_only(
    table: SourceTable, uses: Sequence[ColumnUse], key: Field | None
) -> list[str]:
    unsent = [
        use
        for use in uses
        if use.field is not None and not (use.is_sent or use.is_left_out) and use.field != key
    ]
    if not unsent:
        return []
    *first, last = dict.fromkeys(one_line(use.header, _SHOWN) for use in unsent)
    names = f"{', '.join(first)} and {last} are" if first else f"{last} is"
    notes = [f"{names} given by the server and not sent"]
    for place, use in enumerate(uses):
        is_lookup = use in unsent and use.field is not None and use.field.lookup_entity
        lines = list(_lines_with_value(table, place)) if is_lookup else []
        if lines:
            shown = ", ".join(map(str, lines[:_FEW])) + (" …" if len(lines) > _FEW else "")
            word = table.line_word if len(lines) == 1 else f"{table.line_word}s"
            verb = "loses its" if len(lines) == 1 else "lose their"
            notes.append(f"{word.capitalize()} {shown} {verb} {one_line(use.header, _SHOWN)}")
    return notes
