"""The prompt in a real pseudo-terminal: a script a feature, on small and on large screens."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from cmdm_tui.changes.change_file import save_change_set
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet
from cmdm_tui.config import Credentials, Paths, ProfileStore, SecretStr
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from tests.repl.fault_scripts import AFTER, FAULT_SCRIPTS, FAULTS
from tests.repl.prompt_screen import CTRL_D, ENTER, SIZES, PromptScreen
from tests.repl.terminal_scripts import MANY, SCRIPTS, Step, enter
from tests.services import copy_records

FILES = {
    "monday.sql": "SELECT 'monday' AS day;\n\\i tuesday.sql\n",
    "tuesday.sql": "SELECT 'tuesday' AS day;\n",
    "draft.sql": "SELECT 'drafted ' || 'old' AS a;\n",
    "sub/first.sql": "\\ir second.sql\n",
    "sub/second.sql": "SELECT 'second' AS a;\n",
    "wrong.sql": "SELECT 7 AS a;\nSELECT 8 FROM nosuchentity;\nSELECT 9 AS a;\n",
}
_MORE = 'confirm = "always"\nentities = ["event", "product"]\n'
IDS = [f"{columns}x{rows}" for rows, columns in SIZES]


def save_profiles(home: Path, info: RunningInfo, *names: str) -> dict[str, str]:
    """Save profiles of a sandbox; return the environment that uses the first one."""
    paths = Paths(home / "config" / "cmdm", home / "data" / "cmdm", home / "cache" / "cmdm")
    for name in names:
        credentials = Credentials(
            SecretStr(info.client_id), SecretStr(info.client_secret),
            info.username, SecretStr(info.password),
        )  # fmt: skip
        ProfileStore(paths).save_with_secrets(name, info.url, credentials, place="file")
    text = paths.profiles.read_text()
    paths.profiles.write_text(re.sub(r"(\[profiles.*\]\n)(?!confirm)", rf"\1{_MORE}", text))
    return {"CMDM_PROFILE": names[0], "EDITOR": "sed -i s/old/new/", "VISUAL": ""}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    (home / "sub").mkdir()
    for name, text in FILES.items():
        (home / name).write_text(text)
    return home


@pytest.fixture(scope="module")
def environment(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    config = SandboxConfig(tmp_path_factory.mktemp("data"), 0, 100, lasting=False)
    copy_records(config)
    with Sandbox.embedded(config) as info:
        change = Change(ChangeKind.CREATE, "lead", properties={"LastName": "Kept"})
        made = ChangeSet((change,), "Kept", f"{info.url}/api/v1", info.username, 0.0)
        save_change_set(home / "changes.jsonl", made)
        yield save_profiles(home, info, "one", "two")


@pytest.fixture(scope="module")
def failing(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a profile whose service fails; its pages are small."""
    data = tmp_path_factory.mktemp("failing")
    config = SandboxConfig(
        data, 0, 100, lasting=False, faults=FAULTS, behaviours={"page_cap": "20"}
    )
    copy_records(config)
    with Sandbox.embedded(config) as info:
        yield save_profiles(home, info, "failing")


Opens = Callable[[dict[str, str], tuple[int, int]], PromptScreen]


@pytest.fixture(scope="module")
def opens(home: Path) -> Iterator[Opens]:
    """Return the prompt of a profile and a size, or a new one where a script has failed."""
    opened: dict[tuple[str, tuple[int, int]], PromptScreen] = {}

    def open_screen(environment: dict[str, str], size: tuple[int, int]) -> PromptScreen:
        name = environment["CMDM_PROFILE"]
        screen = opened.get((name, size))
        if screen is None or not screen.is_at_prompt:
            if screen is not None:
                screen.close()
            opened[name, size] = PromptScreen(home, environment, size=size, name=name)
        return opened[name, size]

    yield open_screen
    for screen in opened.values():
        screen.close()


def skip_unless_sampled(name: str, size: tuple[int, int], *, runs_whole: bool) -> None:
    """Run each script on one screen daily, half of them on each; with `--all`, on both."""
    place = list({**SCRIPTS, **FAULT_SCRIPTS}).index(name)
    if not runs_whole and SIZES[place % len(SIZES)] != size:
        pytest.skip("it is run on this screen with --all")


@pytest.mark.parametrize("size", SIZES, ids=IDS)
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_feature_does_what_it_says(
    opens: Opens,
    environment: dict[str, str],
    name: str,
    size: tuple[int, int],
    *,
    runs_whole: bool,
) -> None:
    skip_unless_sampled(name, size, runs_whole=runs_whole)
    run_script(opens(environment, size), SCRIPTS[name])


@pytest.mark.parametrize("size", SIZES, ids=IDS)
@pytest.mark.parametrize("name", FAULT_SCRIPTS)
def test_a_fault_is_told_and_the_prompt_goes_on(
    opens: Opens, failing: dict[str, str], name: str, size: tuple[int, int], *, runs_whole: bool
) -> None:
    skip_unless_sampled(name, size, runs_whole=runs_whole)
    run_script(opens(failing, size), FAULT_SCRIPTS[name])


