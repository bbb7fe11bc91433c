"""What a script has done is not done again; each test counts what the service was sent."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import httpx
import pytest

from cmdm_tui.api import ApiError
from cmdm_tui.catalog import Account
from cmdm_tui.query.errors import QueryError
from cmdm_tui.repl import ReplError, run
from cmdm_tui.repl.script import ScriptOptions, ScriptPart
from cmdm_tui.repl.script_checkpoint import ScriptCheckpoint
from cmdm_tui.repl.statement_runner import ScriptSource

FAULTS = (ApiError, QueryError)
WRITE = "INSERT INTO lead (LastName, Company) VALUES ('{}', 'Acme');"


class Runs:
    """Runs of one script on one account, with its checkpoint."""

    def __init__(self, account: Account, folder: Path) -> None:
        self.account = account
        self.file = folder / "progress"
        self.journal = folder / "journal"
        self.notes = self.output = ""

    async def __call__(
        self,
        script: str,
        *,
        resumes: bool = False,
        begun: Literal["skip", "again"] | None = None,
        goes_on: bool = False,
        name: str = "script.sql",
    ) -> tuple[bool, Exception | None]:
        output, errors = io.StringIO(), io.StringIO()
        part = ScriptPart(ScriptSource(name), io.StringIO(script))
        options = ScriptOptions((part,), goes_on, self.file, resumes, begun)
        try:
            return await run(
                self.account,
                history=None,
                input=io.StringIO(),
                output=output,
                errors=errors,
                confirms=False,
                journal=self.journal,
                script=options,
            )
        finally:
            self.notes, self.output = errors.getvalue(), output.getvalue()


@pytest.fixture
async def runs(account: Account, tmp_path: Path) -> Runs:
    return Runs(account, tmp_path)


def writes(calls: list[str]) -> list[str]:
    return [call for call in calls if call.split()[0] in {"POST", "PUT", "DELETE"}][1:]


async def test_what_is_done_is_not_done_again(runs: Runs, calls: list[str]) -> None:
    script = f"{WRITE.format('A')}\nSELECT * FROM nosuch;\n{WRITE.format('B')}\n"
    with pytest.raises(FAULTS):
        await runs(script)
    assert len(writes(calls)) == 1
    assert "Stopped at script.sql:2: SELECT * FROM nosuch" in runs.notes
    with pytest.raises(FAULTS):
        await runs(script, resumes=True)
    assert len(writes(calls)) == 1
    assert "Resuming: 1 statement done already" in runs.notes


async def test_a_checkpoint_that_forgets_would_be_noticed(
    runs: Runs, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    script = f"{WRITE.format('A')}\nSELECT * FROM nosuch;\n"
    with pytest.raises(FAULTS):
        await runs(script)
    kept = runs.file.read_text()
    monkeypatch.setattr(ScriptCheckpoint, "state_of", lambda *_: None)
    with pytest.raises(FAULTS):
        await runs(script, resumes=True)
    assert len(writes(calls)) == 2, "it was done already, and was done again"
    monkeypatch.undo()
    # So would one whose end was not written: it is in doubt, and done again only where one says so.
    runs.file.write_text("".join(f"{line}\n" for line in kept.splitlines() if "done" not in line))
    with pytest.raises(ReplError, match="may have changed records"):
        await runs(script, resumes=True)
    with pytest.raises(FAULTS):
        await runs(script, resumes=True, begun="again")
    assert len(writes(calls)) == 3


async def test_a_resumed_script_goes_on_to_its_end_and_then_no_further(
    runs: Runs, calls: list[str], tmp_path: Path
) -> None:
    inner = tmp_path / "inner.sql"
    inner.write_text(f"{WRITE.format('C')}\nGET lead/NOSUCHID\n")
    script = f"\\set who 'Dee'\n{WRITE.format('A')}\n\\i '{inner}'\nSELECT $who;"
    with pytest.raises(FAULTS):
        await runs(script)
    assert len(writes(calls)) == 2
    inner.write_text(WRITE.format("C"))
    with pytest.raises(ReplError, match="A file that the script runs has changed"):
        await runs(script, resumes=True)
    inner.write_text(f"{WRITE.format('C')}\nGET lead/NOSUCHID\n")
    with pytest.raises(FAULTS):
        await runs(script, resumes=True)
    assert len(writes(calls)) == 2
    runs.file.unlink()
    inner.write_text(WRITE.format("C"))
    await runs(script)
    assert len(writes(calls)) == 4
    with pytest.raises(ReplError, match="Nothing is left to do"):
        await runs(script, resumes=True)
    assert len(writes(calls)) == 4


async def test_switches_and_variables_are_set_again(runs: Runs, tmp_path: Path) -> None:
    late, made = tmp_path / "late.csv", tmp_path / "who.csv"
    script = (
        "\\set who 'Dee'\n\\o csv\n\\! echo done once\n"
        f"SELECT * FROM '{late}';\nSELECT $who AS a; > '{made}'\n"
    )
    with pytest.raises(FAULTS):
        await runs(script)
    assert not made.exists()
    late.write_text("a\n1\n")
    await runs(script, resumes=True)
    assert made.read_text() == "a\nDee\n"
    assert "Resuming: 3 statements done already" in runs.notes
    assert runs.output == "a\n1\n"


async def test_a_script_that_goes_on_does_what_failed_again(runs: Runs, calls: list[str]) -> None:
    script = f"{WRITE.format('A')}\nSELECT * FROM nosuch;\n{WRITE.format('B')}\n"
    for number in range(2):
        _, error = await runs(script, goes_on=True, resumes=bool(number))
        assert isinstance(error, QueryError)
        assert "Failed at script.sql:2: SELECT * FROM nosuch" in runs.notes
        assert len(writes(calls)) == 2
    assert "1 of 1 statements failed" in runs.notes


async def test_a_script_that_has_changed_is_refused(runs: Runs, calls: list[str]) -> None:
    script = f"{WRITE.format('A')}\nSELECT * FROM nosuch;\n"
    with pytest.raises(FAULTS):
        await runs(script)
    before = list(calls)
    for changed in (f"{script}-- one more line\n", script.replace("'A'", "'B'"), ""):
        with pytest.raises(ReplError, match="The script has changed since"):
            await runs(changed, resumes=True)
    assert calls == before


async def test_a_script_is_neither_begun_twice_nor_resumed_without_its_file(
    runs: Runs, calls: list[str]
) -> None:
    with pytest.raises(ReplError, match=r"There is no .* to resume"):
        await runs("SELECT 1;", resumes=True)
    await runs("SELECT 1;")
    with pytest.raises(ReplError, match="Add --resume to go on with it"):
        await runs("SELECT 1;")
    runs.file.write_text("{}\n")
    with pytest.raises(ReplError, match="keeps no script's progress"):
        await runs("SELECT 1;", resumes=True)
    assert calls == []


async def test_a_file_that_is_no_checkpoint_is_left_as_it_is(runs: Runs, calls: list[str]) -> None:
    runs.file.write_text("SELECT 1;\n")  # the script itself, by a slip
    with pytest.raises(ReplError, match=r"keeps no script's progress\. Name another"):
        await runs("SELECT 1;\n")
    assert runs.file.read_text() == "SELECT 1;\n"
    assert calls == []


async def test_a_change_that_was_not_seen_to_end_is_not_made_again_unasked(
    runs: Runs, calls: list[str]
) -> None:
    script = f"{WRITE.format('A')}\n{WRITE.format('B')}\n"
    await runs(script)
    # As a kill during the second leaves the file, with a line that is cut.
    lines = runs.file.read_text().splitlines()
    kept = [line for line in lines if '"at": "2", ' not in line or "begun" in line]
    cut = [line for line in kept if "finished" not in line]
    runs.file.write_text("\n".join([*cut, '{"at": "2", "sta']))
    sent = len(writes(calls))
    with pytest.raises(ReplError, match=r"The statement at script.sql:2 may have changed records"):
        await runs(script, resumes=True)
    assert len(writes(calls)) == sent
    before = runs.file.read_text()
    await runs(script, resumes=True, begun="skip")
    assert len(writes(calls)) == sent
    runs.file.write_text(before)
    await runs(script, resumes=True, begun="again")
    assert len(writes(calls)) == sent + 1
    assert json.loads(runs.file.read_text().splitlines()[-1]) == {"state": "finished"}


async def test_a_change_without_an_answer_is_in_doubt_and_a_refused_one_is_not(
    answering: Callable[[Callable[[httpx.Request], httpx.Response]], Account], tmp_path: Path
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            raise httpx.ReadError("gone", request=request)
        return httpx.Response(400, json={"Error": "no"})

    async with answering(answer) as account:
        for text, states in (
            ("POST lead {}", ["begun", "failed"]),
            ("PUT lead/A {}", ["begun", "unsure"]),
        ):
            folder = tmp_path / text[:3]
            folder.mkdir()
            runs = Runs(account, folder)
            with pytest.raises(FAULTS):
                await runs(text)
            lines = [json.loads(line) for line in runs.file.read_text().splitlines()]
            assert [line["state"] for line in lines[1:]] == states


async def test_a_change_whose_result_was_not_taken_is_in_doubt(
    runs: Runs, calls: list[str]
) -> None:
    script = 'POST lead {"LastName": "Once"} | exit 3'
    with pytest.raises(ReplError, match="exit code 3"):
        await runs(script)
    with pytest.raises(ReplError, match="may have changed records"):
        await runs(script, resumes=True)
    assert len(writes(calls)) == 1
