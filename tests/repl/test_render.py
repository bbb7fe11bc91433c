import io
import json
from collections.abc import Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cmdm_tui.api import ApiError
from cmdm_tui.catalog import Account
from cmdm_tui.formats.json_text import escape_json, format_json
from cmdm_tui.repl import tables
from cmdm_tui.repl.result_types import TableContent
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.text import visible
from tests.repl.statement_run import execute

Answering = Callable[[Callable[[httpx.Request], httpx.Response]], Account]

HOSTILE = {
    "erase the screen": "\x1b[2J",
    "set the title": "\x1b]0;owned\x07",
    "a link": "\x1b]8;;http://evil.example\x1b\\",
    "C1 CSI": "\x9b31m",
    "nul": "a\x00b",
    "backspace": "abc\x08\x08\x08xyz",
    "carriage return": "safe\rrm -rf",
    "line feed": "a\nb",
    "bidi override": "\u202egnp.exe",
    "bidi isolate": "\u2066a\u2069",
    "zero width": "a\u200bb",
    "lone surrogate": "\ud800",
    "line separator": "a\u2028b",
    "markup": "[red]x[/red] :smile:",
}


@pytest.fixture(params=list(HOSTILE.values()), ids=list(HOSTILE))
def hostile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


SETTINGS = ["\\x auto", "\\x on", "\\x off", "\\o json"]


def everywhere(hostile: str) -> dict[str, object]:
    record = {"ExternalID": hostile, "Properties": {hostile: hostile, "b": [hostile], "c": None}}
    return {"Total Records": hostile, "Total Pages": "1", "Entity": [record, record]}


async def shown(account: Account, terminal: io.StringIO, *statements: str) -> str:
    """Return all that a terminal gets, from both streams, without the styles of our own."""
    session = ReplSession(account, ReplStreams(terminal, terminal))
    for statement in statements:
        try:
            await execute(session, statement)
        except ApiError as error:
            session.streams.write_error(str(error))
    text = terminal.getvalue()
    for style in ("\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[0m"):
        text = text.replace(style, "")
    return text


def is_safe(text: str) -> bool:
    text.encode("utf-8")
    return all(visible(line) == line for line in text.split("\n"))


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("path", ["lead", "lead/A", "lead/fields", "lead/B"])
async def test_nothing_hostile_in_an_answer_reaches_a_terminal(
    answering: Answering, terminal: Callable[[], io.StringIO], hostile: str, setting: str, path: str
) -> None:
    content: dict[str, object] = everywhere(hostile)
    if path == "lead/A":
        content = {"ExternalID": hostile, "Properties": {hostile: hostile, "b": {"x": hostile}}}
    elif path == "lead/fields":
        field = {"ExternalID": "1", "Properties": {"Name": hostile, "Type": hostile}}
        content = {"Total Records": "1", "Total Page": "1", "Field": [field]}
    elif path == "lead/B":
        content = {hostile: [hostile]}
    body = json.dumps(content, ensure_ascii="\ud800" in hostile).encode()
    async with answering(lambda _: httpx.Response(200, content=body)) as account:
        text = await shown(
            account, terminal(), setting, f"GET {path}", "\\d lead", "\\d", "\\headers"
        )
    assert is_safe(text)
    assert "[red]" in text or "[red]" not in hostile


@pytest.mark.parametrize("status", [200, 400, 404, 500])
async def test_nothing_hostile_in_text_or_an_error_reaches_a_terminal(
    answering: Answering, terminal: Callable[[], io.StringIO], hostile: str, status: int
) -> None:
    plain = hostile.encode("utf-8", "surrogatepass")
    told = json.dumps({"Message": hostile}).encode()
    for body in (plain, told):
        answer = httpx.Response(status, content=body)
        async with answering(lambda _, answer=answer: answer) as account:
            assert is_safe(await shown(account, terminal(), "GET lead"))


async def test_the_check_sees_a_renderer_that_lets_everything_through(
    answering: Answering,
    terminal: Callable[[], io.StringIO],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def as_it_is(value: str, *_: object, **__: object) -> str:
        return value

    monkeypatch.setattr(tables, "one_line", as_it_is)
    monkeypatch.setattr(tables, "visible", as_it_is)
    body = json.dumps(everywhere("\u202ex")).encode()
    async with answering(lambda _: httpx.Response(200, content=body)) as account:
        assert not is_safe(await shown(account, terminal(), "GET lead"))


@given(st.lists(st.integers(0, 200), min_size=1, max_size=40), st.integers(1, 250))
def test_the_columns_kept_fit_and_none_is_wider_than_it_needs(
    natural: list[int], available: int
) -> None:
    widths = tables.fit_widths(natural, available)
    assert 1 <= len(widths) <= len(natural)
    assert sum(widths) + 2 * (len(widths) - 1) <= available or len(widths) == 1
    assert all(width <= wanted for width, wanted in zip(widths, natural, strict=False))
    if sum(natural) + 2 * (len(natural) - 1) <= available:
        assert widths == natural


TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)


@given(st.lists(st.tuples(TEXTS, TEXTS, st.none() | TEXTS), max_size=6), st.integers(20, 120))
def test_no_line_of_a_table_is_wider_than_the_terminal(
    rows: list[tuple[str, str, str | None]], width: int
) -> None:
    text, _ = tables.draw_table(
        TableContent(("A", "B", "C"), tuple(rows)), width=width, has_colours=False
    )
    assert all(cell_len(line) <= width for line in text.split("\n"))


def test_a_wide_value_is_cut_with_an_ellipsis_and_whole_when_expanded() -> None:
    content = TableContent(("A", "B"), (("x" * 100, None),))
    text, left_out = tables.draw_table(content, width=40, has_colours=False)
    assert left_out == 0
    assert "xxx…" in text
    assert "null" in text
    assert tables.draw_expanded(content, width=40, has_colours=False).count("x") == 100


def test_nothing_is_cut_where_there_is_no_width() -> None:
    text, left_out = tables.draw_table(
        TableContent(("A",), (("x" * 500,),)), width=None, has_colours=False
    )
    assert (left_out, text.count("x")) == (0, 500)


def test_a_table_without_rows_is_its_heading() -> None:
    text, _ = tables.draw_table(TableContent(("A", "B"), ()), width=80, has_colours=False)
    assert text.split("\n")[0] == "A  B"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(JSON)
def test_pretty_json_is_the_same_json_and_safe(value: object) -> None:
    text = format_json(json.dumps(value).encode())
    assert text is not None
    assert json.loads(text) == value
    assert is_safe(text)


@given(st.text())
def test_escaped_json_is_the_same_json(value: str) -> None:
    text = json.dumps(value, ensure_ascii=False)
    assert json.loads(escape_json(text)) == value


def test_pretty_json_keeps_every_digit() -> None:
    body = b'{"a":1.10000000000000000000001,"b":123456789012345678901234567890}'
    assert format_json(body) == (
        '{\n  "a": 1.10000000000000000000001,\n  "b": 123456789012345678901234567890\n}'
    )


@given(st.lists(TEXTS, min_size=1, max_size=5), st.integers(30, 100))
def test_expanded_values_are_whole_and_fit(values: list[str], width: int) -> None:
    content = TableContent(tuple(f"F{index}" for index in range(len(values))), (tuple(values),))
    lines = tables.draw_expanded(content, width=width, has_colours=False).split("\n")
    assert all(cell_len(line) <= width for line in lines)
    shown = "".join(line[4:] for line in lines).replace(" ", "")
    wanted = "".join(visible(value, keep_lines=True) for value in values)
    assert shown == wanted.replace("\n", "").replace(" ", "")
