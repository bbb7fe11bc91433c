"""What was typed and not sent outlives the explorer: it is kept and offered, and never sent."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from cmdm_tui.api import Client, Record
from cmdm_tui.config import Paths
from cmdm_tui.sandbox import RunningInfo
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.draft_keeper import DraftKeeper, list_drafts
from cmdm_tui.tui.models import draft_store, drafts
from cmdm_tui.tui.models.drafts import Draft, FormDraft, SqlDraft, select_drafts
from cmdm_tui.tui.screens.browse.screen import BrowseScreen
from cmdm_tui.tui.screens.changes.apply_screen import ApplyScreen
from cmdm_tui.tui.screens.changes.preview_screen import PreviewScreen
from cmdm_tui.tui.screens.dialogs.choice import ChoiceScreen
from cmdm_tui.tui.screens.dialogs.drafts import DraftsScreen
from cmdm_tui.tui.screens.dialogs.leave import LeaveScreen
from cmdm_tui.tui.screens.edit.conflict_screen import ConflictScreen
from cmdm_tui.tui.screens.query.screen import QueryScreen
from tests.services import CountedNetwork, profile_of
from tests.tui.driver import (
    FixedProfiles,
    press_beside_work,
    screen_text,
    screen_words,
    send_keys,
    type_text,
    wait_until_settled,
)
from tests.tui.editing import Opened
from tests.tui.scripted_service import ScriptedService, profile
from tests.tui.test_hostile import HOSTILE, unsafe


@pytest.fixture(autouse=True)
def fast(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home without a journal, a preview that takes Enter at once, and drafts that wait."""
    monkeypatch.setattr("cmdm_tui.tui.app.SECONDS_BETWEEN", 3_600.0)
    monkeypatch.setattr("cmdm_tui.tui.screens.changes.preview_screen.SECONDS_BEFORE_APPLY", 0.0)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "config", tmp_path / "data")


@asynccontextmanager
async def run(
    info: RunningInfo, paths: Paths | None, network: CountedNetwork | None = None, **settings: Any
) -> AsyncGenerator[Opened]:
    """Run the explorer; the end of the block ends it as a signal does: no one is asked."""
    network = network or CountedNetwork()
    found = replace(profile_of(info), **settings)
    app = Explorer(FixedProfiles(found), catalogs=None, transport=network, paths=paths)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await wait_until_settled(pilot)
        there = Opened(app, pilot, network)
        there.sent()
        yield there


def kept_files(paths: Paths) -> list[Path]:
    return sorted(paths.drafts.glob("*.json")) if paths.drafts.is_dir() else []


def find_folders(home: Path) -> list[Path]:
    return list(home.rglob("drafts"))


async def type_city(there: Opened, city: str) -> Record:
    """Type a city into the form of the record under the cursor."""
    record = there.record
    await there.press("e")
    await there.go_to_field("City")
    await there.retype(city)
    return record


def client_of(there: Opened) -> Client:
    screens = there.app._screens
    assert screens is not None
    return screens.account.client


def form_text(there: Opened, name: str) -> str | None:
    form = there.form.form
    assert form is not None
    return form.text(name)


# What is kept, and how it comes back.


