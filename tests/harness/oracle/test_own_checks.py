"""Checks of a user's own: loaded from a file, run as the others are, told where they fail."""

from pathlib import Path

import pytest

from cmdm_tui.harness.exchange import Exchange, Intent
from cmdm_tui.harness.oracle import ServiceModel, judge_exchange
from cmdm_tui.harness.oracle.own_checks import OwnCheckError, load_own_checks

LAW = '''
def owner_is_told(context):
    """Every lead that is read has an owner.

    More words.
    """
    if context.intent.call == "get":
        yield True
        if not context.exchange.json["Properties"].get("Owner"):
            yield f"{context.intent.external_id} has no\\x1b[2J owner."


def _not_a_check():
    return 1
'''


def exchange(body: bytes = b'{"Properties": {}}', call: str = "get") -> Exchange:
    intent = Intent(call, "lead", "ABC1D2E3")  # pyright: ignore[reportArgumentType] — a call
    return Exchange(1, "GET", "/api/v1/lead/ABC1D2E3", (), b"", 200, (), body, 0.0, intent=intent)


def write(folder: Path, text: str, name: str = "laws.py") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_function_is_a_check_and_its_docstring_the_law(tmp_path: Path) -> None:
    (check,) = load_own_checks([write(tmp_path, LAW)])
    assert (check.name, check.certainty) == ("owner-is-told", "own")
    assert check.sentence == "Every lead that is read has an owner."
    assert [path.name for path in tmp_path.iterdir()] == ["laws.py"]


@pytest.mark.parametrize(
    ("body", "call", "found", "held"),
    [
        (b'{"Properties": {}}', "get", ["ABC1D2E3 has no␛[2J owner."], ("owner-is-told",)),
        (b'{"Properties": {"Owner": "x"}}', "get", [], ("owner-is-told",)),
        (b"{}", "list", [], ()),
    ],
)
@pytest.mark.parametrize("is_strict", [True, False])
def test_it_judges_as_the_built_in_ones_do_strict_or_not(
    tmp_path: Path, body: bytes, call: str, found: list[str], held: tuple[str, ...], is_strict: bool
) -> None:
    checks = load_own_checks([write(tmp_path, LAW)])
    judged = judge_exchange(ServiceModel(), exchange(body, call), checks, is_strict=is_strict)
    assert [one.message for one in judged.findings] == found
    assert {one.certainty for one in judged.findings} <= {"own"}
    assert judged.held_checks == held


@pytest.mark.parametrize(
    ("said", "found", "held"),
    [
        ("None", [], ()),
        ("False", [], ()),
        ("True", [], ("law",)),
        ("'It is wrong.'", ["It is wrong."], ("law",)),
        ("[True, 'It is wrong.', 'And this.']", ["It is wrong.", "And this."], ("law",)),
        ("[]", [], ()),
    ],
)
def test_a_plain_function_may_return_what_it_found(
    tmp_path: Path, said: str, found: list[str], held: tuple[str, ...]
) -> None:
    checks = load_own_checks([write(tmp_path, f"def law(context):\n    return {said}\n")])
    judged = judge_exchange(ServiceModel(), exchange(), checks)
    assert [one.message for one in judged.findings] == found
    assert judged.held_checks == held


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("def law(context):\n    return 1 +\n", 2, "SyntaxError: invalid syntax"),
        ("\nimport nosuchmodule\n", 2, "ModuleNotFoundError: No module named 'nosuchmodule'"),
        ("import sys\nsys.exit('\\x1b[2J')\n", 2, r"SystemExit: ␛\[2J"),
        ("x = 1\n", 1, "it holds no check"),
        ("\n\ndef law(context, more): ...\n", 3, "law must take one argument"),
        ("\ndef own_entity(context): ...\n", 2, "own-entity is taken by a check of cmdm"),
        ("a\0b", 1, ""),
    ],
)
def test_a_wrong_file_is_told_with_its_line(
    tmp_path: Path, text: str, line: int, reason: str
) -> None:
    with pytest.raises(OwnCheckError, match=rf"laws\.py, line {line}: .*{reason}"):
        load_own_checks([write(tmp_path, text)])


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("def law(context):\n    return context.exchange.json['No']\n", 2, "KeyError: 'No'"),
        ("def law(context):\n    yield True\n    yield 7\n", 1, "True or a sentence, not int"),
        ("def law(context):\n    x = 1\n    return 1 / 0\n", 3, "ZeroDivisionError"),
    ],
)
def test_a_check_that_fails_itself_is_told_with_its_line(
    tmp_path: Path, text: str, line: int, reason: str
) -> None:
    checks = load_own_checks([write(tmp_path, text)])
    with pytest.raises(OwnCheckError, match=rf"laws\.py, line {line}: .*{reason}"):
        judge_exchange(ServiceModel(), exchange(), checks)


def test_two_files_may_not_name_the_same_check(tmp_path: Path) -> None:
    files = [write(tmp_path, LAW), write(tmp_path, LAW, "others.py")]
    with pytest.raises(OwnCheckError, match="taken by another function of"):
        load_own_checks(files)


def test_a_file_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(OwnCheckError, match=r"none\.py cannot be read: No such file"):
        load_own_checks([tmp_path / "none.py"])
