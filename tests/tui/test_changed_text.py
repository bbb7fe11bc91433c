"""Texts and titles are painted again only where they differ."""

import pytest
from rich.text import Text
from textual.app import App, ComposeResult
from textual.content import Content
from textual.widgets import Static

from cmdm_tui.tui.widgets.changed_text import Words, set_subtitle, set_text, set_title


class OneText(App[None]):
    CSS = "#line { text-wrap: nowrap; width: auto; }"

    def compose(self) -> ComposeResult:
        yield Static("before", markup=False, id="line")


@pytest.mark.parametrize(
    "words",
    ["before", Content("before"), Text("before")],
    ids=["str", "content", "text"],
)
async def test_an_equal_text_is_not_painted(words: Words, monkeypatch: pytest.MonkeyPatch) -> None:
    app = OneText()
    async with app.run_test():
        line = app.query_one("#line", Static)
        set_title(line, "[red]a title[/red]")
        set_subtitle(line, Text("a title below"))
        painted: list[bool] = []

        def note(_: Static, *, layout: bool = False) -> None:
            painted.append(layout)

        monkeypatch.setattr(Static, "refresh", note)
        assert not set_text(line, words)
        assert not set_title(line, Content("[red]a title[/red]"))
        assert not set_subtitle(line, "a title below")
        assert painted == []
        # The same words in another style are another text, of the same width.
        assert set_text(line, Content.styled("before", "bold"))
        assert set_text(line, "after")
        assert painted == [False, True]
        assert set_title(line, "another")
        assert set_subtitle(line, "")
        assert len(painted) == 4