async def test_a_form_is_kept_and_its_values_come_back_unsent(
    sandbox: RunningInfo, paths: Paths
) -> None:
    async with run(sandbox, paths) as first:
        record = await type_city(first, "Yorkshire")
        first.sent()
    assert first.sent() == [], "nothing was sent by ending"
    name = f"account {record.external_id}"
    assert first.app.drafts.sentences == (
        f"What was typed and not sent is kept ({name}): the next start of the explorer offers it.",
    )
    (file,) = kept_files(paths)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert [one.name for one in paths.drafts.iterdir()] == [file.name], "no lock is left"

    async with run(sandbox, paths) as second:
        assert isinstance(second.app.screen, DraftsScreen)
        words = screen_words(second.app)
        assert f"Account {record.external_id}" in words
        assert "1 call" in words
        assert "City = Yorkshire" in words
        assert second.sent() == []
        await second.press("enter")
        # The record as it is now, and the fields, which this run does not know yet.
        assert second.sent() == [
            f"GET account/{record.external_id}",
            "GET account/fields?per_page=200&page=1",
        ]
        assert form_text(second, "City") == "Yorkshire"
        assert "typed before and not sent" in screen_words(second.app)
        assert second.app.draft_count == 0
        assert len(kept_files(paths)) == 1, "what is in the form now is kept as it was"
        await second.press("ctrl+s")
        assert isinstance(second.app.screen, PreviewScreen)
        assert "Yorkshire" in screen_words(second.app)
        assert second.sent() == []
        await second.press("enter")
        path = f"account/{record.external_id}"
        assert second.sent() == [f"GET {path}", f"PUT {path}"]
        second.app.drafts.note()
        assert kept_files(paths) == [], "it is sent"
    assert second.app.drafts.sentences == ()
    async with run(sandbox, paths) as third:
        assert isinstance(third.app.screen, BrowseScreen), "nothing is offered any more"


async def test_a_draft_that_is_left_is_offered_again_and_one_that_is_discarded_is_not(
    sandbox: RunningInfo, paths: Paths
) -> None:
    async with run(sandbox, paths) as there:
        await type_city(there, "Yorkshire")
    async with run(sandbox, paths) as there:
        await there.press("escape")
        assert there.screen
        assert "ctrl+p offers it" in there.toast
        await there.press("ctrl+p")
        await type_text(there.pilot, "typed and not sent")
        await there.press("enter")
        assert isinstance(there.app.screen, DraftsScreen)
    async with run(sandbox, paths) as there:
        assert isinstance(there.app.screen, DraftsScreen), "it was left for later"
        await there.press("ctrl+d")
        assert isinstance(there.app.screen, ChoiceScreen)
        assert "Yorkshire" in screen_words(there.app)
        await there.press("enter")
        assert isinstance(there.app.screen, DraftsScreen), "Enter alone keeps it"
        await there.press("y")
        assert there.app.clipboard == "City: Yorkshire"
        await there.press("ctrl+d", "down", "enter")
        assert there.screen
        assert kept_files(paths) == []
        assert there.sent() == []
    async with run(sandbox, paths) as there:
        assert there.screen


async def test_a_record_that_has_changed_meanwhile_is_shown_as_it_is_now_and_checked_again(
    sandbox: RunningInfo, paths: Paths
) -> None:
    async with run(sandbox, paths) as there:
        record = await type_city(there, "Yorkshire")
        await client_of(there).update("account", record.external_id, {"City": "Bath"})
    async with run(sandbox, paths) as there:
        await there.press("enter")
        held = record.properties["City"]
        assert f"Changed meanwhile: City held “{held}”, now “Bath”." in screen_words(there.app)
        there.sent()
        await there.press("ctrl+s")
        assert "Bath" in screen_words(there.app), "what is stored now is what is replaced"
        await client_of(there).update("account", record.external_id, {"City": "Hull"})
        there.sent()
        await there.press("enter")
        assert there.sent() == [f"GET account/{record.external_id}"], "another change: no PUT"
        await there.press("escape")
        assert isinstance(there.app.screen, ConflictScreen)
    (file,) = kept_files(paths)
    assert "Yorkshire" in file.read_text(), "what was refused is still typed"


async def test_records_that_are_gone_are_left_out_and_said(
    sandbox: RunningInfo, paths: Paths
) -> None:
    async with run(sandbox, paths) as there:
        await there.press("space", "space", "space", "e")
        await there.go_to_field("City")
        await there.retype("Yorkshire")
        (draft,) = there.form.drafts
        ids = draft.ids
        assert len(ids) == 3
        await client_of(there).delete("account", ids[0])
    async with run(sandbox, paths) as there:
        assert "3 records of account" in screen_words(there.app)
        assert "3 calls" in screen_words(there.app)
        await there.press("enter")
        assert there.sent()[:3] == [f"GET account/{one}" for one in ids]
        assert "1 record is no more" in there.toast
        assert there.form.form is not None
        assert [one.external_id for one in there.form.form.records] == list(ids[1:])
        for one in ids[1:]:
            await client_of(there).delete("account", one)
    async with run(sandbox, paths) as there:
        await there.press("enter")
        assert "no such record any more" in screen_words(there.app)
        assert isinstance(there.app.screen, DraftsScreen)
    assert len(kept_files(paths)) == 1, "it stays until it is discarded"


