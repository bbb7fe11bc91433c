"""Calls recorded by a key of the explorer: what is in the file, what is refused, how it ends."""

from pathlib import Path
from typing import Any

import pytest

from cmdm_tui.harness.cases import read_case
from cmdm_tui.harness.cassettes.offline_replay import replay_case
from cmdm_tui.harness.cassettes.people import PeopleSettings
from cmdm_tui.harness.cassettes.reader import read_cassette
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.account_opener import AccountChoice
from cmdm_tui.tui.call_recording import check_new_recording
from cmdm_tui.tui.cassette_account import open_cassettes
from cmdm_tui.tui.messages import AccountRequested
from cmdm_tui.tui.screens.dialogs.entry import EntryScreen
from tests.tui.driver import (
    FixedProfiles,
    browse,
    notice_text,
    press,
    screen_text,
    type_text,
    wait_until_settled,
)
from tests.tui.scripted_service import CREDENTIALS, ScriptedService, profile

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture(autouse=True)
def people_key(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMDM_PEOPLE_KEY", "k" * 32)


def explorer(service: ScriptedService) -> Explorer:
    others = [profile("product", name="other")]
    return Explorer(
        FixedProfiles(profile("invoice"), others=others), catalogs=None, transport=service
    )


async def begin(pilot: Any, file: Path) -> None:
    await press(pilot, "f10")
    await type_text(pilot, str(file))
    await press(pilot, "enter")


def told(app: Explorer) -> str:
    """Return what the last notification says."""
    return list(app._notifications)[-1].message


async def record_a_session(service: ScriptedService, file: Path) -> tuple[int, str]:
    """Record what `r` and the other entities ask for; return how many calls, and what was told."""
    app = explorer(service)
    async with app.run_test(size=(100, 24)) as pilot:
        await wait_until_settled(pilot)
        await begin(pilot, file)
        assert "● recording 0" in screen_text(app)
        service.calls.clear()
        await press(pilot, "1", "down", "enter")
        await press(pilot, "r")
        count = len(service.calls)
        assert count > 0
        assert f"● recording {count}" in screen_text(app)
        await press(pilot, "f10")
        assert "recording" not in screen_text(app).splitlines()[-2]
        await press(pilot, "r")  # which is not recorded any more
        words = told(app)
    assert app.recorder.finish() == ()
    return count, words


async def test_the_calls_between_two_presses_are_recorded_and_replay(
    service: ScriptedService, tmp_path: Path
) -> None:
    file = tmp_path / "new" / "session.yaml"
    count, words = await record_a_session(service, file)
    assert f"{count} calls recorded in {file}." in words
    assert "People are replaced by stand-ins: " in words
    assert len(read_cassette(file)) == count
    assert replay_case(read_case(file.with_suffix(".toml")), file) == []
    content = file.read_text() + file.with_suffix(".toml").read_text()
    secrets = (CREDENTIALS.client_secret.reveal(), CREDENTIALS.password.reveal(), "a-token")
    for text in ("Ada 007", "Brunel 001", *secrets):
        assert text not in content


async def test_without_stand_ins_the_people_would_be_there(
    service: ScriptedService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin of the test above."""

    def keep(*_: object, **__: object) -> PeopleSettings | None:
        return None

    monkeypatch.setattr("cmdm_tui.harness.recording.recorder.choose_profile_people", keep)
    await record_a_session(service, tmp_path / "session.yaml")
    assert "Brunel 001" in (tmp_path / "session.yaml").read_text()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.txt", "Name a file such as session.yaml"),
        ("My Name.yaml", "Name a file such as session.yaml"),
        ("folder.yaml", "It is a folder."),
        ("there.yaml", "there.yaml is there already. Name a new file."),
        ("written.yaml", "written.toml is there already."),
        ("long.yaml", "long-2.yaml is there already."),
        ("readme/a.yaml", "cannot be written: Not a directory."),
        ("~nobody-of-this-name/a.yaml", "names no home"),
        ("new.yaml", ""),
        ("new/folder/a.yaml", ""),
        ("the.yaml", ""),
    ],
)
def test_a_file_that_is_there_or_cannot_be_made_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for there in ("there.yaml", "written.toml", "long-2.yaml", "readme"):
        Path(there).write_text("kept")
    Path("folder.yaml").mkdir()
    before = sorted(tmp_path.iterdir())
    fault = check_new_recording(name)
    assert words in fault
    assert bool(words) is bool(fault)
    assert sorted(tmp_path.iterdir()) == before


async def test_the_dialog_stays_until_the_name_can_be_taken(
    service: ScriptedService, tmp_path: Path
) -> None:
    (tmp_path / "session.yaml").write_text("kept")
    app = explorer(service)
    async with app.run_test(size=(100, 24)) as pilot:
        await wait_until_settled(pilot)
        await begin(pilot, tmp_path / "session.yaml")
        assert isinstance(app.screen, EntryScreen)
        assert "is there already" in notice_text(app)
        await press(pilot, "escape")
        assert app.recorder.status == ""
    assert (tmp_path / "session.yaml").read_text() == "kept"
    assert app.recorder.finish() == ()


async def test_what_is_recorded_when_the_explorer_ends_is_written(
    service: ScriptedService, tmp_path: Path
) -> None:
    file = tmp_path / "session.yaml"
    app = explorer(service)
    async with app.run_test(size=(100, 24)) as pilot:
        await wait_until_settled(pilot)
        await begin(pilot, file)
        await press(pilot, "r", "q")
    (ended,) = app.recorder.finish()
    assert ended.is_whole
    assert ended.sentences[-1] == f"1 call recorded in {file}."


async def test_what_cannot_be_written_is_told(service: ScriptedService, tmp_path: Path) -> None:
    """The broken twin of the test above: the folder is gone meanwhile."""
    folder = tmp_path / "folder"
    folder.mkdir()
    app = explorer(service)
    async with app.run_test(size=(100, 24)) as pilot:
        await wait_until_settled(pilot)
        await begin(pilot, folder / "session.yaml")
        folder.rmdir()
        folder.write_text("a file now")
        await press(pilot, "r", "f10")
        assert "session.yaml cannot be written" in told(app)
    assert app.recorder.finish() == ()


async def test_a_recording_ends_with_its_account(service: ScriptedService, tmp_path: Path) -> None:
    file = tmp_path / "session.yaml"
    app = explorer(service)
    async with app.run_test(size=(100, 24)) as pilot:
        await wait_until_settled(pilot)
        await begin(pilot, file)
        await press(pilot, "r")
        count = app.recorder.status.rpartition(" ")[2]
        app.post_message(AccountRequested(AccountChoice(profile="other")))
        await wait_until_settled(pilot)
        assert browse(app)
        await press(pilot, "r")
        assert f"{count} call recorded in {file}." in told(app)
        assert app.recorder.status == ""
    assert len(read_cassette(file)) == int(count) == 1


async def test_an_account_that_makes_no_calls_is_not_recorded() -> None:
    offline = open_cassettes(
        Path(__file__).parents[2] / "cassettes" / "contract" / "retrieve-many.yaml"
    )
    app = Explorer(FixedProfiles(profile()), catalogs=None, offline=offline)
    async with app.run_test(size=(100, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "f10")
        assert told(app) == "Record: this needs an account that makes calls."
