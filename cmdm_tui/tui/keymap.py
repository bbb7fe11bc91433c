"""The keymap: which keys the user has given to which commands, and what is wrong with it."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from textual.binding import Binding
from textual.dom import DOMNode

from cmdm_tui.config import ConfigurationError
from cmdm_tui.config.toml_files import read_toml
from cmdm_tui.text import one_line
from cmdm_tui.tui.app_commands import APP_COMMANDS
from cmdm_tui.tui.commands import CommandScreen
from cmdm_tui.tui.key_names import format_key, is_key, split_keys

_ALIKE = 0.85
"""How much two names are alike, of 1, for one to be a slip of the other."""

_MOST_FAULTS = 4
"""Faults that are shown; the others are counted."""

BindingSet = Mapping[str, tuple[str, ...]]
"""Bindings that apply together, such as a screen's: the keys of each by its id."""


@dataclass(frozen=True, slots=True)
class Keymap:
    """The usable part of a keymap file, and a sentence for each part that is not."""

    keys: Mapping[str, str]
    """Keys with commas between them, by the ids of the bindings."""
    faults: tuple[str, ...] = ()


def list_binding_sets(*owners: type[DOMNode]) -> list[BindingSet]:
    """Return the bindings of each class that have an id; a screen's with those of every screen."""
    sets: list[BindingSet] = []
    for owner in owners:
        own = {
            binding.id: split_keys(binding.key)
            for binding in owner.__dict__.get("BINDINGS", ())
            if isinstance(binding, Binding) and binding.id
        }
        shared = APP_COMMANDS.default_keys if issubclass(owner, CommandScreen) else {}
        sets.append({**own, **shared})
    return sets


def read_keymap(path: Path, sets: list[BindingSet]) -> Keymap:
    """Read a keymap file such as `"browse.sort" = "o,ctrl+o"`; it is empty where there is no file.

    An entry that is unusable, or whose key another command of the same screen has, is left out and
    its fault noted. A file that cannot be read is one fault.
    """
    try:
        content = read_toml(path)
    except ConfigurationError as error:
        return Keymap({}, (str(error),))
    taken, faults = _check_entries(_flatten(content), {name for one in sets for name in one})
    while clash := _find_clash(taken, sets):
        entry, sentence = clash
        del taken[entry]
        faults.append(sentence)
    told = [f"{path}: {fault}" for fault in faults[:_MOST_FAULTS]]
    if len(faults) > _MOST_FAULTS:
        told.append(f"{path}: {len(faults) - _MOST_FAULTS} more entries are not used.")
    return Keymap({name: ",".join(keys) for name, keys in taken.items()}, tuple(told))


def _flatten(content: Mapping[str, Any]) -> dict[str, object]:
    """Return the entries of tables too: `[browse]` with `sort = "o"` is `browse.sort`."""
    entries: dict[str, object] = {}
    for name, given in content.items():
        if isinstance(given, dict):
            table = cast("dict[str, object]", given)
            entries.update({f"{name}.{last}": value for last, value in table.items()})
        else:
            entries[name] = given
    return entries


def _check_entries(
    entries: Mapping[str, object], known: set[str]
) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """Return the keys of the entries that are right by themselves, and the faults of the others."""
    taken: dict[str, tuple[str, ...]] = {}
    faults: list[str] = []
    for name, given in entries.items():
        shown = one_line(name, 60)
        keys = tuple(dict.fromkeys(split_keys(given))) if isinstance(given, str) else ()
        odd = [key for key in keys if not is_key(key)]
        if name not in known:
            faults.append(f"no command is called {shown}. {_suggest(name, known)}".rstrip())
        elif not keys:
            faults.append(f'{shown} needs keys in quotes, such as "o" or "o,ctrl+o".')
        elif odd:
            faults.append(f"{shown}: no key is called {one_line(odd[0], 40)}.")
        else:
            taken[name] = keys
    return taken, faults


def _suggest(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), 1, _ALIKE)
    return f"Do you mean {near[0]}?" if near else ""


def _find_clash(
    taken: Mapping[str, tuple[str, ...]], sets: list[BindingSet]
) -> tuple[str, str] | None:
    """Return an entry that takes another command's key, and a sentence on it; None without one."""
    for one in sets:
        owners: dict[str, str] = {}
        for name, default in one.items():
            for key in taken.get(name, default):
                other = owners.setdefault(key, name)
                if other == name or (name not in taken and other not in taken):
                    continue
                entry, owner = (name, other) if name in taken else (other, name)
                return entry, f"{entry} keeps its key, as {owner} has {format_key(key)} already."
    return None
