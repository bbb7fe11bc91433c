"""Runs a command that prints a secret, such as that of a password manager."""

import os
import selectors
import shlex
import signal
import subprocess
import time
from contextlib import suppress
from typing import NoReturn

from cmdm_tui.config.credentials import SecretStr
from cmdm_tui.config.errors import ConfigurationError
from cmdm_tui.text import one_line

TIME_LIMIT = 10.0
"""Seconds that a command may take."""

_LONGEST_LINE = 64 * 1024
_POLL_INTERVAL = 0.05


def run_secret_command(command: str, where: str, *, limit: float = TIME_LIMIT) -> SecretStr:
    """Run `command` without a shell and return the first line it prints, as a secret.

    The command reads no input, has no terminal, and nothing it says on stderr is
    shown. `where` names the command in errors. Raises ConfigurationError where it cannot be run,
    fails, takes longer than `limit` seconds or prints no line.
    """
    process = _start(command, where)
    try:
        line = _read_first_line(process, where, time.monotonic() + limit)
    except BaseException as error:
        _end(process)
        if isinstance(error, TimeoutError | subprocess.TimeoutExpired):
            _fail(where, f"took longer than {limit:g} seconds")
        raise
    finally:
        if process.stdout is not None:
            process.stdout.close()
    if process.returncode:
        _fail(where, f"ended with exit code {process.returncode}")
    try:
        secret = line.removesuffix(b"\r").decode("utf-8")
    except UnicodeDecodeError:
        secret = None
    if secret is None:
        _fail(where, "printed something that is not UTF-8")
    if not secret:
        _fail(where, "printed nothing")
    return SecretStr(secret)


def _start(command: str, where: str) -> subprocess.Popen[bytes]:
    if not hasattr(os, "killpg"):
        raise ConfigurationError(
            f"The {where} cannot be run on this system: commands that print secrets need Linux or "
            "macOS. Keep the secret elsewhere."
        )
    try:
        words = shlex.split(command)
        reason = "is empty" if not words else None
    except ValueError as error:
        words, reason = [], f"cannot be read: {error}"
    if reason is not None:
        raise ConfigurationError(f"The {where} {reason}. Fix it there.")
    try:
        return subprocess.Popen(  # noqa: S603 — the user's own words, and no shell
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        message = f"The {where} cannot be run: {one_line(words[0], 80)}: {reason}. Fix it there."
        raise ConfigurationError(message) from None


def _read_first_line(process: subprocess.Popen[bytes], where: str, deadline: float) -> bytes:
    """Read to the end, or to the first line of a command that ended and left its pipe open."""
    assert process.stdout is not None  # noqa: S101 — it was asked for
    output = b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        while True:
            if time.monotonic() >= deadline:
                raise TimeoutError
            if waiting.select(_POLL_INTERVAL):
                chunk = os.read(process.stdout.fileno(), _LONGEST_LINE)
                if not chunk:
                    break
                output += chunk if b"\n" not in output else b""
                if len(output.partition(b"\n")[0]) > _LONGEST_LINE:
                    _fail(where, "printed a line that is too long for a secret")
            elif process.poll() is not None and b"\n" in output:
                break
    process.wait(max(deadline - time.monotonic(), _POLL_INTERVAL))
    return output.partition(b"\n")[0]


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the command with all that it started, should any of it still run."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _fail(where: str, what: str) -> NoReturn:
    raise ConfigurationError(f"The {where} {what}. Run it by hand to see what it says.") from None
