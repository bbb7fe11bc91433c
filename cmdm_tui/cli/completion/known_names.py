"""Reads from disk which profiles, entities and fields are known: no call, and no sign-in.

The files are those that the profile store and the catalog keep. What cannot be read is not known:
a key press tells no errors.
"""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import click

DEFAULT_ENTITIES = ("account", "lead", "contact", "task", "opportunity")
"""As `cmdm_tui.catalog` has them; named here so that a key press loads nothing."""
_LARGEST_FILE = 16 * 1024 * 1024


def list_profiles() -> list[str]:
    """Return the names of the profiles."""
    from cmdm_tui.config import ConfigurationError, Paths, ProfileStore

    try:
        return ProfileStore(Paths.of_user()).list_names()
    except (ConfigurationError, OSError):
        return []


def list_entities(context: "click.Context") -> list[str]:
    """Return the entities of the profile that the line names, else of the one to use."""
    catalog, custom = _find_catalog(context)
    added = [] if catalog is None else _texts(_read_json(catalog).get("entities"))
    return list(dict.fromkeys((*DEFAULT_ENTITIES, *custom, *added)))


def list_fields(context: "click.Context", entity: str) -> list[str]:
    """Return the fields of an entity that the catalog's cache keeps, however old."""
    catalog, _ = _find_catalog(context)
    if catalog is None:
        return []
    facts = _read_json(catalog.with_name(f"{catalog.stem}.facts.json"))
    folded = entity.casefold()
    found: list[str] = []
    for name, known in _object(facts.get("entities")).items():
        if name.casefold() == folded:
            found += _texts([_object(one).get("name") for one in _list(_object(known), "fields")])
    return list(dict.fromkeys(found))


def _find_catalog(context: "click.Context") -> tuple[Path | None, tuple[str, ...]]:
    """Return the file of the catalog of the profile in use, and the entities of its table."""
    from cmdm_tui.config import ConfigurationError, Paths, ProfileStore, load_environment_profile

    wanted = context.find_root().params.get("profile")
    paths = Paths.of_user()
    with suppress(ConfigurationError, OSError):
        profile = None if wanted else load_environment_profile(os.environ)
        if profile is not None:
            return paths.catalogs / f"{profile.catalog}.json", profile.entities
        store = ProfileStore(paths)
        name = store.choose(wanted)
        return paths.catalogs / f"{name}.json", store.load_settings(name).entities
    return None, ()


def _read_json(file: Path) -> dict[str, object]:
    from cmdm_tui.config.bounded_files import read_bounded

    try:
        content = json.loads(read_bounded(file, _LARGEST_FILE))
    except (OSError, ValueError, RecursionError):
        return {}
    return _object(content)


def _object(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _list(value: dict[str, object], name: str) -> list[object]:
    found = value.get(name)
    return cast("list[object]", found) if isinstance(found, list) else []


def _texts(value: object) -> list[str]:
    """Return the texts of a list; none of what is not one."""
    found = cast("list[object]", value) if isinstance(value, list) else []
    return [one for one in found if isinstance(one, str)]
