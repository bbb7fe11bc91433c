"""Questions at the prompt: what is typed is an answer, and what is left is none."""

import io

import pytest

from cmdm_tui.operations.prompter import find_choice
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


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["2"], "(they are ids)"),
        (["They are IDs"], "(they are ids)"),
        (["what", "account.NAME"], "account.Name"),
        (["3", "0", "1"], "account.Name"),
        ([""], None),
        ([None], None),
    ],
)
async def test_a_choice_is_its_text_in_any_case_or_its_number(
    typed: list[str | None], expected: str | None
) -> None:
    asked = list[str]()

    async def ask(question: str) -> str | None:
        asked.append(question)
        return typed.pop(0)

    prompter = ReplPrompter(ReplStreams(io.StringIO(), io.StringIO()), ask)
    assert await prompter.choose("Which?", ("account.Name", "(they are ids)")) == expected
    assert asked[0].splitlines()[1:3] == ["  1  account.Name", "  2  they are ids"]
    assert not typed


def test_a_choice_that_is_a_number_is_meant_before_the_number_of_another() -> None:
    assert find_choice("2", ("2", "1")) == "2"
    assert find_choice("a", ("A", "a")) == "a"
    assert find_choice("B", ("b ", "b")) == "b"


@pytest.mark.parametrize(("typed", "expected"), [("", "a"), ("n", None), ("ok", "ok")])
async def test_enter_alone_gives_the_default(typed: str, expected: str | None) -> None:
    async def ask(_: str) -> str:
        return typed

    prompter = ReplPrompter(ReplStreams(io.StringIO(), io.StringIO()), ask)
    assert await prompter.enter_text("Which?", check, suggestions=("a",), default="a") == expected


async def test_a_question_left_with_an_interrupt_gives_no_default() -> None:
    """The twin: nothing typed and a question left are not the same."""

    async def ask(_: str) -> None:
        return None

    prompter = ReplPrompter(ReplStreams(io.StringIO(), io.StringIO()), ask)
    assert await prompter.enter_text("Which?", check, suggestions=("a",), default="a") is None


async def test_a_script_is_asked_nothing() -> None:
    prompter = ReplPrompter(ReplStreams(io.StringIO(), io.StringIO()))
    assert await prompter.enter_text("Which?", check) is None
