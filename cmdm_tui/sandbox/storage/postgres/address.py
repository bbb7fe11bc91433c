"""The address of a database as a user gives it: checked, and never shown with its password."""

import re
from typing import Any
from urllib.parse import unquote

from psycopg import Error, ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cmdm_tui.sandbox.errors import DatabaseError
from cmdm_tui.sandbox.storage.postgres.statements import SCHEMA
from cmdm_tui.text import one_line

_SCHEME = re.compile(r"postgres(ql)?://")
_SECONDS_TO_CONNECT = 10

# Every page is read through an index, record by record; of a small table the planner would rather
# read and sort the whole, which is slower once it is not small.
_OPTIONS = (
    f"-c search_path={SCHEMA} -c enable_seqscan=off -c enable_bitmapscan=off "
    "-c enable_hashjoin=off -c enable_mergejoin=off "
    "-c plan_cache_mode=force_custom_plan -c jit=off -c client_min_messages=error"
)


def build_conninfo(address: str) -> str:
    """Return the connection string for a `postgresql://` address.

    Raises `DatabaseError`, whose message shows nothing of an address that cannot be read.
    """
    scheme = _SCHEME.match(address)
    if scheme is None:
        raise _address_error("it does not begin with postgresql://")
    rest = address[scheme.end() :]
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    if rest.count("@") > 1 or rest.count("@") > authority.count("@"):
        # Part of the password would be taken for a host, a port or a name, and shown as such.
        raise _address_error(
            "special characters in a password are written as %40 for @ and the like"
        )
    try:
        given = conninfo_to_dict(address)
        options = f"{given.get('options') or ''} {_OPTIONS}"
        return make_conninfo(
            address,
            options=options,
            application_name="cmdm sandbox",
            connect_timeout=given.get("connect_timeout") or _SECONDS_TO_CONNECT,
        )
    except ProgrammingError as error:
        raise _address_error("its form is wrong") from error


def describe_place(conninfo: str) -> str:
    """Return where a database is, for messages: `name at host:port`."""
    given = conninfo_to_dict(conninfo)
    host = given.get("host") or given.get("hostaddr") or "this machine"
    port = f":{given['port']}" if given.get("port") else ""
    name = given.get("dbname") or given.get("user") or "postgres"
    return one_line(f"{name} at {host}{port}", 120)


def describe_error(error: Error, conninfo: str) -> str:
    """Return what an error says, in a line and without the password."""
    said = str(error).strip() or type(error).__name__
    # A host of several addresses has a line for each; they rarely differ.
    text = one_line(said.splitlines()[0], 300)
    for secret in _secrets(conninfo_to_dict(conninfo)):
        text = text.replace(secret, "…")
    return text


def _secrets(given: dict[str, Any]) -> list[str]:
    values = (given.get(name) for name in ("password", "sslpassword"))
    return [form for value in values if value for form in (str(value), unquote(str(value)))]


def _address_error(why: str) -> DatabaseError:
    return DatabaseError(
        f"The database's address cannot be read: {why}; "
        "give one such as postgresql://user:password@host:5432/name."
    )
