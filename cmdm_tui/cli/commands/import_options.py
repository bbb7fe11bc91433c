"""Reads the words and options of `cmdm import`: which file is of which entity, and how it is read.

Of several files an option that is of one of them names its entity: `--key account=Name`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from cmdm_tui.operations.related_import import ImportRequest
from cmdm_tui.transfer import ImportOptions, load_mapping
from cmdm_tui.transfer.links import LinkRequest

MODES = ("create", "update", "upsert")


@dataclass(frozen=True, slots=True)
class ImportWords:
    """What is to be imported; `is_single` for `cmdm import ENTITY FILE`.

    `saved_mappings` are the files that keep the fields of columns, by entity; `inputs` are the
    files that are read.
    """

    requests: tuple[ImportRequest, ...]
    links: tuple[LinkRequest, ...]
    saved_mappings: Mapping[str, Path]
    inputs: tuple[Path, ...]
    is_single: bool


def read_import_words(words: Sequence[str], given: Mapping[str, Any]) -> ImportWords:
    """Return what the words and options say. Raises UsageError or ImportFileError."""
    pairs, is_single = _read_files(words)
    entities = [entity for entity, _ in pairs]
    reader = EntityOptionReader(entities, is_single=is_single)
    links = tuple(_read_link(word) for word in given["links"])
    if links and is_single:
        raise click.UsageError("--link is for several files, each given as ENTITY=FILE.")
    modes = reader.read_all("--mode", given["modes"], is_for_all=True)
    keys = reader.read_all("--key", given["keys"])
    mappings = reader.read_all("--mapping", given["mappings"])
    saved = reader.read_all("--save-mapping", given["saved_mappings"])
    requests: list[ImportRequest] = []
    for entity, path in pairs:
        mapping: dict[str, str | None] = {}
        if entity in mappings:
            mapping.update(load_mapping(Path(mappings[entity])))
        mapping.update(reader.read_columns(entity, given["mapped"]))
        mode = modes.get(entity, "create")
        if mode not in MODES:
            raise click.UsageError(f"The --mode {mode!r} is none of {', '.join(MODES)}.")
        delimiter = given["delimiter"]
        options = ImportOptions(
            mode=mode,
            key=keys.get(entity),
            dates=given["dates"],
            decimal=given["decimal"],
            zone=given["zone"],
            quote=given["quote"],
            escape=given["escape"],
            delimiter="\t" if delimiter in {"\\t", "tab"} else delimiter,
            encoding=given["encoding"],
            sheet=given["sheet"],
            header=given["header"],
            blank=given["blank"],
            mapping=mapping,
        )
        requests.append(ImportRequest(path, entity, options))
    paths = {entity: Path(path) for entity, path in saved.items()}
    inputs = (*(path for _, path in pairs), *map(Path, mappings.values()))
    return ImportWords(tuple(requests), links, paths, inputs, is_single)


def _read_files(words: Sequence[str]) -> tuple[list[tuple[str, Path]], bool]:
    """Return the entities with their files, and whether it is one, given as ENTITY FILE."""
    if len(words) == 2 and "=" not in words[0]:
        return [(words[0], Path(words[1]))], True
    pairs: list[tuple[str, Path]] = []
    for word in words:
        entity, sign, path = word.partition("=")
        if not (entity and sign and path):
            message = f"{word!r} is not ENTITY=FILE. Give ENTITY FILE, or ENTITY=FILE for each."
            raise click.UsageError(message)
        pairs.append((entity, Path(path)))
    folded = [entity.casefold() for entity, _ in pairs]
    for entity in folded:
        if folded.count(entity) > 1:
            raise click.UsageError(f"{entity} is given twice. Put its records into one file.")
    return pairs, False


@dataclass(frozen=True, slots=True)
class EntityOptionReader:
    """Reads options that are of one file: of several files they name its entity."""

    entities: Sequence[str]
    is_single: bool

    def read_all(
        self, option: str, words: Sequence[str], *, is_for_all: bool = False
    ) -> dict[str, str]:
        """Return the values by entity; a value may be `is_for_all` files. Raises UsageError."""
        if self.is_single:
            return {self.entities[0]: words[-1]} if words else {}
        found: dict[str, str] = {}
        for word in words:
            name, sign, value = word.partition("=")
            entity = self._find(name) if sign else None
            if entity is not None and value:
                found[entity] = value
            elif is_for_all and not sign:
                found = {one: found.get(one, word) for one in self.entities}
            else:
                raise click.UsageError(self._describe(f"{option} {word}", "ENTITY=…"))
        return found

    def read_columns(self, entity: str, words: Sequence[str]) -> dict[str, str | None]:
        """Return the fields of the columns of an entity's file. Raises UsageError."""
        mapping: dict[str, str | None] = {}
        for word in words:
            header, sign, field = word.rpartition("=")
            if not sign or not header:
                message = f"{word!r} is not HEADER=FIELD. Write it as --map 'E-mail=Email'."
                raise click.UsageError(message)
            if not self.is_single:
                name, dot, header = header.partition(".")
                of = self._find(name)
                if of is None or not dot or not header:
                    raise click.UsageError(self._describe(f"--map {word}", "ENTITY.HEADER=FIELD"))
                if of != entity:
                    continue
            mapping[header] = field or None
        return mapping

    def _find(self, name: str) -> str | None:
        folded = name.casefold()
        return next((one for one in self.entities if one.casefold() == folded), None)

    def _describe(self, what: str, form: str) -> str:
        known = ", ".join(self.entities)
        return f"{what}: say of which file, as {form}. The files are of {known}."


def _read_link(word: str) -> LinkRequest:
    """Return the link that `contact.AccountID=account.Ref` asks for. Raises UsageError."""
    child, sign, parent = word.partition("=")
    entity, dot, column = child.partition(".")
    of, parent_dot, parent_column = parent.partition(".")
    is_whole = bool(of and parent_dot)
    if not (sign and entity and dot and column and (is_whole or not parent)):
        raise click.UsageError(
            f"{word!r} is not ENTITY.COLUMN=ENTITY.COLUMN. "
            "Write it as --link contact.AccountExternalID=account.Ref."
        )
    return LinkRequest(entity, column, (of, parent_column) if parent else None)
