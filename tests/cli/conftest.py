"""Runs commands in this process, as a shell would see them."""

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cmdm_tui.cli.main import run
from cmdm_tui.sandbox import RunningInfo


@dataclass(frozen=True)
class Ended:
    """What a command left: its exit code and what it wrote."""

    code: int
    out: bytes
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Ended]


@pytest.fixture
def cmdm(
    home: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Command:
    """Run `cmdm` with words and, as keywords, environment variables and `stdin`."""

    def command(*words: str, stdin: bytes = b"", **environment: str) -> Ended:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
            for name, value in environment.items():
                patch.setenv(name, value)
            code = run(list(words))
            sys.stderr.flush()
        captured = capfdbinary.readouterr()
        return Ended(code, captured.out, captured.err.decode())

    return command


@pytest.fixture
def signed_in(sandbox: RunningInfo, home: Path, monkeypatch: pytest.MonkeyPatch) -> RunningInfo:
    """Set the environment that makes the sandbox the profile."""
    for name in ("url", "client_id", "client_secret", "username", "password"):
        monkeypatch.setenv(f"CMDM_{name.upper()}", getattr(sandbox, name))
    return sandbox
