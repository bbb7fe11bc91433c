"""What to say where a service knows no entity of a name: the one that was meant, for no call."""

from urllib.parse import unquote

from cmdm_tui.api import NotFound
from cmdm_tui.catalog import Catalog


def advise_entity(error: NotFound, catalog: Catalog) -> NotFound:
    """Return the error of a call with the entity that it may have meant, if one is like its name.

    An entity that is known was not meant to be another, whatever the service did not find of it.
    """
    if error.call is None:
        return error
    name = unquote(error.call.path.lstrip("/").partition("?")[0].partition("/")[0])
    meant = catalog.find_similar(name)
    return error if meant is None else error.advise(f"Did you mean {meant}?")