async def test_a_new_record_of_another_and_a_field_in_its_place_come_back(
    sandbox: RunningInfo, paths: Paths
) -> None:
    async with run(sandbox, paths) as there:
        owner = there.record
        await there.press("A", "enter")
        await there.go_to_field("Subject")
        await type_text(there.pilot, "Ring")
    async with run(sandbox, paths) as there:
        assert f"A new task of account {owner.external_id}" in screen_words(there.app)
        await there.press("enter")
        assert f"New task of account {owner.external_id}" in screen_text(there.app)
        assert form_text(there, "Subject") == "Ring"
        # It is asked about, and then it is gone.
        await there.press("escape", "down", "enter")
        assert there.screen
    async with run(sandbox, paths) as there:
        await there.press("right", "i")
        await there.retype("Another")
        await there.press("escape")
        assert isinstance(there.app.screen, ChoiceScreen), "one field is asked about as well"
        await there.press("escape")
        assert form_text(there, "Name") == "Another"
    async with run(sandbox, paths) as there:
        await there.press("enter")
        assert [row.field_name for row in there.form.rows] == ["Name"]
        assert form_text(there, "Name") == "Another"


async def test_sql_a_condition_and_a_line_of_a_dialog_come_back(
    sandbox: RunningInfo, paths: Paths
) -> None:
    async with run(sandbox, paths) as there:
        await there.press("f")
        await type_text(there.pilot, "City = 'Yo")
        await there.press("f3")
        assert isinstance(there.app.screen, QueryScreen)
        await send_keys(there.pilot, *"SELECT 'half")
        await there.press("f12")
        await type_text(there.pilot, "half.sql")
        there.sent()
    assert "(the filter on account, the SQL of a tab, the answer to" in "".join(
        there.app.drafts.sentences
    )
    async with run(sandbox, paths) as there:
        dialog = there.app.screen
        assert isinstance(dialog, DraftsScreen)
        await there.press("down", "down", "enter")
        assert there.app.clipboard == "half.sql"
        await there.press("up", "enter")
        screen = there.app.screen
        assert isinstance(screen, QueryScreen)
        assert screen.pane.editor.text == "SELECT 'half"
        await there.press("f2", "ctrl+p")
        await type_text(there.pilot, "typed and not sent")
        await there.press("enter", "enter")
        filtered = there.screen.filtered
        assert filtered is not None
        assert filtered.bar.record_filter.text == "City = 'Yo"
        # Escape closes the bar, which has the text when it is opened again.
        await there.press("escape", "escape", "f")
        assert there.screen.filtered is not None
        assert there.screen.filtered.bar.record_filter.text == "City = 'Yo"
        assert all(one.startswith("GET account/fields") for one in there.sent())


# What is not kept.


