"""Finds the local files that a query names in FROM, and gives each the name of a table.

`read_csv('x.csv')`, `read_parquet`, `read_json`, similar functions, and `FROM 'x.csv'`: the
statement itself names the files, as text, so that whoever reads it sees which are opened. Addresses
and patterns are no files.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Literal

from msgspec import Struct
from sqlglot import exp

from cmdm_tui.query.errors import QueryRefused, SqlError
from cmdm_tui.query.parsing.dialect import DIALECT
from cmdm_tui.query.parsing.identifiers import nearest_names
from cmdm_tui.text import one_line

FILES_SCHEMA = "\x01files"
"""The schema of the files' tables, which no query can name."""

FileForm = Literal["csv", "json", "parquet"]

_FUNCTIONS: Mapping[str, tuple[FileForm, str]] = {
    "read_csv": ("csv", ""),
    "read_csv_auto": ("csv", ""),
    "read_json": ("json", ""),
    "read_json_auto": ("json", ""),
    "read_ndjson": ("json", "newline_delimited"),
    "read_ndjson_auto": ("json", "newline_delimited"),
    "read_parquet": ("parquet", ""),
    "parquet_scan": ("parquet", ""),
}
_FORMS_BY_ENDING: Mapping[str, FileForm] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
}
_COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
_OPTIONS: Mapping[FileForm, frozenset[str]] = {
    "csv": frozenset(
        {
            "all_varchar", "allow_quoted_nulls", "auto_detect", "auto_type_candidates", "columns",
            "comment", "compression", "dateformat", "decimal_separator", "delim", "delimiter",
            "dtypes", "encoding", "escape", "force_not_null", "header", "ignore_errors",
            "max_line_size", "names", "column_names", "new_line", "normalize_names",
            "null_padding", "nullstr", "null", "quote", "sample_size", "sep", "skip",
            "strict_mode", "thousands", "timestampformat", "types", "column_types",
            "union_by_name",
        }
    ),
    "json": frozenset(
        {
            "auto_detect", "columns", "compression", "convert_strings_to_integers", "dateformat",
            "field_appearance_threshold", "format", "ignore_errors", "map_inference_threshold",
            "maximum_depth", "maximum_object_size", "records", "sample_size", "timestampformat",
            "union_by_name",
        }
    ),
    "parquet": frozenset({"binary_as_string", "union_by_name"}),
}  # fmt: skip
_TYPE_OPTIONS = {
    "all_varchar",
    "auto_type_candidates",
    "columns",
    "dtypes",
    "types",
    "column_types",
}
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/{1,2}|\\\\|//")
"""What begins with a scheme, or names another machine."""
SYSTEM_FOLDERS = frozenset(map(Path, ("/etc", "/private/etc", "/proc", "/sys", "/dev", "/boot")))
"""Folders whose files are about this machine and its programs, secrets among them."""
_MOST_FILES = 100
_MOST_SHOWN = 200


class FileSource(Struct, frozen=True):
    """The files of one place in FROM: they are read together as the table `table`.

    `options` are those of DuckDB's reader, each with its value as SQL: literals alone.
    """

    table: str
    form: FileForm
    paths: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()

    @property
    def shown(self) -> str:
        """The files' names as one safe line."""
        return one_line(", ".join(self.paths), _MOST_SHOWN)


def take_files(tree: exp.Expr, sql: str, *, is_allowed: bool) -> tuple[FileSource, ...]:
    """Replace the files in a query's FROM by tables of the schema of files, and return them.

    `sql` is what the tree was parsed from. Raises QueryRefused where files are not allowed, for an
    address, and for a file that is not named as text; SqlError for a wrong option.
    """
    found = [
        (node, function) for node in tree.find_all(exp.Table) if (function := _reads(node, sql))
    ]
    if found and not is_allowed:
        raise QueryRefused(
            f"{found[0][1]} reads a local file, which is not allowed here",
            hint="Remove local_files = false from the profile to allow it",
        )
    return tuple(
        _take_file(node, function, str(number)) for number, (node, function) in enumerate(found, 1)
    )


def write_readers(tree: exp.Expr, sql: str) -> None:
    """Write each file that FROM names as text as a call of the function that reads it.

    The tree can then be written as SQL again, where a name in quotes is a table. `sql` is what the
    tree was parsed from.
    """
    for node in tree.find_all(exp.Table):
        source = node.this
        if not isinstance(source, exp.Identifier) or not _reads(node, sql):
            continue
        function = f"read_{_form_of(source.name)}"
        if not node.alias:
            named = node.args.get("alias") or exp.TableAlias()
            named.set("this", exp.to_identifier(_stem(source.name), quoted=True))
            node.set("alias", named)
        path = exp.Literal.string(source.name)
        node.set("this", exp.Anonymous(this=function, expressions=[path]))


def qualify_files(tree: exp.Expr, files: tuple[FileSource, ...]) -> None:
    """Put the files' tables into their schema, once it is checked that the query names none."""
    names = {_temporary_name(one.table): one.table for one in files}
    for node in tree.find_all(exp.Table):
        if node.name in names:
            node.set("this", exp.to_identifier(names[node.name], quoted=True))
            node.set("db", exp.to_identifier(FILES_SCHEMA, quoted=True))


def is_file(node: exp.Expr) -> bool:
    """Return whether a node of FROM is the table of a file."""
    return isinstance(node, exp.Table) and node.db == FILES_SCHEMA


def _temporary_name(table: str) -> str:
    return f"\x01file {table}"


