"""What a file leaves open is asked; an answer may be any that fits, and a wrong one is said."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cmdm_tui.api.models import Field
from cmdm_tui.catalog import Account
from cmdm_tui.operations import data
from cmdm_tui.operations.data import ImportDeclined, ImportOperation
from cmdm_tui.operations.prompter import CheckText, list_suggestions, read_text_answer
from cmdm_tui.operations.query import CallPolicy
from cmdm_tui.sandbox import RunningInfo
from cmdm_tui.transfer import (
    ImportFileError,
    ImportOptions,
    ImportQuestion,
    find_answer_fault,
    is_free,
)
from cmdm_tui.transfer.errors import QuestionOption
from tests.operations.test_write import Person
from tests.services import CountedNetwork, profile_of

POLICY = CallPolicy("Say --yes")


@dataclass
class Typist(Person):
    """Types one answer after another to a question, and nothing at the end."""

    texts: list[str] = field(default_factory=list[str])

    async def enter_text(
        self,
        question: str,
        check: CheckText,
        *,
        suggestions: Sequence[str] = (),
        default: str = "",
    ) -> str | None:
        self.asked.append(list_suggestions(question, suggestions, default))
        while self.texts:
            answer = read_text_answer(self.texts.pop(0), check, suggestions, default)
            if not answer.fault:
                return answer.text
            self.told.append(answer.fault)
        return None


@pytest.fixture
async def account(sandbox: RunningInfo) -> AsyncIterator[Account]:
    profile = profile_of(sandbox)
    async with Account.open(profile, catalogs=None, transport=CountedNetwork()) as opened:
        yield opened


@pytest.fixture
def dates(tmp_path: Path) -> Path:
    file = tmp_path / "leads.csv"
    file.write_text("LastName,LastContacted\nAble,03/04/2026\n")
    return file


@pytest.mark.parametrize("form", ["dd/mm/yyyy", "%d/%m/%Y", "d/m/yyyy"])
async def test_a_date_format_is_typed(account: Account, dates: Path, form: str) -> None:
    person = Typist(texts=[form])
    planned = await ImportOperation(account, person, POLICY).plan(dates, "lead", ImportOptions())
    assert planned.change_set.changes[0].properties["LastContacted"] == "2026-04-03"
    assert "dd/mm/yyyy, mm/dd/yyyy" in person.asked[0]


async def test_a_wrong_answer_is_said_and_asked_again(account: Account, dates: Path) -> None:
    person = Typist(texts=["%d/%m/%y", "Tuesday", "mm/dd/yyyy"])
    planned = await ImportOperation(account, person, POLICY).plan(dates, "lead", ImportOptions())
    assert planned.change_set.changes[0].properties["LastContacted"] == "2026-03-04"
    assert ["four digits" in person.told[0], "is not a format" in person.told[1]] == [True, True]


async def test_no_answer_is_no_import(account: Account, dates: Path) -> None:
    with pytest.raises(ImportDeclined):
        await ImportOperation(account, Typist(), POLICY).plan(dates, "lead", ImportOptions())


async def test_an_answer_that_is_not_checked_would_be_noticed(
    account: Account, dates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin."""

    def find_none(*_: object) -> str:
        return ""

    monkeypatch.setattr(data, "find_answer_fault", find_none)
    with pytest.raises(ImportFileError, match="is not a format"):
        await ImportOperation(account, Typist(texts=["Tuesday"]), POLICY).plan(
            dates, "lead", ImportOptions()
        )


async def test_the_field_of_a_column_is_typed_or_the_column_left_out(
    account: Account, tmp_path: Path
) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("LastName,Town,Odd\nAble,Hull,x\n")
    person = Typist(texts=["Twon", "city", "(leave it out)"])
    planned = await ImportOperation(account, person, POLICY).plan(file, "lead", ImportOptions())
    assert planned.change_set.changes[0].properties == {"LastName": "Able", "City": "Hull"}
    assert "'Twon' is not a field of lead" in person.told[0]


@pytest.mark.parametrize("typed", ["", "y", "YES", "leave it out", "(leave it out)"])
async def test_enter_and_yes_leave_a_column_out(
    account: Account, tmp_path: Path, typed: str
) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("LastName,Nonsense\nAble,x\n")
    person = Typist(texts=[typed])
    planned = await ImportOperation(account, person, POLICY).plan(file, "lead", ImportOptions())
    assert planned.change_set.changes[0].properties == {"LastName": "Able"}
    assert person.asked[0].endswith("is it left out? [Enter: leave it out, n: stop, or another]")
    assert not person.told


async def test_no_sends_nothing_of_the_file(account: Account, tmp_path: Path) -> None:
    """The twin: what is declined is not left out."""
    file = tmp_path / "leads.csv"
    file.write_text("LastName,Nonsense\nAble,x\n")
    with pytest.raises(ImportDeclined):
        await ImportOperation(account, Typist(texts=["n"]), POLICY).plan(
            file, "lead", ImportOptions()
        )


async def test_yes_is_no_answer_where_a_field_is_suggested_too(
    account: Account, tmp_path: Path
) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("LastName,Emial\nAble,a@b.co\n")
    person = Typist(texts=["y", "email"])
    planned = await ImportOperation(account, person, POLICY).plan(file, "lead", ImportOptions())
    assert planned.change_set.changes[0].properties == {"LastName": "Able", "Email": "a@b.co"}
    assert person.told == ["Type what is meant, or Enter alone: leave it out."]


@pytest.mark.parametrize(
    ("option", "right", "wrong", "said"),
    [
        ("dates", "d mmm yyyy", "dd/dd/yyyy", "is not a format of dates"),
        ("dates", "%d.%m.%Y %H:%M", "%d/%m/%y", "four digits"),
        ("zone", "Europe/London", "Mars/Crater", "There is no time zone"),
        ("header", "3", "0", "a whole number from 1"),
        ("encoding", "cp850", "cp0", "There is no encoding 'cp0'"),
        ("map", "last name", "Lastest", "is not a field of lead"),
    ],
)
def test_each_free_answer_is_checked(
    option: QuestionOption, right: str, wrong: str, said: str
) -> None:
    question = ImportQuestion(option, "Which?", subject="x")
    fields = [Field("LastName", label="Last name")]
    assert is_free(question)
    assert find_answer_fault(question, right, "lead", fields) == ""
    assert said in find_answer_fault(question, wrong, "lead", fields)


def test_what_has_a_few_answers_is_not_free() -> None:
    assert not is_free(ImportQuestion("decimal", "Which?", suggestions=(".", ",")))
    assert not is_free(ImportQuestion("map", "None of the keys is a field"))
