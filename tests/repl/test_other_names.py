"""What is typed from habit of psql, pgcli, mycli and litecli: it works, or says what does it."""

import pytest

from cmdm_tui.repl import ReplError
from cmdm_tui.repl.commands.command_table import find_command, get_command
from cmdm_tui.repl.commands.other_names import find_advice, list_other_names
from cmdm_tui.repl.statement_parser import parse


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("dt", "d"),
        ("tables", "d"),
        ("c", "profile"),
        ("connect", "profile"),
        ("use", "profile"),
        ("s", "history"),
        ("T", "o"),
        ("f", "n"),
        ("fs", "ns"),
        ("fd", "nd"),
        ("include", "i"),
        ("source", "i"),
        ("edit", "e"),
        ("system", "!"),
        ("rehash", "refresh"),
        ("status", "conninfo"),
    ],
)
def test_another_name_of_a_command(typed: str, name: str) -> None:
    assert find_command(typed).name == name


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("l", r"\profile lists the profiles"),
        ("l+", r"\profile lists the profiles"),
        ("du", r"\conninfo shows who you are"),
        ("dn", r"\d lists them"),
        ("df+", r"\d lists them"),
        ("once", "Write > FILE behind the statement"),
        ("tee", "Write > FILE behind the statement"),
        ("pipe_once", "Write | COMMAND behind the statement"),
        ("copy", "cmdm import reads one"),
        ("gx", r"\last shows the last result again"),
        ("echo", r"\! echo"),
        ("nosuch", r"\? lists the commands"),
        ("exxport", r"Did you mean \export?"),
    ],
)
def test_a_command_that_there_is_not_says_what_to_use(typed: str, words: str) -> None:
    with pytest.raises(ReplError) as error:
        find_command(typed)
    assert str(error.value).startswith(f"There is no command \\{typed}. ")
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("source monday.sql", r"Did you mean \i FILE?"),
        ("use acme", r"Did you mean \profile [NAME]?"),
        (".tables", r"Did you mean \d [ENTITY]?"),
        (".exit", r"Did you mean \q?"),
        (".schema lead", r"\d ENTITY shows the fields"),
        ("?", r"Did you mean \help [COMMAND]?"),
        ("/help", r"Did you mean \help [COMMAND]?"),
        ("tee all.txt", "Write > FILE behind the statement"),
        ("SELEC 1", "Did you mean SELECT?"),
    ],
)
def test_a_word_that_is_no_statement_says_which_command_it_is(typed: str, words: str) -> None:
    with pytest.raises(ReplError) as error:
        parse(typed)
    assert words in str(error.value)


def test_advice_is_for_names_that_no_command_has() -> None:
    assert [name for name in list_other_names() if get_command(name) is not None] == []


def test_no_name_of_another_case_begins_to_count_all_records() -> None:
    """psql's `\\dT+` lists types, and `\\d+` makes a call for each entity."""
    assert find_advice("dT+") is not None
    assert get_command("dT+") is None
