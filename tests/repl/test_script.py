import asyncio
import io
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from cmdm_tui.api import NotFound
from cmdm_tui.catalog import Account
from cmdm_tui.repl import ReplError, run
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.streams import ReplStreams
from tests.repl.statement_run import execute, run_script


async def ran(account: Account, text: str) -> tuple[str, str, Exception | None]:
    output, errors = io.StringIO(), io.StringIO()
    try:
        await run(account, history=None, input=io.StringIO(text), output=output, errors=errors)
    except (ReplError, NotFound) as error:
        return output.getvalue(), errors.getvalue(), error
    return output.getvalue(), errors.getvalue(), None


async def test_statements_run_in_order_and_comments_count_for_nothing(account: Account) -> None:
    text = '#!/usr/bin/env cmdm\n-- one\nPOST lead {\n  "LastName": "Jones"\n}\nGET lead/fields\r\n'
    output, _, error = await ran(account, text)
    assert error is None
    assert [line[:10] for line in output.splitlines()] == ['{"External', '{"Total Re']


async def test_the_first_error_ends_the_run_and_is_raised(
    account: Account, calls: list[str]
) -> None:
    _, errors, error = await ran(account, "GET lead/NOSUCHID\nGET lead/fields\n")
    assert isinstance(error, NotFound)
    assert calls[1:] == ["GET lead/NOSUCHID"]
    assert "Stopped at line 1: GET lead/NOSUCHID" in errors


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense\n", "nonsense is not a statement"),
        ('POST lead {"a": 1', "} is missing"),
        ('POST lead {"a": 1\n\n}\n', "} is missing"),
        ("\\i\n", "Write it as \\i FILE"),
    ],
)
async def test_bad_input_is_an_error_and_no_call(
    account: Account, calls: list[str], text: str, words: str
) -> None:
    _, _, error = await ran(account, text)
    assert isinstance(error, ReplError)
    assert words in str(error)
    assert calls == []


async def test_input_that_is_not_utf_8_is_told(account: Account) -> None:
    stream = io.TextIOWrapper(io.BytesIO(b"GET lead\xff\n"), encoding="utf-8")
    with pytest.raises(ReplError, match=r"The input is not UTF-8 \(it has the byte 0xff\)"):
        await run(account, history=None, input=stream, output=io.StringIO(), errors=io.StringIO())


async def test_a_file_that_is_not_utf_8_far_in_is_named(account: Account, tmp_path: Path) -> None:
    file = tmp_path / "latin.sql"
    file.write_bytes(b"-- a comment\n" * 3_000 + b"SELECT 'caf\xe9';\n")
    _, _, error = await ran(account, f"\\i '{file}'\n")
    assert isinstance(error, ReplError)
    assert f"{file} is not UTF-8 (it has the byte 0xe9)" in str(error)


async def test_a_file_that_begins_as_utf_16_and_is_not_is_told(
    account: Account, tmp_path: Path
) -> None:
    file = tmp_path / "half.sql"
    file.write_bytes(b"\xff\xfe\x01\xd8a\x00")
    _, _, error = await ran(account, f"\\i '{file}'\n")
    assert isinstance(error, ReplError)
    assert f"{file} is not UTF-16 (it has the byte 0x01)" in str(error)


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-be"])
async def test_a_file_with_a_byte_order_mark_is_read(
    account: Account, tmp_path: Path, codec: str
) -> None:
    file = tmp_path / "marked.sql"
    mark = "\ufeff" if codec == "utf-16-be" else ""
    file.write_bytes(f"{mark}SELECT 'é' AS letter;\r\n".encode(codec))
    output, _, error = await ran(account, f"\\i '{file}'\n")
    assert error is None
    assert '"letter": "é"' in output


async def test_nothing_is_run_after_leaving(account: Account, calls: list[str]) -> None:
    assert (await ran(account, "exit\nGET lead/fields\n"))[2] is None
    assert calls == []


async def test_a_script_does_not_delete_unless_it_says_so(
    account: Account, calls: list[str]
) -> None:
    for change in ("DELETE lead/NOSUCHID", "PUT lead/convert/NOSUCHID"):
        _, _, error = await ran(account, f"{change}\n")
        assert isinstance(error, ReplError)
        assert "no one can be asked here. Nothing was sent" in str(error)
    assert calls == []
    _, _, error = await ran(account, "\\confirm off\nDELETE lead/NOSUCHID\n")
    assert isinstance(error, NotFound)
    assert calls[-1] == "DELETE lead/NOSUCHID"


async def test_a_file_is_run_and_one_that_reads_itself_is_not(
    account: Account, calls: list[str], tmp_path: Path
) -> None:
    inner, looping = tmp_path / "inner", tmp_path / "looping"
    inner.write_text("GET lead/fields\n")
    looping.write_text(f"\\i '{looping}'\n")
    assert (await ran(account, f"\\i '{inner}'\nGET account/fields\n"))[2] is None
    assert calls[1:] == ["GET lead/fields", "GET account/fields"]
    _, _, error = await ran(account, f"\\i '{looping}'\n")
    assert "reads itself" in str(error)


async def test_an_empty_script_does_nothing(account: Account, calls: list[str]) -> None:
    assert await ran(account, "\n\n# nothing\n") == ("", "", None)
    assert calls == []


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("GET lead", "Cancelled GET lead."),
        ("POST lead {}", "may have been done, or not. Look among the newest records"),
        ("PUT lead/A {}", "may have been done, or not. Look at the record"),
        ("\\confirm off\nDELETE lead/A", "may have been done, or not. Look at the record"),
    ],
)
async def test_a_call_broken_off_says_what_is_known_of_it(
    answering: Callable[[Callable[[httpx.Request], httpx.Response]], Account],
    statement: str,
    words: str,
) -> None:
    def interrupted(_: httpx.Request) -> httpx.Response:
        raise asyncio.CancelledError

    errors = io.StringIO()
    async with answering(interrupted) as account:
        session = ReplSession(account, ReplStreams(io.StringIO(), errors))
        with pytest.raises(asyncio.CancelledError):
            await run_script(session, io.StringIO(statement))
    assert words in errors.getvalue()


async def test_a_file_next_to_a_script_is_found_wherever_the_script_is_run(
    account: Account, tmp_path: Path
) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "first.sql").write_text("\\ir deep/second.sql\n\\ir third.sql\n")
    (tmp_path / "deep" / "second.sql").write_text("\\ir third.sql\n")
    (tmp_path / "deep" / "third.sql").write_text("SELECT 'deep' AS a;\n")
    (tmp_path / "third.sql").write_text("SELECT 'flat' AS a;\n")
    output = io.StringIO()
    session = ReplSession(account, ReplStreams(output, io.StringIO()))
    await execute(session, f"\\i '{tmp_path / 'first.sql'}'")
    assert re.findall("deep|flat", output.getvalue()) == ["deep", "flat"]
    assert session.script_folder is None
    session.close()
