"""A form says what is wrong with each field, before a call is spent and after a refusal."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from textual.widgets import Button, Input

from cmdm_tui.api import Field
from cmdm_tui.sandbox import RunningInfo
from cmdm_tui.tui.screens.changes.preview_screen import PreviewScreen
from tests.tui.driver import notice_text, screen_words, type_text
from tests.tui.editing import Opened, opened


@pytest.fixture(autouse=True)
def fast(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home without a journal, and a preview that takes Enter at once."""
    monkeypatch.setattr("cmdm_tui.tui.screens.changes.preview_screen.SECONDS_BEFORE_APPLY", 0.0)


FIELDS = (
    Field("LastName", label="Name", type="Text", required=True),
    Field("Phone", type="Phone"),
    Field("Score", type="Number"),
    Field("Due", type="Date"),
    Field("Employees", type="Number"),
    Field("CreatedDate", type="DateTime", read_only=True),
)


async def open_form(there: Opened) -> None:
    there.screen.account.catalog.store_fields("lead", FIELDS)
    await there.press("e")
    there.sent()


def marked(there: Opened) -> list[str]:
    """Return the fields whose label begins with the mark of a fault."""
    return [
        row.field_name
        for row in there.form.rows
        if str(row.query_one(".label").render()).startswith("✗")
    ]


def focused(there: Opened) -> str | None:
    return next((one.field_name for one in there.form.rows if one.has_focus_within), None)


async def test_each_field_shows_its_fault_when_it_has_the_focus(sandbox: RunningInfo) -> None:
    async with opened(sandbox, size=(100, 30)) as there:
        await open_form(there)
        await there.go_to_field("LastName")
        await there.retype("x")
        await there.press("ctrl+n")
        for name, text in (("Phone", "none"), ("Due", "soon")):
            await there.go_to_field(name)
            await there.retype(text)
        assert marked(there) == ["LastName", "Phone", "Due"]
        await there.press("ctrl+f")
        await type_text(there.pilot, "sco")
        assert [row.field_name for row in there.form.rows if row.display] == ["Score"]
        await there.press("ctrl+s")
        # All fields are shown again, and the first fault has the focus.
        assert there.form.query_one("#find", Input).value == ""
        assert all(row.display for row in there.form.rows)
        assert focused(there) == "LastName"
        assert notice_text(there.app) == (
            "Name is required and cannot be empty. And 2 faults more: tab goes on."
        )
        await there.press("tab")
        assert notice_text(there.app).startswith("Phone is 'none', not a telephone number.")
        await there.press("tab")
        assert focused(there) == "Score"
        assert notice_text(there.app) == "", "nothing is wrong with it"
        await there.press("tab")
        assert notice_text(there.app).startswith("Due is 'soon', not a date such as 2026-03-31.")
        await there.retype("2026-03-31")
        assert marked(there) == ["LastName", "Phone"]
        assert notice_text(there.app) == ""
        assert there.sent() == []


async def test_a_field_without_a_fault_is_not_marked(sandbox: RunningInfo) -> None:
    async with opened(sandbox, size=(100, 30)) as there:
        await open_form(there)
        await there.go_to_field("Due")
        await there.retype("2026-03-31")
        await there.press("ctrl+s", "escape")
        assert marked(there) == []


async def test_a_read_only_field_that_is_found_says_so_and_takes_no_key(
    sandbox: RunningInfo,
) -> None:
    async with opened(sandbox, size=(100, 30)) as there:
        await open_form(there)
        await there.press("ctrl+f")
        await type_text(there.pilot, "created")
        await there.press("enter")
        assert focused(there) == "CreatedDate"
        assert notice_text(there.app) == "CreatedDate takes no value: read-only."
        await type_text(there.pilot, "2026")
        await there.press("ctrl+n", "ctrl+e")
        assert notice_text(there.app) == "CreatedDate takes no value: read-only."
        assert there.form.query_one("#find", Input).value == ""
        assert there.form.form is not None
        assert there.form.form.touched == ()
        # No tab stops at it otherwise.
        await there.press("shift+tab", "tab")
        assert focused(there) != "CreatedDate"
        # What no field is called stays in the search, and goes nowhere else.
        await there.press("ctrl+f")
        await type_text(there.pilot, "nowhere")
        await there.press("enter", "x")
        assert there.form.query_one("#find", Input).value == "nowherex"
        assert notice_text(there.app) == "No field is called so."
        assert there.form.form.touched == ()


