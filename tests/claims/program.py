"""The installed program as a process of its own: what it printed, and how it ended."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.terminals import restore_signals

DEADLINE = 60.0


@dataclass(frozen=True)
class Ended:
    """A process that ended: its exit code, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err


def environment_of(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment with a home of its own and no service named."""
    # Nor what would hide how Python buffers, or would have each process compile the program.
    own = ("CMDM_", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    folders = {
        f"XDG_{kind}_HOME": str(home / kind.lower())
        for kind in ("CONFIG", "DATA", "CACHE", "STATE")
    }
    return {**kept, "HOME": str(home), **folders, **(extra or {})}


def start_cmdm(
    words: Sequence[str | bytes],
    home: Path,
    extra: Mapping[str, str] | None = None,
    *,
    code: str | None = None,
) -> "subprocess.Popen[bytes]":
    """Start `cmdm` with pipes for its three streams; `code` is run in place of its own start."""
    return subprocess.Popen(
        [sys.executable, *(["-m", "cmdm_tui"] if code is None else ["-c", code]), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment_of(home, extra),
        cwd=home,
        preexec_fn=restore_signals,  # noqa: PLW1509 — it does no more than that
    )


def run_cmdm(
    *words: str | bytes,
    home: Path,
    extra: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    deadline: float = DEADLINE,
) -> Ended:
    """Run `cmdm` to its end."""
    with start_cmdm(words, home, extra) as process:
        try:
            out, err = process.communicate(stdin, deadline)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return Ended(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))