async def test_what_the_person_gave_up_and_what_was_sent_is_not_kept(
    sandbox: RunningInfo, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    quits: list[bool] = []

    def note_quit(_: Explorer) -> None:
        quits.append(True)

    monkeypatch.setattr(Explorer, "exit", note_quit)
    async with run(sandbox, paths) as there:
        await type_city(there, "Yorkshire")
        there.app.drafts.note()
        assert len(kept_files(paths)) == 1
        await there.press("ctrl+q")
        assert isinstance(there.app.screen, LeaveScreen)
        await there.press("ctrl+q")
        assert quits == [True]
    assert kept_files(paths) == []
    assert there.app.drafts.sentences == ()


async def test_an_error_that_ends_the_explorer_keeps_it(sandbox: RunningInfo, paths: Paths) -> None:
    app: list[Explorer] = []

    async def fail() -> None:
        async with run(sandbox, paths) as there:
            app.append(there.app)
            await type_city(there, "Yorkshire")
            there.app._handle_exception(ZeroDivisionError())
            while there.app.is_running:
                await there.pilot.pause()

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert app[0].return_code == 1
    assert "is kept (account " in "".join(app[0].drafts.sentences)
    assert len(kept_files(paths)) == 1


async def test_a_line_of_a_dialog_and_a_condition_are_asked_about(
    sandbox: RunningInfo, paths: Paths
) -> None:
    async with run(sandbox, paths) as there:
        await there.press("o")
        await type_text(there.pilot, "ABC")
        await there.press("ctrl+q")
        assert isinstance(there.app.screen, LeaveScreen)
        assert "“ABC” was typed and not used: it is lost." in screen_words(there.app)
        await there.press("escape", "escape", "f")
        await type_text(there.pilot, "City = 'York'")
        await there.press("ctrl+q")
        assert isinstance(there.app.screen, LeaveScreen)
        assert "The condition on account was typed and not applied" in screen_words(there.app)
        await there.press("escape", "f3")
        await send_keys(there.pilot, *"SELECT 'password=abc")
        await there.press("ctrl+q")
        assert isinstance(there.app.screen, LeaveScreen)
        assert "The SQL of SQL 1 goes into no history" in screen_words(there.app)


async def test_changes_that_are_in_the_journal_are_no_draft(
    service: ScriptedService, paths: Paths
) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service, paths=paths)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await wait_until_settled(pilot)
        there = Opened(app, pilot, CountedNetwork())
        record = await type_city_of_scripted(there)
        path = f"account/{record.external_id}"
        service.held[path] = asyncio.Event()
        await there.press("ctrl+s")
        app.drafts.note()
        assert len(kept_files(paths)) == 1, "the preview sends nothing"
        await press_beside_work(pilot, "enter")
        while not (isinstance(app.screen, ApplyScreen) and path in service.calls):
            await pilot.pause()
        assert kept_files(paths) == [], "it is gone before the call is sent"
        assert list_drafts(app._list_owners()) == ()
        with pytest.MonkeyPatch.context() as broken:
            broken.setattr(ApplyScreen, "takes_over", False)
            assert list_drafts(app._list_owners()) != (), "Resume and the draft would both send it"
    assert kept_files(paths) == []


async def type_city_of_scripted(there: Opened) -> Record:
    record = there.record
    await there.press("e")
    await there.go_to_field("Score")
    await there.retype("99")
    return record


async def test_nothing_is_written_where_nothing_is_to_be_kept(
    sandbox: RunningInfo, tmp_path: Path, home: Path
) -> None:
    async with run(sandbox, None) as there:
        record = await type_city(there, "Yorkshire")
    assert there.app.drafts.sentences == (
        f"What was typed for account {record.external_id} is lost.",
    )
    assert not find_folders(home)