def run_script(screen: PromptScreen, steps: Sequence[Step]) -> None:
    for step in steps:
        step.run(screen)
    assert screen.is_at_prompt
    assert b"Traceback" not in screen.raw
    assert b"never retrieved" not in screen.raw


@pytest.fixture
def starts(home: Path) -> Iterator[Callable[..., PromptScreen]]:
    opened: list[PromptScreen] = []

    def start(environment: dict[str, str], *words: str, **given: Any) -> PromptScreen:
        opened.append(PromptScreen(home, environment, *words, **given))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_a_script_has_no_prompt_no_pager_and_its_exit_code(
    starts: Callable[..., PromptScreen], environment: dict[str, str], size: tuple[int, int]
) -> None:
    script = starts(
        environment, "-c", MANY, "-c", "SELECT 8 FROM nosuch; SELECT 9 AS a", size=size, name=""
    )
    assert script.wait_for_exit() == 4
    script.wait_for("^row 199$", "Stopped at -c 2:1", "There is no entity 'nosuch'")
    script.check_hidden("^9$|one>|^:$")


def test_a_script_asks_and_is_resumed_where_it_was_stopped(
    starts: Callable[..., PromptScreen], environment: dict[str, str], home: Path
) -> None:
    (home / "writes.sql").write_text("SELECT 'first' AS a;\nDELETE lead/NOSUCHID\n")
    words = ["-f", "writes.sql", "--checkpoint", "done"]
    script = starts(environment, *words, name="")
    script.wait_for(
        "^first$", r"Delete lead/NOSUCHID, which cannot be taken back by \\undo\? \[y/N\]"
    )
    script.press(f"n{ENTER}")
    assert script.wait_for_exit() == 1
    script.wait_for("nothing is run that comes after it", "--resume goes on with it")
    script = starts(environment, *words, "--resume", name="")
    script.wait_for("1 statement done already", r"\[y/N\]")
    script.check_hidden("^first$")
    script.press(f"y{ENTER}")
    assert script.wait_for_exit() == 4


def test_a_live_profile_is_red_and_a_sandbox_is_not(
    starts: Callable[..., PromptScreen], environment: dict[str, str]
) -> None:
    sandbox = starts(environment)
    assert sandbox.colours_of("one>") == {("default", "default")}
    live = {f"CMDM_{name}": "x" for name in ("CLIENT_ID", "CLIENT_SECRET", "USERNAME", "PASSWORD")}
    screen = starts({**live, "CMDM_URL": "https://crm.example.invalid"}, name="environment")
    assert any("red" in front for front, _ in screen.colours_of("environment>"))
    assert "environment live" in screen.toolbar
    assert screen.leave() == 0


def test_a_screen_that_is_made_smaller_is_drawn_again(
    starts: Callable[..., PromptScreen], environment: dict[str, str]
) -> None:
    screen = starts(environment, size=SIZES[1])
    screen.press("SELECT 'typed' AS a;")
    screen.wait_for("SELECT 'typed' AS a;")
    screen.resize(SIZES[0])
    screen.wait_until(lambda: len(screen.toolbar) in range(20, 81), "a narrow toolbar")
    screen.press(ENTER)
    screen.wait_for("^typed$")
    screen.wait_for_prompt()
    screen.press(CTRL_D)
    assert screen.wait_for_exit() == 0


def test_the_start_file_is_run_and_its_errors_are_told_with_their_lines(
    starts: Callable[..., PromptScreen], environment: dict[str, str], home: Path
) -> None:
    file = home / "config" / "cmdm" / "start.sql"
    file.write_text("\\set city Hull\n-- a comment\n\\nosuch\n\\set keys vi\n\\timing off\n")
    try:
        screen = starts(environment)
        screen.wait_for(r"start\.sql:3: \\nosuch", "There is no command .nosuch", "Timing is off")
        Step(f"SELECT $city AS a;{ENTER}", ("^Hull$",)).run(screen)
        Step(f"\\set{ENTER}", ("^keys +vi$",)).run(screen)
        screen.press(f"\\set keys emacs{ENTER}\\q{ENTER}")
        assert screen.wait_for_exit() == 0
        without = starts(environment, "--no-start-file")
        without.check_hidden("nosuch")
        script = starts(environment, "-c", "SELECT 5 AS a", name="")
        assert script.wait_for_exit() == 0
        script.check_hidden("nosuch")
    finally:
        file.unlink()


def test_a_service_that_is_gone_is_told_and_the_prompt_goes_on(
    starts: Callable[..., PromptScreen], home: Path, tmp_path: Path
) -> None:
    config = SandboxConfig(tmp_path / "data", 0, 30, lasting=False)
    copy_records(config)
    with Sandbox.embedded(config) as info:
        screen = starts(save_profiles(home, info, "gone"), name="gone")
        enter("GET lead?per_page=1&page=1&fields=City", "1 of 30 records").run(screen)
    enter("GET lead", "connection refused", "Check the address and the network").run(screen)
    enter("SELECT City FROM lead LIMIT 1;", "connection refused").run(screen)
    AFTER.run(screen)
    assert screen.leave() == 0
    assert b"Traceback" not in screen.raw
