"""Keeps how far a script has come in a file, so that it is resumed without doing anything twice.

The file has a line of JSON for each event. The first says of which account and script it is, by a
hash of its text; each other that a statement has begun to change records, or how it ended. A
statement is named by its place: `3` is the third, `3/2` the second in the file that the third runs.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from enum import StrEnum, auto
from pathlib import Path
from typing import Literal, Self, cast

from cmdm_tui.catalog import Account
from cmdm_tui.config.bounded_files import LARGEST_INPUT, read_bounded
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.statements import StatementText
from cmdm_tui.text import one_line

BegunRule = Literal["skip", "again"]
"""What becomes of a statement that may have changed records, and was not seen to end."""

_VERSION = 1
_OWNER_ONLY = 0o600


class StatementState(StrEnum):
    """How far a statement of a script has come."""

    BEGUN = auto()
    """It may have changed records already."""
    DONE = auto()
    FAILED = auto()
    """It failed or was declined, and has changed nothing."""
    UNSURE = auto()
    """It failed, and may have changed records."""

    @property
    def is_in_doubt(self) -> bool:
        """Whether running it again could change records twice."""
        return self in {StatementState.BEGUN, StatementState.UNSURE}


class ScriptCheckpoint:
    """The file of one script on one account. Use `begin` or `resume` to open it."""

    def __init__(self, path: Path, rule: BegunRule | None = None) -> None:
        self._path = path
        self._rule = rule
        self._states: dict[str, StatementState] = {}
        self._places: dict[str, str] = {}
        self._files: dict[str, str] = {}
        self._is_finished = False
        self._may_be_cut = False
        """Whether the last line that is there may have been cut by a kill."""

    @classmethod
    def begin(cls, path: Path, account: Account, script: str) -> Self:
        """Make the file for a script. Raises ReplError where there is one, or none can be."""
        kept = cls(path)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
            os.close(handle)
        except FileExistsError:
            if not kept.is_checkpoint:
                raise ReplError(
                    f"{kept.name} is there already, and keeps no script's progress. Name another."
                ) from None
            raise ReplError(
                f"{kept.name} keeps how far a script has come. Add --resume to go on with it, or "
                "remove it to begin again."
            ) from None
        except OSError as error:
            raise kept.cannot("written", error) from None
        kept.add_line(_describe_script(account, script))
        return kept

    @classmethod
    def resume(
        cls, path: Path, account: Account, script: str, rule: BegunRule | None = None
    ) -> Self:
        """Read the file of a script that is to go on.

        Raises ReplError where it is of another script or account, where all was done, and, without
        a `rule`, where a statement may have changed records that was not seen to end.
        """
        kept = cls(path, rule)
        kept.load(_describe_script(account, script))
        return kept

    @property
    def name(self) -> str:
        """The file's name, for a message."""
        return one_line(str(self._path), 200)

    @property
    def is_checkpoint(self) -> bool:
        """Whether the file keeps how far a script has come, rather than anything else."""
        return _begins_checkpoint(list(self._read_lines()))

    @property
    def done_count(self) -> int:
        """How many statements are done."""
        return sum(state is StatementState.DONE for state in self._states.values())

    def state_of(self, place: str) -> StatementState | None:
        """Return how far a statement has come; None where it has not begun."""
        state = self._states.get(place)
        if state is not None and state.is_in_doubt and self._rule is not None:
            return StatementState.DONE if self._rule == "skip" else None
        return state

    def begin_statement(self, place: str, unit: StatementText, where: str) -> None:
        """Note that a statement is about to change records."""
        self._note(place, unit, where, StatementState.BEGUN)

    def end_statement(
        self, place: str, unit: StatementText, where: str, state: StatementState
    ) -> None:
        """Note how a statement ended."""
        self._note(place, unit, where, state)

    def enter_file(self, place: str, text: str) -> None:
        """Note the file that a statement runs. Raises ReplError where it was another before."""
        found = _hash(text)
        if place not in self._files:
            self._files[place] = found
            self.add_line({"at": place, "file": found})
        elif self._files[place] != found:
            raise ReplError(
                f"A file that the script runs has changed since {self.name} was written. Put it "
                "back as it was, or remove the checkpoint and take out what was done."
            )

    def finish(self) -> None:
        """Note that all is done."""
        self.add_line({"state": "finished"})

    def load(self, script: dict[str, object]) -> None:
        """Read the file; see `resume`."""
        lines = list(self._read_lines())
        self._may_be_cut = True
        if not _begins_checkpoint(lines):
            raise ReplError(f"{self.name} keeps no script's progress. Check its path.")
        if any(lines[0].get(key) != script[key] for key in ("address", "user")):
            raise ReplError(f"{self.name} is of another account. Use the profile that it began on.")
        if lines[0].get("script") != script["script"]:
            raise ReplError(
                f"The script has changed since {self.name} was written, so it cannot be resumed. "
                "Put it back as it was, or remove the checkpoint and take out what was done."
            )
        for line in lines[1:]:
            self._take(line)
        if self._is_finished:
            raise ReplError(
                f"Nothing is left to do: {self.name} says that the whole script was done. Remove "
                "it to run the script again."
            )
        self._check_doubts()

    def add_line(self, line: dict[str, object]) -> None:
        """Write a line, which is on the disk when this returns."""
        text = f"\n{json.dumps(line)}" if self._may_be_cut else json.dumps(line)
        self._may_be_cut = False
        try:
            with self._path.open("ab") as file:
                file.write(f"{text}\n".encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self.cannot("written", error) from None

    def cannot(self, verb: str, error: OSError) -> ReplError:
        """Return the error for a file that cannot be used."""
        reason = error.strerror or "it has no such name"
        return ReplError(f"{self.name} cannot be {verb}: {reason}. Check its path.")

    def _note(self, place: str, unit: StatementText, where: str, state: StatementState) -> None:
        self._states[place], self._places[place] = state, where
        self.add_line(
            {"at": place, "where": where, "statement": _hash(unit.text), "state": str(state)}
        )

    def _read_lines(self) -> Iterator[dict[str, object]]:
        try:
            content = read_bounded(self._path, LARGEST_INPUT)
        except FileNotFoundError:
            raise ReplError(
                f"There is no {self.name} to resume. Leave --resume out to begin."
            ) from None
        except OSError as error:
            raise self.cannot("read", error) from None
        for line in content.decode("utf-8", "replace").splitlines():
            try:
                value = json.loads(line) if line else None
            except ValueError:
                continue  # a line that was cut by a kill: what it would say has not been noted
            if isinstance(value, dict):
                yield cast("dict[str, object]", value)

    def _take(self, line: dict[str, object]) -> None:
        place, state = str(line.get("at", "")), str(line.get("state", ""))
        if state == "finished":
            self._is_finished = True
        elif "file" in line:
            self._files[place] = str(line["file"])
        elif state in set(StatementState):
            self._states[place] = StatementState(state)
            self._places[place] = str(line.get("where", ""))

    def _check_doubts(self) -> None:
        doubtful = [place for place, state in self._states.items() if state.is_in_doubt]
        if not doubtful or self._rule is not None:
            return
        where = one_line(self._places[doubtful[0]], 200)
        more = f" (and {len(doubtful) - 1:,} more)" if len(doubtful) > 1 else ""
        raise ReplError(
            f"The statement at {where}{more} may have changed records, and was not seen to end. "
            "Look with cmdm journal list, then add --begun skip or --begun again."
        )


def _begins_checkpoint(lines: list[dict[str, object]]) -> bool:
    return bool(lines) and lines[0].get("cmdm_checkpoint") == _VERSION


def _describe_script(account: Account, script: str) -> dict[str, object]:
    return {
        "cmdm_checkpoint": _VERSION,
        "address": account.service_name,
        "user": account.profile.credentials.username,
        "script": _hash(script),
    }


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