async def test_no_secret_is_kept(
    sandbox: RunningInfo, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def keep_a_secret() -> tuple[str, tuple[str, ...]]:
        async with run(sandbox, paths) as there:
            await there.press("e")
            await there.go_to_field("City")
            await there.retype(profile_of(sandbox).credentials.password.reveal())
            await there.go_to_field("County")
            await there.retype("Kent")
        content = "".join(one.read_text() for one in kept_files(paths))
        for one in kept_files(paths):
            one.unlink()
        return content, there.app.drafts.sentences

    content, sentences = await keep_a_secret()
    assert_no_secret(content, sandbox)
    assert "Kent" in content
    assert any("into City may hold a secret: it is not kept." in one for one in sentences)

    def keep_all(draft: Draft, *_: object) -> Draft:
        return draft

    monkeypatch.setattr(drafts, "_without_secrets", keep_all)
    content, _ = await keep_a_secret()
    with pytest.raises(AssertionError):
        assert_no_secret(content, sandbox)


def assert_no_secret(content: str, info: RunningInfo) -> None:
    assert profile_of(info).credentials.password.reveal() not in content


def test_what_is_named_like_a_secret_is_not_kept() -> None:
    typed = FormDraft("lead", {"Password": "abcdef", "Notes": "api_key: abcdef", "City": "Hull"})
    kept = select_drafts([typed, SqlDraft("SELECT 1 WHERE password = 'x'")], str)
    assert kept.drafts == (FormDraft("lead", {"City": "Hull"}),)
    assert len(kept.left_out) == 2


def test_drafts_are_bounded_and_what_is_too_much_is_said() -> None:
    large = SqlDraft("x" * (drafts.MOST_CHARACTERS + 1))
    many = [SqlDraft(f"SELECT {number}") for number in range(drafts.MOST_DRAFTS + 1)]
    kept = select_drafts([large, *many], str)
    assert list(kept.drafts) == many[:-1]
    assert len(kept.left_out) == 2
    assert all("it is lost" in one for one in kept.left_out)


# Files.


def store(paths: Paths, profile_name: str = "tried", port: int = 1) -> draft_store.DraftStore:
    owner = draft_store.DraftOwner.of(profile_name, f"http://127.0.0.1:{port}", "user")
    return draft_store.DraftStore(paths.drafts, owner)


@pytest.fixture
def running(paths: Paths) -> Iterator[draft_store.DraftStore]:
    """Another explorer that runs, and has something typed."""
    other = store(paths)
    other.save([SqlDraft("SELECT 'other")])
    yield other
    other.close()


def test_what_another_explorer_has_typed_is_not_offered_while_it_runs(
    paths: Paths, running: draft_store.DraftStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store(paths).load().drafts == ()
    with monkeypatch.context() as broken:
        broken.setattr(draft_store, "_is_held", Path.is_dir)
        assert store(paths).load().drafts != (), "a lock that is not looked at is noticed"
    running.close()
    (kept,) = store(paths, port=2).load().drafts
    assert kept.draft == SqlDraft("SELECT 'other"), "the demo has another port each time"
    assert store(paths, "another").load().drafts == ()


def test_the_drafts_of_the_newest_runs_are_kept(paths: Paths) -> None:
    said: tuple[str, ...] = ()
    for number in range(draft_store.MOST_FILES + 1):
        one = store(paths)
        said = one.save([SqlDraft(f"SELECT {number}")])
        one.close()
    assert len(kept_files(paths)) == draft_store.MOST_FILES
    assert len(said) == 1
    found = {one.draft.plain_text for one in store(paths).load().drafts}
    assert f"SELECT {draft_store.MOST_FILES}" in found


def test_another_account_of_the_profile_is_offered_nothing(paths: Paths) -> None:
    one = store(paths)
    one.save([SqlDraft("SELECT 1")])
    one.close()
    for address, username in (("https://crm.example", "user"), ("http://127.0.0.1:1", "other")):
        owner = draft_store.DraftOwner.of("tried", address, username)
        assert draft_store.DraftStore(paths.drafts, owner).load() == draft_store.KeptDrafts()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"version": 2}',
        b'{"version": 1, "owner": {}, "drafts": [], "saved": ""}',
    ],
)  # fmt: skip
async def test_a_damaged_file_is_a_sentence(
    sandbox: RunningInfo, paths: Paths, content: bytes
) -> None:
    paths.drafts.mkdir(parents=True, mode=0o700)
    path = paths.drafts / "tried.0000.json"
    path.write_bytes(content)
    path.chmod(0o600)
    async with run(sandbox, paths) as there:
        assert there.screen
        assert "cannot be read: the file is damaged" in there.toast
        assert path.name in there.toast
    assert path.read_bytes() == content, "it may hold something for a person"


async def test_a_file_that_others_may_write_is_not_used(sandbox: RunningInfo, paths: Paths) -> None:
    one = store(paths)
    one.save([SqlDraft("SELECT 1")])
    one.close()
    kept_files(paths)[0].chmod(0o666)
    kept = store(paths).load()
    assert kept.drafts == ()
    assert len(kept.troubles) == 1


