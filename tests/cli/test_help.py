"""Every command has a help with examples that run, a place in the manual, and forgives a slip."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cmdm_tui.cli import manual_page
from cmdm_tui.cli.command_group import read_examples
from cmdm_tui.cli.commands import cmdm as root
from cmdm_tui.cli.json_documents import DOCUMENTS
from cmdm_tui.sandbox import RunningInfo
from tests.cli.conftest import Command

ROOT = Path(__file__).parents[2]


def commands() -> Iterator[tuple[str, click.Command]]:
    def walk(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
        context = click.Context(group, info_name=path)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            yield f"{path} {name}", command
            if isinstance(command, click.Group):
                yield from walk(command, f"{path} {name}")

    yield "cmdm", root
    yield from walk(root, "cmdm")


ALL = dict(commands())
EXAMPLES = [(path, line) for path, one in ALL.items() for line in read_examples(one)]
RUN = {
    "list", "get", "fields", "create", "update", "delete", "convert", "close", "query", "sql",
    "api", "whoami", "man", "completion", "replay", "doctor",
}  # fmt: skip
"""Commands whose examples are run on a sandbox; those of the others are parsed."""


@pytest.mark.parametrize("path", ALL)
def test_every_help_has_an_example_of_its_command(path: str) -> None:
    shown = read_examples(ALL[path])
    assert shown
    assert all(re.search(rf"\b{re.escape(path)}\b", one) or path == "cmdm" for one in shown)
    assert ALL[path].help


@pytest.mark.parametrize("path", ALL)
def test_a_help_has_no_marker_of_click_and_runs_no_examples_together(
    path: str, cmdm: Command
) -> None:
    shown = cmdm(*path.split()[1:], "--help").out.decode()
    assert "\\b" not in shown
    assert "\b" not in shown
    for line in shown.splitlines():
        assert len(re.findall(r"(?<![\w|] )\bcmdm [a-z]+ (?:-|[\"'])", line)) <= 1


def test_a_marker_in_a_raw_docstring_would_be_seen() -> None:
    def odd() -> None:
        r"""Do it.

        \b
        cmdm odd -a
        cmdm odd -b
        """

    shown = click.Context(click.command()(odd)).get_help()
    assert "\\b" in shown


def words_of(line: str) -> tuple[list[str], bytes]:
    """Return the words after `cmdm` of an example, and what is piped into it."""
    stdin = b""
    piped = re.fullmatch(r"echo '([^']*)' \| (cmdm .*)", line, re.DOTALL)
    if piped is not None:
        stdin, line = piped[1].encode(), piped[2]
    line = re.sub(r'^eval "\$\((.*)\)"$', r"\1", line)
    words = shlex.split(line.replace("\\\n", " "))
    for end in (">", "|"):
        words = words[: words.index(end)] if end in words else words
    assert words[0] == "cmdm"
    return words[1:], stdin


@pytest.mark.parametrize(("path", "line"), EXAMPLES, ids=[line[:60] for _, line in EXAMPLES])
def test_an_example_is_read_as_it_is_written(path: str, line: str) -> None:
    words, _ = words_of(line)
    command, context = root, click.Context(root, info_name="cmdm")
    while isinstance(command, click.Group):
        context = command.make_context(path, list(words), parent=context)
        words = [*context._protected_args, *context.args]
        if not words:
            return
        _, found, words = command.resolve_command(context, words)
        assert found is not None
        command = found
    command.make_context(path, list(words), parent=context)


RUNNABLE = [
    line
    for path, line in EXAMPLES
    if path.split()[1:2] and path.split()[1] in RUN and "--serve" not in line
]


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize("line", RUNNABLE)
def test_an_example_runs(
    cmdm: Command, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lead = cmdm("create", "lead", "LastName=Jones", "Company=Jones & Co").json["ExternalID"]
    task = cmdm("list", "task", "--per-page", "1").json["Entity"][0]["ExternalID"]
    words, stdin = words_of(line.replace("NEKS70PX", lead).replace("TSK00001", task))
    if words[0] == "sql":
        words.append("--yes")
    if words[:2] == ["api", "POST"]:
        words = [*words, "-y"]
    ended = cmdm(*words, stdin=stdin)
    assert "Traceback" not in ended.err
    assert ended.code == 0, ended.err


SLIPS: dict[tuple[str, ...], str] = {
    ("qurey",): "There is no command 'qurey'. Did you mean query?",
    ("lst", "lead"): "Did you mean list?",
    ("profile", "shw"): "There is no command 'shw'. Did you mean show?",
    ("cases", "lst"): "Did you mean list?",
    ("cases",): "cmdm cases needs one of its commands: list, run, show. See cmdm cases --help.",
    ("sandbox",): "cmdm sandbox needs one of its commands: serve. See cmdm sandbox --help.",
    ("query", "--formt", "csv", "x"): "no option --formt. Did you mean --output-format?",
    ("query", "--max-cals=3", "x"): "Did you mean --max-calls?",
    ("list", "lead", "--per-pag", "3"): "Did you mean --per-page?",
    ("query", "--profile", "x"): "--profile. It comes before the command: cmdm --profile … query.",
    ("query", "-o", "cvs", "x"): "Did you mean csv?",
    ("--verbos", "list", "lead"): "Did you mean --verbose?",
    ("completion", "bsh"): "Did you mean bash?",
    ("zzz",): "There is no command 'zzz'. See cmdm --help.",
    ("list",): "Missing argument 'ENTITY'. See cmdm list --help.",
}


@pytest.mark.parametrize("words", SLIPS)
def test_a_slip_is_told_with_the_word_that_was_meant(cmdm: Command, words: tuple[str, ...]) -> None:
    ended = cmdm(*words)
    assert (ended.code, ended.out) == (2, b"")
    assert SLIPS[words] in ended.err
    assert ended.err.count("\n") == 1


def test_the_manual_has_every_command_option_and_example(cmdm: Command) -> None:
    page = cmdm("man").out.decode()
    plain = page.replace("\\-", "-").replace("\\fB", "").replace("\\fR", "")
    for path, command in ALL.items():
        assert f'.SS "{path}"' in plain or path == "cmdm"
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert option.opts[-1] in plain
    assert plain.count("Examples:") == len(ALL) - 1
    lines = page.split("\n")
    requests = {line.split()[0] for line in lines if line.startswith((".", "'"))}
    assert requests == {
        ".TH", ".SH", ".SS", ".B", ".PP", ".TP", ".nf", ".fi", ".RS", ".RE",
    }  # fmt: skip


def test_the_packaged_manual_is_the_one_of_the_commands() -> None:
    packaged = (ROOT / "cmdm_tui" / "cli" / "cmdm.1").read_text("ascii")
    assert packaged == manual_page.format_manual(root), "cmdm man > cmdm_tui/cli/cmdm.1"


@pytest.mark.parametrize(
    "tool",
    [["groff", "-man", "-Tutf8", "-ww", "-z"], ["mandoc", "-T", "lint", "-W", "error"]],
    ids=["groff", "mandoc"],
)
def test_the_manual_is_read_without_a_complaint(tool: list[str]) -> None:
    if shutil.which(tool[0]) is None:
        pytest.skip(f"{tool[0]} is not installed")
    page = manual_page.format_manual(root).encode()
    read = subprocess.run(tool, input=page, capture_output=True, check=False)
    assert (read.returncode, read.stdout, read.stderr) == (0, b"", b"")


def test_the_manual_shows_what_was_written() -> None:
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed")
    page = manual_page.format_manual(root).encode()
    shown = subprocess.run(
        ["groff", "-man", "-Tutf8", "-P-c", "-rLL=200n"],
        input=page, capture_output=True, check=True, env={**os.environ, "GROFF_NO_SGR": "1"},
    ).stdout.decode()  # fmt: skip
    text = re.sub(".\b", "", shown)
    for _, line in EXAMPLES:
        assert all(part.strip() in text for part in line.split("\n"))


def test_the_readme_says_how_to_install_completion_and_names_every_json_document() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for line in read_examples(ALL["cmdm completion"]):
        assert line in readme
    for name, document in DOCUMENTS.items():
        assert (
            f"| `{name}` | {document.version} | {document.printed_by} | {document.keys} |" in readme
        )


@pytest.mark.usefixtures("signed_in")
def test_a_wrong_entity_is_told_with_its_name(cmdm: Command, sandbox: RunningInfo) -> None:
    ended = cmdm("list", "leed")
    assert (ended.code, "leed" in ended.err) == (4, True)
