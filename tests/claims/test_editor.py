"""The editor of the prompt, and the suspended prompt and explorer: what is left of the terminal."""

import os
import signal
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.claims.terminal import ProgramTerminal
from tests.claims.test_signals import assert_ended_well

Opens = Callable[..., ProgramTerminal]

# It ignores the SIGHUP by which the kernel ends what a closed session leaves behind.
EDITOR = """#!/bin/sh
trap '' HUP
echo $$ > {home}/editor
stty raw -echo
echo EDITING
exec sleep 30
"""


@pytest.fixture
def opens(tmp_path: Path) -> Iterator[Opens]:
    opened: list[ProgramTerminal] = []
    editor = tmp_path / "editor.sh"
    editor.write_text(EDITOR.format(home=tmp_path))
    editor.chmod(stat.S_IRWXU)

    def start(words: list[str], text: str, **given: object) -> ProgramTerminal:
        extra = {"EDITOR": str(editor), "VISUAL": str(editor)}
        terminal = ProgramTerminal(words, tmp_path, extra, forks=False, **given)  # pyright: ignore[reportArgumentType]
        opened.append(terminal)
        terminal.wait_for(text)
        return terminal

    yield start
    for each in opened:
        each.close()
    with suppress(OSError, ValueError):
        os.kill(int((tmp_path / "editor").read_text()), signal.SIGKILL)


def open_editor(terminal: ProgramTerminal) -> int:
    """Type something, open the editor, and return its process."""
    terminal.press("SELECT 1")
    terminal.wait_for("SELECT")
    terminal.press("\x18\x05")
    terminal.wait_for("EDITING")
    return int((terminal.home / "editor").read_text())


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_editor_too(opens: Opens, number: signal.Signals) -> None:
    terminal = opens(["repl", "--demo"], "demo>")
    editor = open_editor(terminal)
    assert terminal.files_left != []
    terminal.send_signal(number)
    assert_ended_well(terminal, number)
    end = time.monotonic() + 5
    while is_running(editor):
        assert time.monotonic() < end
        time.sleep(0.02)


# It is gone at once: asyncio would kill the editor itself, where Python takes all objects down
# first, which it does or not as threads happen to have ended. Before it waits for the editor,
# asyncio ends it too.
ABANDONS_THE_EDITOR = """
import asyncio.subprocess, importlib, os
from cmdm_tui.repl import editor
async def leave(process): os._exit(143)
editor.end_process = leave
wait = asyncio.subprocess.Process.wait
async def wait_and_tell(process):
    os.write(1, b"WAITING")
    return await wait(process)
asyncio.subprocess.Process.wait = wait_and_tell
importlib.import_module("cmdm_tui.cli.main").main()
"""


def test_an_editor_that_is_left_behind_would_be_noticed(opens: Opens) -> None:
    """The broken twin."""
    terminal = opens(["repl", "--demo"], "demo>", code=ABANDONS_THE_EDITOR)
    editor = open_editor(terminal)
    terminal.wait_for("WAITING")
    terminal.send_signal(signal.SIGTERM)
    terminal.wait_for_exit()
    assert is_running(editor)


def test_what_the_editor_has_written_is_run(opens: Opens, tmp_path: Path) -> None:
    editor = tmp_path / "editor.sh"
    terminal = opens(["repl", "--demo"], "demo>")
    editor.write_text(
        "#!/bin/sh\ncat $1 > " + str(tmp_path / "given") + "\nprintf '\\\\d\\n' > $1\n"
    )
    terminal.press("SELECT 'é'")
    terminal.wait_for("SELECT")
    terminal.press("\x18\x05")
    terminal.wait_for("opportunity")
    assert (tmp_path / "given").read_text() == "SELECT 'é'"
    assert [one for one in terminal.files_left if one.endswith(".json")] == []
    editor.write_text("#!/bin/sh\nexit 1\n")
    terminal.press("\x18\x05")
    terminal.wait_for("The editor failed")
    terminal.press("\x15\\q\r")
    assert terminal.wait_for_exit() == 0
    assert terminal.attributes == terminal.attributes_before


SHELL = """
import os, pty, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
program = os.fork()
if program == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    sys.argv = ["cmdm", *sys.argv[1:]]
    from cmdm_tui.cli.main import main
    main()
while True:
    _, status = os.waitpid(program, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        os._exit(os.waitstatus_to_exitcode(status))
    os.tcsetpgrp(0, os.getpid())
    print("STOPPED", flush=True)
    sys.stdin.readline()
    os.tcsetpgrp(0, program)
    os.killpg(program, signal.SIGCONT)
"""


@pytest.mark.parametrize(
    ("words", "text", "leaves"),
    [(["demo"], "ExternalID", "q"), (["repl", "--demo"], "demo>", "\\q\r")],
    ids=["explorer", "prompt"],
)
def test_a_face_that_is_suspended_leaves_the_terminal_and_comes_back(
    opens: Opens, words: list[str], text: str, leaves: str
) -> None:
    """Ctrl-Z and `fg`, with a shell of a few lines that does what job control needs."""
    terminal = opens(words, text, code=SHELL)
    for _ in range(2):
        terminal.press("\x1a")
        terminal.wait_for("STOPPED")
        assert terminal.attributes == terminal.attributes_before
        assert terminal.modes_left_on == []
        terminal.raw = b""
        terminal.press("fg\n")
        terminal.wait_for(text)
        terminal.wait_until(
            lambda: terminal.attributes != terminal.attributes_before, "the keyboard"
        )
    terminal.press(leaves)
    assert terminal.wait_for_exit() == 0
    assert terminal.attributes == terminal.attributes_before
    assert terminal.modes_left_on == []


STOPS_AS_IT_IS = """
    from prompt_toolkit.key_binding import KeyBindings
    from textual.app import App
    import cmdm_tui.repl.line_editor
    def stop(*_):
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.killpg(0, signal.SIGTSTP)
    def keys(_):
        bindings = KeyBindings()
        bindings.add("c-z")(stop)
        return bindings
    cmdm_tui.repl.line_editor.statement_keys = keys
    App.action_suspend_process = stop
    from cmdm_tui.cli.main import main
"""


@pytest.mark.parametrize(
    ("words", "text"),
    [(["demo"], "ExternalID"), (["repl", "--demo"], "demo>")],
    ids=["explorer", "prompt"],
)
def test_a_face_that_stops_with_the_terminal_as_it_is_would_be_noticed(
    opens: Opens, words: list[str], text: str
) -> None:
    code = SHELL.replace("\n    from cmdm_tui.cli.main import main\n", STOPS_AS_IT_IS)
    terminal = opens(words, text, code=code)
    terminal.press("\x1a")
    terminal.wait_for("STOPPED")
    assert terminal.attributes != terminal.attributes_before
