"""A form of hundreds of fields opens as fast as one of thirty, and each field is found by name."""

from pathlib import Path

import pytest

from cmdm_tui.api import Field
from cmdm_tui.sandbox import RunningInfo
from tests.tui.driver import screen_words
from tests.tui.editing import opened


@pytest.fixture(autouse=True)
def empty_home(home: Path) -> None:
    """A home without a journal."""


async def test_a_form_of_many_fields_is_filled_as_it_is_needed(sandbox: RunningInfo) -> None:
    async with opened(sandbox) as there:
        fields = tuple(Field(f"Field{number:03}", type="Text") for number in range(300))
        there.screen.account.catalog.store_fields("lead", fields)
        await there.press("a")
        assert len(there.form.rows) == 30
        assert "270 fields more below" in screen_words(there.app)
        # Those that are found are put where they belong, once they are few.
        row = await there.go_to_field("Field250")
        names = [one.field_name for one in there.form.rows]
        assert names[29:] == ["Field029", *(f"Field{number}" for number in range(250, 260))]
        await there.retype("x")
        assert row.has_class("-changed")
        await there.go_to_field("Field100")
        names = [one.field_name for one in there.form.rows]
        assert (names[30], names[40]) == ("Field100", "Field250")
        # The rest comes when the last row is reached.
        await there.go_to_field("Field259")
        assert [one.field_name for one in there.form.rows][29:32] == [
            "Field029",
            "Field030",
            "Field031",
        ]
        assert len(there.form.rows) == 80
        assert there.form.form is not None
        assert there.form.form.touched == ("Field250",)
        assert there.sent() == []
