"""Questions at the prompt: what is typed is an answer, and what is left is none."""

import io

import pytest

from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.repl.terminal_prompter import ReplPrompter


def check(text: str) -> str:
    return "" if text == "ok" else f"{text} is not ok."


@pytest.mark.parametrize(
    ("typed", "expected", "told"),
    [
        (["ok"], "ok", ""),
        (["no", "ok"], "ok", "no is not ok."),
        ([""], None, ""),
        (["no", ""], None, "no is not ok."),
    ],
)
async def test_a_text_is_asked_for_until_it_can_be_taken(
    typed: list[str], expected: str | None, told: str
) -> None:
    errors, asked = io.StringIO(), list[str]()

    async def ask(question: str) -> str:
        asked.append(question)
        return typed.pop(0)

    prompter = ReplPrompter(ReplStreams(io.StringIO(), errors), ask)
    assert await prompter.enter_text("Which?", check, suggestions=("a", "b")) == expected
    assert asked[0] == "Which? [a, b, or another]: "
    assert told in errors.getvalue()


async def test_a_script_is_asked_nothing() -> None:
    prompter = ReplPrompter(ReplStreams(io.StringIO(), io.StringIO()))
    assert await prompter.enter_text("Which?", check) is None
