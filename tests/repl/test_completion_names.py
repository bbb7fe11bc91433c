"""Names and values of a service, whatever they hold, in the menu and in what is put in."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from cmdm_tui.api import Field
from cmdm_tui.query.completion.offers import CompletionFacts
from cmdm_tui.query.completion.tokens import tokenize
from cmdm_tui.query.parsing.write_statement import read_statements
from cmdm_tui.repl.completion.completer import StatementCompleter
from cmdm_tui.repl.completion.facts import PromptFacts
from cmdm_tui.repl.completion.file_names import list_files
from cmdm_tui.repl.completion.rules import suggest
from cmdm_tui.text import visible


class Named:
    """A server with one custom entity, of one field that has one value."""

    def __init__(self, name: str) -> None:
        self.entities = (name,)
        self._field = Field(name, label=name, type=name, options=(name,))

    def fields(self, entity: str) -> Sequence[Field]:
        return (self._field,)


HOSTILE = st.text(min_size=1, max_size=12) | st.sampled_from(
    ['a"b', "a'b", "x\x1b[2J", "\u202egnp", 'a";DROP', "a'; DELETE FROM lead; --", "select",
     "Order", "ж", "x y", "a\nb", "\ud800", "[bold]x[/]", "{{x}}", "a\u200bb",
     "$x", ":x", "\\", "%1B", "ﬃ"]
)  # fmt: skip
PLACES = [
    "SELECT * FROM {}", "SELECT {} FROM {q}", "SELECT * FROM {q} x WHERE x.{}", "UPDATE {q} SET {}",
    "SELECT * FROM {q} WHERE {q} = '{}", "GET {}", "GET {p}?fields={}", "POST {p} {{\"{}",
    "\\d {}",
]  # fmt: skip


@given(HOSTILE, st.sampled_from(PLACES))
@example("\ud800", "GET {}")
def test_the_menu_is_safe_to_show(name: str, place: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    text = place.replace("{q}", quoted).replace("{p}", "x").replace("{{", "{").replace("{}", "")
    facts = PromptFacts(CompletionFacts(ids=lambda _: (name,)), columns=lambda: (name,))
    completer = StatementCompleter(Named(name), lambda: facts)
    for found in completer.get_completions(
        Document(text), CompleteEvent(completion_requested=True)
    ):
        assert visible(found.text) == found.text
        assert visible(found.display_text + found.display_meta_text) == (
            found.display_text + found.display_meta_text
        )


@given(HOSTILE)
def test_a_name_is_put_in_as_sql_reads_it(name: str) -> None:
    assume(visible(name) == name and name.strip("'\"") and name.casefold() != "externalid")
    (offer, *_) = suggest("SELECT * FROM ", Named(name)).offers
    (token,) = tokenize(offer.text)
    assert token.is_name
    (statement,) = read_statements(f"SELECT * FROM {offer.text}")
    from sqlglot import exp

    from cmdm_tui.query.parsing.statement import Select, parse

    tree = parse(statement.script.padded, {})
    assert isinstance(tree, Select)
    assert [table.name for table in tree.tree.find_all(exp.Table)] == [name]


@given(HOSTILE)
def test_a_value_is_put_in_as_sql_and_json_read_it(name: str) -> None:
    known = Named("f")
    known._field = Field("f", options=(name,))
    offers = suggest("SELECT * FROM f WHERE f = '", known).offers
    if visible(name) == name:
        assert [one.text for one in offers] == ["'" + name.replace("'", "''") + "'"]
    else:
        assert offers == (), "SQL has no way to spell what a terminal would act on"
    (offer,) = suggest('POST f {"f": ', known).offers
    assert json.loads(offer.text) == name


@pytest.mark.parametrize("name", ["leads.csv", "my leads.csv", "it's.csv", "~x", "a$b", "é.sql"])
def test_a_file_is_put_in_as_a_command_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "folder one").mkdir()
    (tmp_path / "folder one" / name).touch()
    (tmp_path / "folder one" / ".hidden").touch()
    (tmp_path / "folder one" / "x\x1b[2J").touch()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (folder,) = suggest("\\i fol", Named("x")).offers
    assert folder.text == "'folder one/", "the quote stays open for what is in it"
    (found,) = suggest(f"\\i {folder.text}", Named("x")).offers
    assert shlex.split(found.text) == [f"folder one/{name}"]
    (home,) = suggest("\\i '~/folder one/", Named("x")).offers
    assert shlex.split(home.text) == [f"~/folder one/{name}"]
    (output,) = suggest("SELECT 1; > 'folder one/", Named("x")).offers
    assert shlex.split(output.text) == [f"folder one/{name}"]


def test_files_that_cannot_be_read_are_none(tmp_path: Path) -> None:
    assert list_files(f"{tmp_path}/none/") == []
    assert list_files("\0") == []
    assert list_files("~nobody-of-this-name/") == []
    assert list_files(f"{tmp_path}/" + "x" * 5_000) == []
