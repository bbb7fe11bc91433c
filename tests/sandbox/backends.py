"""The databases that a sandbox's data can be in, each able to be made, copied and thrown away."""

import itertools
import os
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from cmdm_tui.sandbox import AccountCredentials
from cmdm_tui.sandbox.storage.postgres import database
from cmdm_tui.sandbox.storage.postgres.store import PostgresStore
from cmdm_tui.sandbox.storage.sqlite.data_file import create_data_file
from cmdm_tui.sandbox.storage.sqlite.store import SqliteStore
from cmdm_tui.sandbox.storage.store import Store


class Backend(Protocol):
    """One kind of database."""

    store_class: type[Any]

    def database_of(self, data: Path) -> str | None:
        """Return the `database` to serve a data folder with: always the same one."""
        ...

    def copy(self, template: Path, data: Path) -> None:
        """Copy a data folder and the records that go with it."""
        ...

    def empty_store(self, data: Path) -> Store:
        """Make a store without records."""
        ...

    def drop(self, data: Path) -> None:
        """Throw away what lies outside of the data folder."""
        ...


class SqliteBackend:
    """Everything is in the folder's file."""

    store_class = SqliteStore

    def database_of(self, data: Path) -> str | None:
        return None

    def copy(self, template: Path, data: Path) -> None:
        shutil.copytree(template, data)

    def empty_store(self, data: Path) -> Store:
        data.mkdir()
        create_data_file(data / "sandbox.sqlite", {}, 0)
        return SqliteStore(data / "sandbox.sqlite")

    def drop(self, data: Path) -> None:
        pass


class PostgresBackend:
    """A database for each data folder, on the server at `address`."""

    store_class = PostgresStore

    def __init__(self, address: str) -> None:
        self._address = address
        self._names: dict[Path, str] = {}
        self._numbers = itertools.count()

    def database_of(self, data: Path) -> str:
        if data not in self._names:
            self._create(data, "template0")
        return urlunsplit(urlsplit(self._address)._replace(path=f"/{self._names[data]}"))

    def copy(self, template: Path, data: Path) -> None:
        shutil.copytree(template, data)
        self._create(data, self._names[template])

    def empty_store(self, data: Path) -> Store:
        with database.open_database(self.database_of(data)) as held:
            held.create(AccountCredentials.random(), {}, 0, None)
            return PostgresStore(held.conninfo)

    def drop(self, data: Path) -> None:
        name = self._names.pop(data, None)
        if name is not None:
            self._run(sql.SQL("DROP DATABASE {} (FORCE)").format(sql.Identifier(name)))

    def drop_all(self) -> None:
        for data in list(self._names):
            self.drop(data)

    def _create(self, data: Path, template: str) -> None:
        name = f"cmdm_test_{os.getpid()}_{next(self._numbers)}"
        self._names[data] = name
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._run(statement.format(sql.Identifier(name), sql.Identifier(template)))

    def _run(self, statement: sql.Composed) -> None:
        with closing(psycopg.connect(self._address, autocommit=True)) as connection:
            connection.execute(statement)