async def test_hostile_drafts_are_shown_safely(sandbox: RunningInfo, paths: Paths) -> None:
    hostile = "".join(value[:200] for value in HOSTILE.values())
    async with run(sandbox, paths) as there:
        record = await type_city(there, "York")
    (file,) = kept_files(paths)
    kept = json.loads(file.read_text())
    kept["drafts"][0] |= {"values": {"City": hostile}, "before": {"City": hostile}}
    new = {"type": "form", "entity": hostile, "values": {hostile: hostile}, "ids": ["A", "B"]}
    kept["drafts"] += [
        new, {**new, "ids": [], "parent": [hostile, hostile]}, {"type": "sql", "text": hostile},
        {"type": "filter", "entity": hostile, "text": hostile},
        {"type": "entry", "question": hostile, "text": hostile},
    ]  # fmt: skip
    file.write_text(json.dumps(kept))
    async with run(sandbox, paths) as there:
        assert isinstance(there.app.screen, DraftsScreen)
        for _ in range(6):
            assert not unsafe(screen_text(there.app))
            await there.press("ctrl+d")
            assert not unsafe(screen_text(there.app))
            await there.press("escape", "down")
        await there.press("home", "enter")
        assert not unsafe(screen_text(there.app))
        assert form_text(there, "City") == hostile, "the value is what was typed"
        assert there.sent()[0] == f"GET account/{record.external_id}"
    assert not unsafe("".join(there.app.drafts.sentences))


async def test_a_read_only_profile_shows_drafts_and_opens_no_form(
    sandbox: RunningInfo, paths: Paths
) -> None:
    async with run(sandbox, paths) as there:
        await type_city(there, "Yorkshire")
    async with run(sandbox, paths, read_only=True) as there:
        await there.press("enter")
        assert isinstance(there.app.screen, DraftsScreen)
        assert "is read-only" in screen_words(there.app)
        assert there.sent() == []


async def test_a_draft_that_another_explorer_has_used_is_not_opened_twice(
    sandbox: RunningInfo, paths: Paths
) -> None:
    async with run(sandbox, paths) as there:
        await there.press("a")
        await there.go_to_field("Name")
        await type_text(there.pilot, "Ltd")
    async with run(sandbox, paths) as there:
        assert isinstance(there.app.screen, DraftsScreen)
        kept_files(paths)[0].unlink()
        await there.press("enter")
        assert there.screen
        assert "Another explorer" in there.toast
        assert there.app.draft_count == 0


async def test_a_keeper_that_keeps_nothing_is_noticed(
    sandbox: RunningInfo, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    def do_nothing(_: DraftKeeper) -> None: ...

    monkeypatch.setattr(DraftKeeper, "finish", do_nothing)
    monkeypatch.setattr(DraftKeeper, "note", do_nothing)
    async with run(sandbox, paths) as there:
        await type_city(there, "Yorkshire")
    async with run(sandbox, paths) as there:
        assert not isinstance(there.app.screen, DraftsScreen)


async def test_what_a_keeper_cannot_write_is_said(sandbox: RunningInfo, paths: Paths) -> None:
    paths.drafts.parent.mkdir(parents=True)
    paths.drafts.write_text("a file where the folder is to be")
    async with run(sandbox, paths) as there:
        await type_city(there, "Yorkshire")
    (sentence,) = there.app.drafts.sentences
    assert sentence.startswith("What was typed last and not sent is not kept: ")
    assert str(paths.drafts) in sentence


async def test_a_sign_in_is_never_kept_and_is_asked_about(
    sandbox: RunningInfo, paths: Paths
) -> None:
    async with run(sandbox, paths) as there:
        await there.press("w", "end", "enter")
        there.app.screen.query_one("#url", Input).value = "https://crm.example"
        await there.press("ctrl+q")
        assert isinstance(there.app.screen, LeaveScreen)
        assert "typed into the sign-in is kept nowhere" in screen_words(there.app)
        await there.press("escape")
    assert there.app.drafts.sentences == ("What was typed into the sign-in is kept nowhere.",)
    assert kept_files(paths) == []
