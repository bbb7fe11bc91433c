"""PostgreSQL: what can go wrong with a database, how it is read, and the keys it is sorted by."""

import sys
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdm_tui.sandbox import (
    DatabaseError,
    DatabaseInUseError,
    Sandbox,
    SandboxConfig,
)
from cmdm_tui.sandbox.postgres import statements
from cmdm_tui.sandbox.postgres.address import conninfo
from cmdm_tui.sandbox.postgres.keys import between, is_cut, key, ranked
from cmdm_tui.sandbox.schema import ENTITIES
from cmdm_tui.sandbox.store import Order

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.backends import PostgresBackend

NAME = ENTITIES["product"].by_name["Name"]


def refusal(data: Path, address: str, *, reset: bool = False) -> str:
    """Return the one line with which a sandbox on this database refuses to start."""
    config = SandboxConfig(data, port=0, records=0, database=address, reset=reset)
    with pytest.raises((DatabaseError, DatabaseInUseError)) as caught, Sandbox.embedded(config):
        pass
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    assert "secret" not in message
    assert address not in repr(config)
    return message


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("mysql://user:secret@host/name", "postgresql://"),
        ("user:secret@host", "postgresql://"),
        ("postgresql://user:se@secret@host/name", "%40"),
        ("postgresql://user:x/secret@host/name", "%40"),
        ("postgresql://user:x?secret@host/name", "%40"),
        ("postgresql://user:x#secret@host/name", "%40"),
        ("postgresql://user:secret%zz@host/name", "form"),
        ("postgresql://user:secret@host/name?nonsense=1", "form"),
        ("postgresql://user:secret@127.0.0.1:1/name", "127.0.0.1:1"),
        ("postgresql://user:secret@/name?host=/nowhere", "/nowhere"),
    ],
)
def test_an_address_that_is_wrong(tmp_path: Path, address: str, named: str) -> None:
    assert named in refusal(tmp_path / "data", address)


def test_psycopg_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("cmdm_tui.sandbox.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    message = refusal(tmp_path / "data", "postgresql://user:secret@host/name")
    assert "cmdm-tui[postgres]" in message


def test_a_database_that_is_not_there(postgres: "PostgresBackend", tmp_path: Path) -> None:
    address = postgres.database_of(tmp_path / "data")
    postgres.drop(tmp_path / "data")
    assert "does not exist" in refusal(tmp_path / "data", address)


def another_programs(connection: psycopg.Connection) -> None:
    connection.execute("DROP SCHEMA cmdm_sandbox CASCADE")
    connection.execute("CREATE SCHEMA cmdm_sandbox")


def another_versions(connection: psycopg.Connection) -> None:
    connection.execute("UPDATE cmdm_sandbox._meta SET value = '99' WHERE name = 'layout'")


def another_unicodes(connection: psycopg.Connection) -> None:
    connection.execute("UPDATE cmdm_sandbox._meta SET value = '1.1' WHERE name = 'unicode'")


@pytest.mark.parametrize("harm", [another_programs, another_versions, another_unicodes])
def test_a_schema_that_is_not_ours(
    postgres: "PostgresBackend", tmp_path: Path, harm: "Callable[[psycopg.Connection], None]"
) -> None:
    data = tmp_path / "data"
    address = postgres.database_of(data)
    with Sandbox.embedded(SandboxConfig(data, port=0, records=0, database=address)):
        pass
    with closing(psycopg.connect(address, autocommit=True)) as connection:
        harm(connection)
    message = refusal(data, address)
    assert "cmdm_sandbox" in message
    assert "--reset" in message
    with Sandbox.embedded(SandboxConfig(data, 0, records=0, database=address, reset=True)):
        pass
    postgres.drop(data)


def test_the_credentials_of_another_folder(postgres: "PostgresBackend", tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    address = postgres.database_of(one)
    with Sandbox.embedded(SandboxConfig(one, port=0, records=0, database=address)):
        pass
    assert "--data" in refusal(other, address)
    with Sandbox.embedded(SandboxConfig(other, 0, records=0, database=address, reset=True)):
        pass
    assert "--data" in refusal(one, address)
    postgres.drop(one)


def test_a_database_that_is_served_cannot_be_made_anew(
    postgres: "PostgresBackend", tmp_path: Path
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    address = postgres.database_of(one)
    with Sandbox.embedded(SandboxConfig(one, port=0, records=0, database=address)):
        assert "Another sandbox is using" in refusal(other, address, reset=True)
        # Serving it beside the other is what a database is for.
        (other / "credentials.json").write_bytes((one / "credentials.json").read_bytes())
        with Sandbox.embedded(SandboxConfig(other, port=0, records=0, database=address)):
            pass
    postgres.drop(one)


def test_the_database_holds_no_secret(postgres: "PostgresBackend", tmp_path: Path) -> None:
    data = tmp_path / "data"
    address = postgres.database_of(data)
    config = SandboxConfig(data, port=0, records=0, database=address)
    with ExitStack() as stack:
        info = stack.enter_context(Sandbox.embedded(config))
        connection = stack.enter_context(closing(psycopg.connect(address)))
        kept = repr(connection.execute("SELECT * FROM cmdm_sandbox._meta").fetchall())
    assert "account" in kept
    for secret in (info.client_id, info.client_secret, info.username, info.password):
        assert secret not in kept
    postgres.drop(data)


def test_pages_are_read_off_indexes(postgres: "PostgresBackend", tmp_path: Path) -> None:
    """A page of any order must neither scan nor sort the table."""
    data = tmp_path / "data"
    address = postgres.database_of(data)
    config = SandboxConfig(data, port=0, records=2_000, database=address)
    with Sandbox.embedded(config), psycopg.connect(conninfo(address)) as connection:
        for field in (None, "ExternalID", "LastName", "Status", "Score"):
            for is_after in (False, True):
                for descending in (False, True):
                    order = Order(field, descending)
                    sql = statements.page("lead", field, descending=descending, is_after=is_after)
                    values = {"limit": 10, "offset": 900, "version": 1, "position": 900}
                    values |= {"key": 900 if field is None else b"\x01m"}
                    rows = connection.execute(b"EXPLAIN (ANALYZE) " + sql, values).fetchall()
                    plan = "\n".join(row[0] for row in rows)
                    assert "Seq Scan" not in plan, (order, plan)
                    for line in plan.splitlines():
                        if "actual" in line and "Index Only" not in line:
                            # What is not an index entry is the page, or a group of it.
                            count = int(line.partition(" rows=")[2].split(" rows=")[-1].split()[0])
                            assert count <= 30, (order, plan)
    postgres.drop(data)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=60))
def test_ranks_stand_as_the_keys_they_stand_for(numbers: list[int]) -> None:
    kept: dict[bytes, bytes] = {}
    for number in numbers:
        whole = key(NAME, "x" * 2_500 + chr(number + 40))
        assert is_cut(whole)
        kept[whole] = ranked(whole, list(kept.items()))
    assert [kept[whole] for whole in sorted(kept)] == sorted(kept.values())
    assert len(set(kept.values())) == len(kept)


def test_ranks_given_one_after_another_stay_short() -> None:
    rank = b""
    for _ in range(50_000):
        after = between(rank, None)
        assert rank < after
        rank = after
    assert len(rank) <= 5


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=5), st.binary(max_size=5))
def test_there_is_always_room_between_two_ranks(one: bytes, other: bytes) -> None:
    # No rank ends in a zero byte.
    below, above = sorted((one.rstrip(b"\x00"), other.rstrip(b"\x00")))
    if below != above:
        found = between(below, above)
        assert below < found < above
        assert not found.endswith(b"\x00")
