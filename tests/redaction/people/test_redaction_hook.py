"""A hook's file is run only where no one else can write it, and what is wrong with it is said."""

from pathlib import Path

import pytest

from cmdm_tui.config import ConfigurationError, UnusableFile
from cmdm_tui.redaction.people.redaction_hook import RedactionHook


def written(folder: Path, text: str) -> Path:
    path = folder / "people.py"
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_the_function_of_a_file_is_asked(tmp_path: Path) -> None:
    path = written(
        tmp_path, "def redact(entity, field, value, stand_in):\n    return value[::-1]\n"
    )
    hook = RedactionHook.load(path)
    assert hook.ask("lead", "City", "York", lambda _, value: value) == "kroY"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("redact = 3\n", r"has no function redact\(entity, field, value, stand_in\)"),
        ("", "has no function redact"),
        ("raise KeyError('Jones')\n", "failed with KeyError"),
        ("def redact(:\n", "failed with SyntaxError"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason) as refused:
        RedactionHook.load(written(tmp_path, text))
    assert "Jones" not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.py cannot be read: No such file"):
        RedactionHook.load(tmp_path / "nowhere.py")


def test_a_file_that_others_may_write_is_not_run(tmp_path: Path) -> None:
    path = written(tmp_path, f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    path.chmod(0o666)
    with pytest.raises(UnusableFile, match="can be written by other users"):
        RedactionHook.load(path)
    assert not (tmp_path / "ran").exists()