def _reads(node: exp.Table, sql: str) -> str:
    """Return the name of the function by which FROM reads a file; empty where it does not."""
    source = node.this
    if isinstance(source, exp.Identifier):
        start = source.meta.get("start")
        is_text = start is not None and sql[start : start + 1] == "'"
        return repr(source.name) if is_text and _form_of(source.name) is not None else ""
    if isinstance(source, exp.Anonymous):
        name = source.name.casefold()
    elif isinstance(source, exp.ReadCSV | exp.ReadParquet):
        name = source.sql_names()[0].casefold()
    else:
        return ""
    return f"{name}()" if name in _FUNCTIONS else ""


def _take_file(node: exp.Table, function: str, table: str) -> FileSource:
    source = node.this
    default_form = ""
    if isinstance(source, exp.Identifier):
        paths, form, arguments = (source.name,), _form_of(source.name), list[exp.Expr]()
        alias = _stem(source.name)
    else:
        alias = function.removesuffix("()")
        form, default_form = _FUNCTIONS[alias]
        arguments = [*([source.this] if isinstance(source.this, exp.Expr) else ())]
        arguments += source.expressions
        paths, arguments = _read_paths(function, arguments), arguments[1:]
    assert form is not None  # noqa: S101 — `_reads` has seen it
    for path in paths:
        _check_path(path, function)
    options = dict(_read_options(function, form, arguments))
    _add_defaults(options, form, paths, default_form)
    identifier = exp.to_identifier(_temporary_name(table), quoted=True)
    node.set("this", identifier)
    if not node.alias:
        columns = node.args.get("alias")
        named = exp.TableAlias(this=exp.to_identifier(alias, quoted=True))
        if isinstance(columns, exp.TableAlias):
            named.set("columns", columns.columns)
        node.set("alias", named)
    return FileSource(table, form, paths, tuple(options.items()))


def _read_paths(function: str, arguments: list[exp.Expr]) -> tuple[str, ...]:
    first = arguments[0] if arguments else None
    items = first.expressions if isinstance(first, exp.Array) else [first]
    if not items or not all(isinstance(one, exp.Literal) and one.is_string for one in items):
        raise QueryRefused(
            f"{function} needs the name of a file as text",
            hint="Write it in quotes, as in read_csv('emails.csv'); no expression and no parameter",
        )
    if len(items) > _MOST_FILES:
        raise SqlError(f"{function} names more than {_MOST_FILES} files")
    return tuple(one.name for one in items if one is not None)


def _check_path(path: str, function: str) -> None:
    if not path or "\0" in path:
        raise QueryRefused("A file without a name cannot be read")
    if _ADDRESS.match(path):
        raise QueryRefused(
            f"{one_line(path, _MOST_SHOWN)!r} is not a local file",
            hint="Only files of this machine are read; fetch it first",
        )
    with contextlib.suppress(OSError, RuntimeError):  # what cannot be resolved cannot be opened
        if SYSTEM_FOLDERS.intersection(Path(path).expanduser().resolve().parents):
            shown = one_line(path, _MOST_SHOWN)
            raise QueryRefused(
                f"{function} does not read files of the system, such as {shown}",
                hint="Copy it elsewhere first",
            )


def _read_options(
    function: str, form: FileForm, arguments: list[exp.Expr]
) -> Iterator[tuple[str, str]]:
    for one in arguments:
        if not isinstance(one, exp.EQ | exp.Kwarg | exp.PropertyEQ):
            raise SqlError(
                f"{function} takes a file, or a list of files, and options by name",
                hint="As in read_csv('x.csv', header = true)",
            )
        name = one.this.name.casefold()
        if name not in _OPTIONS[form]:
            near = nearest_names(name, _OPTIONS[form])
            hint = f"Did you mean {', '.join(near)}?" if near else None
            raise QueryRefused(f"{function} takes no {one_line(name, 60)} here", hint=hint)
        if not _is_literal(one.expression):
            raise QueryRefused(
                f"{name} of {function} is not a literal", hint="Write the value itself"
            )
        yield name, one.expression.sql(dialect=DIALECT)


def _add_defaults(
    options: dict[str, str], form: FileForm, paths: tuple[str, ...], default_form: str
) -> None:
    """Add what DuckDB would take from the file's name, and keep the text of a CSV as it is."""
    ending = PurePath(paths[0]).suffix.casefold()
    if ending in _COMPRESSIONS and form != "parquet":
        options.setdefault("compression", f"'{_COMPRESSIONS[ending]}'")
    if form == "csv" and not _TYPE_OPTIONS.intersection(options):
        options["all_varchar"] = "true"
    if default_form:
        options.setdefault("format", f"'{default_form}'")


def _is_literal(node: object) -> bool:
    """Return whether a value is written out, whatever it holds."""
    match node:
        case exp.Literal() | exp.Boolean() | exp.Null():
            return True
        case exp.Neg() | exp.Paren():
            return _is_literal(node.this)
        case exp.Array() | exp.Tuple():
            return all(map(_is_literal, node.expressions))
        case exp.Struct():
            return all(
                isinstance(one, exp.PropertyEQ)
                and isinstance(one.this, exp.Identifier | exp.Literal)
                and _is_literal(one.expression)
                for one in node.expressions
            )
        case _:
            return False


def _form_of(name: str) -> FileForm | None:
    """Return the form that a file's name ends in, before that of its compression."""
    path = PurePath(name)
    if path.suffix.casefold() in _COMPRESSIONS:
        path = path.with_suffix("")
    return _FORMS_BY_ENDING.get(path.suffix.casefold())


def _stem(name: str) -> str:
    return PurePath(name).name.partition(".")[0] or "file"
