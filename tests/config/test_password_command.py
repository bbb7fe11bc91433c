"""A command prints a secret; however it misbehaves, it is told in one line without its words."""

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cmdm_tui.config import ConfigurationError, run_secret_command

WHERE = "password_command of the profile acme"


def python(code: str) -> str:
    return shlex.join([sys.executable, "-c", code])


@pytest.mark.parametrize(
    ("code", "secret"),
    [
        ("print('hunter2')", "hunter2"),
        ("print('pässwörd')", "pässwörd"),
        ("print('hunter2'); print('url: https://x')", "hunter2"),
        ("print('hunter2', end='')", "hunter2"),
        ("print('hunter2', end='\\r\\n')", "hunter2"),
        ("print(' spaces stay ')", " spaces stay "),
        ("print('hunter2'); print('x' * 300_000)", "hunter2"),
        ("import sys; print('no-secret', file=sys.stderr); print('hunter2')", "hunter2"),
        ("import sys; print(sys.stdin.read() or 'hunter2')", "hunter2"),
        ("import subprocess; print('hunter2', flush=True); subprocess.Popen(['sleep', '5'])",
         "hunter2"),
    ],
)  # fmt: skip
def test_the_first_line_is_the_secret(code: str, secret: str) -> None:
    assert run_secret_command(python(code), WHERE).reveal() == secret


def test_there_is_no_shell(tmp_path: Path) -> None:
    made = tmp_path / "made"
    assert run_secret_command(f"echo hunter2 '$HOME;' > {made}", WHERE).reveal() == (
        f"hunter2 $HOME; > {made}"
    )
    assert not made.exists()


BAD: dict[str, tuple[str, str]] = {
    "it fails": (python("import sys; print('hunter2'); sys.exit(3)"), "ended with exit code 3"),
    "it tells secrets of its failure": (
        python("import sys; print('hunter2', file=sys.stderr); sys.exit(1)"), "exit code 1"
    ),
    "it is killed": (python("import os; os.kill(os.getpid(), 9)"), "exit code -9"),
    "it prints nothing": (python(""), "printed nothing"),
    "it prints an empty line": (python("print(); print('hunter2')"), "printed nothing"),
    "it prints no text": (
        python("import sys; sys.stdout.buffer.write(b'\\xffhunter2')"), "not UTF-8"
    ),
    "it prints without end": (python("print('hunter2' * 99_999)"), "too long for a secret"),
    "it is not there": ("/nothing/here hunter2", "cannot be run: /nothing/here: No such file"),
    "it is empty": (" ", "is empty"),
    "a quote is open": ("pass 'hunter2", "cannot be read: No closing quotation"),
    "it holds a NUL": ("pass\0 hunter2", "cannot be run"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_failure_is_one_line_without_a_secret(
    case: str, capfd: pytest.CaptureFixture[str]
) -> None:
    command, words = BAD[case]
    with pytest.raises(ConfigurationError) as raised:
        run_secret_command(command, WHERE)
    message = str(raised.value)
    assert words in message
    assert WHERE in message
    assert "\n" not in message
    assert "hunter2" not in message
    assert capfd.readouterr() == ("", "")


def test_a_command_that_inherits_stderr_would_show_it(capfd: pytest.CaptureFixture[str]) -> None:
    code = "import sys; print('hunter2', file=sys.stderr)"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert "hunter2" in capfd.readouterr().err


def test_a_command_that_hangs_is_ended_with_all_it_started(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    child = f"open({str(pipe)!r}, 'w').write('born'); import time; time.sleep(600)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    started = time.monotonic()
    with pytest.raises(ConfigurationError, match=r"took longer than 1\.5 seconds"):
        run_secret_command(python(code), WHERE, limit=1.5)
    assert time.monotonic() - started < 10
    os.set_blocking(reader, True)
    try:
        while os.read(reader, 100):
            pass  # the end of the pipe comes when the child has gone
    finally:
        os.close(reader)