async def test_a_label_and_a_type_of_the_same_word_stand_once(sandbox: RunningInfo) -> None:
    async with opened(sandbox, size=(100, 30)) as there:
        await open_form(there)
        words = screen_words(there.app)
        assert "Phone Phone" not in words
        assert "Due Date" in words
        assert "null (for instance 12)" in words


async def test_the_field_that_a_refusal_names_has_the_focus(sandbox: RunningInfo) -> None:
    async with opened(sandbox, "task", size=(100, 30)) as there:
        path = f"task/{there.record.external_id}"
        await there.press("e")
        await there.go_to_field("Type")
        await there.retype("Fax")
        await there.go_to_field("Notes")
        await there.retype("Dear")
        there.sent()
        await there.press("ctrl+s", "enter", "enter")
        assert there.sent() == [f"GET {path}", f"PUT {path}"]
        assert focused(there) == "Type"
        assert notice_text(there.app).startswith("Type must be one of")
        assert marked(there) == ["Type"]
        await there.press("tab")
        assert notice_text(there.app) == ""
        await there.go_to_field("Type")
        assert notice_text(there.app).startswith("Type must be one of")
        await there.retype("Call")
        assert marked(there) == []
        assert notice_text(there.app) == ""


async def test_a_guessed_date_is_warned_about_and_can_be_sent(sandbox: RunningInfo) -> None:
    async with opened(sandbox, "task", size=(120, 40)) as there:
        await there.press("a")
        words = screen_words(there.app)
        assert "types with ? are guessed: the service does not list the fields of task" in words
        names = {row.field_name for row in there.form.rows}
        assert "DueDate" in names
        service = {"CreatedDate", "ModifiedDate", "ClosedDate", "RelatedEntity"}
        assert not service & names
        await there.go_to_field("Subject")
        await there.retype("Ring Ada")
        row = await there.go_to_field("DueDate")
        await there.retype("soon")
        warning = "DueDate is 'soon', not a date such as 2026-03-31. Its type is guessed"
        assert notice_text(there.app).startswith(warning)
        assert row.has_class("-doubtful")
        there.sent()
        await there.press("ctrl+s")
        assert isinstance(there.app.screen, PreviewScreen)
        assert f"{warning}: it may be refused." in screen_words(there.app)
        assert there.app.focused is there.app.screen.query_one("#cancel", Button)
        assert there.sent() == []
        await there.press("left", "left", "enter")
        assert there.sent() == ["POST task"], "the service judges it"
        assert "1 refused" in screen_words(there.app)
        await there.press("enter")
        assert focused(there) == "DueDate"

        await there.retype("2026-03-31")
        await there.press("ctrl+s")
        assert "it may be refused" not in screen_words(there.app)
        assert there.app.focused is there.app.screen.query_one("#apply", Button)


async def test_a_day_named_from_today_is_shown_and_sent_as_its_date(sandbox: RunningInfo) -> None:
    async with opened(sandbox, "task", size=(120, 40)) as there:
        await there.press("a")
        await there.go_to_field("Subject")
        await there.retype("Ring Ada")
        await there.go_to_field("DueDate")
        await there.retype("+1d")
        text = notice_text(there.app)
        day = date.fromisoformat(text.removeprefix("DueDate is sent as ").removesuffix("."))
        assert abs(day - datetime.now(UTC).date() - timedelta(days=1)) <= timedelta(days=1)
        await there.press("ctrl+s")
        assert str(day) in screen_words(there.app)
        there.sent()
        await there.press("enter", "enter")
        made = there.runs()[0].entries[0].result_id
        assert there.sent() == ["POST task", f"GET task/{made}"]
        record = there.screen.record_pane.record
        assert record is not None
        assert record.properties["DueDate"] == str(day)
