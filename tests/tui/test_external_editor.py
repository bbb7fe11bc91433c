"""The user's editor gets the text as it is, and what it does on its own is no change."""

from contextlib import nullcontext
from pathlib import Path

import pytest
from textual.app import App

from cmdm_tui.tui.screens.edit.external_editor import EditorFailed, edit_text


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> App[None]:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setattr(App, "suspend", nullcontext)
    return App[None]()


def use_editor(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    path = folder / "editor"
    path.write_text(f'#!/bin/sh\nset -e\necho "$1" > {folder}/seen\n{script}\n')
    path.chmod(0o700)
    monkeypatch.setenv("EDITOR", str(path))


@pytest.mark.parametrize(
    ("text", "script", "edited"),
    [
        ("one", "true", "one"),
        ("", "true", ""),
        ("one\r\ntwo", "true", "one\r\ntwo"),
        ("one\ntwo\n", "echo three >> $1", "one\ntwo\nthree\n"),
        ("one", "echo two >> $1", "one\ntwo"),
        # An editor that writes line feeds alone, or a byte order mark, changes nothing else.
        ("one\r\ntwo", r"printf 'one\nTWO\n' > $1", "one\r\nTWO"),
        ("one\r\ntwo", r"printf 'one\r\nTWO\r\n' > $1", "one\r\nTWO"),
        ("one", r"printf '\357\273\277ONE\n' > $1", "ONE"),
        ("\ufeffone", r"printf '\357\273\277ONE\n' > $1", "\ufeffONE"),
        ("a\x1b[31m\x00b", "echo c >> $1", "a\x1b[31m\x00b\nc"),
    ],
)
async def test_a_text_comes_back_as_it_was_edited(
    app: App[None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    script: str,
    edited: str,
) -> None:
    use_editor(monkeypatch, tmp_path, script)
    assert edit_text(app, text) == edited
    assert not Path((tmp_path / "seen").read_text().strip()).parent.exists()


@pytest.mark.parametrize(
    ("text", "script", "reason"),
    [
        ("one", "exit 1", "ended with status 1"),
        ("one", r"printf '\377' > $1", "not UTF-8"),
        ("one", "rm $1", "No such file or directory"),
        ("one", "head -c 2000000 /dev/zero > $1", "The editor's file cannot be used"),
        ("\ud800", "true", "half a character"),
    ],
)
async def test_a_failure_is_said_and_nothing_stays(
    app: App[None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    script: str,
    reason: str,
) -> None:
    use_editor(monkeypatch, tmp_path, script)
    with pytest.raises(EditorFailed, match=reason):
        edit_text(app, text)
    seen = tmp_path / "seen"
    assert not seen.exists() or not Path(seen.read_text().strip()).parent.exists()


@pytest.mark.parametrize("editor", ["/nowhere/editor", "'unclosed"])
async def test_an_editor_that_cannot_be_started_is_named(
    app: App[None], monkeypatch: pytest.MonkeyPatch, editor: str
) -> None:
    monkeypatch.setenv("EDITOR", editor)
    with pytest.raises(EditorFailed, match=r"EDITOR"):
        edit_text(app, "one")
