"""The keymap file: keys that the user has changed, and what is said of those that cannot be."""

from pathlib import Path

import pytest

from cmdm_tui.config import Paths
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.key_names import format_keys, is_key, split_keys
from cmdm_tui.tui.keymap import Keymap, list_binding_sets, read_keymap
from cmdm_tui.tui.keymap_owners import KEYMAP_OWNERS
from tests.tui.driver import FixedProfiles, press, screen_words, wait_until_settled
from tests.tui.scripted_service import ScriptedService, profile


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "config", tmp_path / "data")


def write(paths: Paths, text: str) -> None:
    paths.keymap.parent.mkdir(mode=0o700, exist_ok=True)
    paths.keymap.write_text(text, "utf-8")


def read(paths: Paths, text: str) -> Keymap:
    write(paths, text)
    return read_keymap(paths.keymap, list_binding_sets(*KEYMAP_OWNERS))


async def test_keys_of_the_keymap_run_commands_and_are_shown(
    service: ScriptedService, paths: Paths
) -> None:
    write(paths, '"browse.refresh" = "ctrl+o,%"\n[app]\nhelp = "f11"\n')
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service, paths=paths)
    async with app.run_test(size=(200, 120)) as pilot:
        await wait_until_settled(pilot)
        footer = screen_words(app).partition("token until")[2]
        assert "^o Refresh" in footer or "ctrl+o Refresh" in footer
        before = len(service.calls)
        await press(pilot, "r", "question_mark")
        assert len(service.calls) == before
        await press(pilot, "ctrl+o", "percent_sign")
        assert len(service.calls) == before + 2
        await press(pilot, "f11")
        assert f"{format_keys(split_keys('ctrl+o,%'))} Read again" in screen_words(app)
        assert not app._notifications


def test_without_a_file_nothing_changes(paths: Paths) -> None:
    assert read_keymap(paths.keymap, list_binding_sets(*KEYMAP_OWNERS)) == Keymap({})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('"browse.fly" = "o"', "no command is called browse.fly."),
        ('"browse.srot" = "o"', "no command is called browse.srot. Do you mean browse.sort?"),
        ('"browse.\\u001b[2J" = "o"', "no command is called browse.␛[2J."),
        ('"browse.sort" = 3', 'browse.sort needs keys in quotes, such as "o" or "o,ctrl+o".'),
        ('"browse.sort" = " , "', 'browse.sort needs keys in quotes, such as "o" or "o,ctrl+o".'),
        ('"browse.sort" = "hyperspace"', "browse.sort: no key is called hyperspace."),
        ('"browse.sort" = "cmd+o"', "browse.sort: no key is called cmd+o."),
        ('"browse.sort" = "r"', "browse.sort keeps its key, as browse.refresh has r already."),
        ('"browse.sort" = "?"', "browse.sort keeps its key, as app.help has ? already."),
        ('"app.quit" = "ctrl+s"', "app.quit keeps its key, as query.save has ctrl+s already."),
    ],
)
def test_an_entry_that_is_not_usable_is_told_and_left_out(
    paths: Paths, text: str, fault: str
) -> None:
    keymap = read(paths, f'"browse.unsort" = "f9"\n{text}\n')
    assert keymap.keys == {"browse.unsort": "f9"}
    assert [one.removeprefix(f"{paths.keymap}: ") for one in keymap.faults] == [fault]


def test_two_commands_may_change_places(paths: Paths) -> None:
    keymap = read(paths, '"browse.sort" = "r"\n"browse.refresh" = "s"\n')
    assert keymap == Keymap({"browse.sort": "r", "browse.refresh": "s"})


def test_a_file_that_is_not_toml_is_one_fault(paths: Paths) -> None:
    keymap = read(paths, "sort = ")
    assert not keymap.keys
    (fault,) = keymap.faults
    assert "is not valid TOML" in fault


def test_many_faults_are_counted(paths: Paths) -> None:
    keymap = read(paths, "\n".join(f'"browse.fly{n}" = "o"' for n in range(20)))
    assert len(keymap.faults) == 5
    assert keymap.faults[-1].endswith("16 more entries are not used.")


async def test_faults_are_told_and_the_explorer_starts(
    service: ScriptedService, paths: Paths
) -> None:
    write(paths, '"browse.sort" = "r"')
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service, paths=paths)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        (told,) = app._notifications
        assert "browse.refresh has r already" in told.message


def test_names_of_keys() -> None:
    assert all(is_key(key) for key in ("a", "G", "f5", "ctrl+p", "question_mark", "enter", "comma"))
    assert not any(is_key(key) for key in ("", "ctrl+", "foo", "ctrl+foo", "cmd+a"))
    assert format_keys(("question_mark", "escape", "slash", "G")) == "? esc / G"
