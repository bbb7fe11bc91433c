"""What a shell offers after tab: names that are known, without a call, and never executed."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from cmdm_tui.api import Field
from cmdm_tui.catalog.cache import CatalogCache, cache_file
from cmdm_tui.catalog.catalog import DEFAULT_ENTITIES
from cmdm_tui.cli.completion import known_names
from cmdm_tui.cli.completion.shells import SCRIPTS
from cmdm_tui.cli.completion.words import TypedLine, quote_for_bash, read_line
from tests.terminals import end_program

PROFILES = """\
default = "acme"
[profiles.acme]
url = "https://crm.example.com"
client_id = "x"
username = "ann"
entities = ["event"]
[profiles.other]
url = "https://other.example.com"
client_id = "x"
username = "ann"
"""
BREAKS = " \t\n\"'><=;|&(:"
HOSTILE = (
    "a b", "$(touch PWNED)", "`touch PWNED`", "x;touch PWNED", "'q", '"dq', "back\\slash", "*",
    "?a[b]", "~home", "!bang", "émile", "日本", "#hash", "&amp;", "$HOME", "(paren)", "{brace,x}",
    "trailing ", "a=b", "a:b", "--flag", "|touch PWNED", ">PWNED", "<x", "$'x'", "^a", "%x", "a,b",
    "\\$(touch PWNED)", "'$(touch PWNED)'", '"$(touch PWNED)"', "a\\", "é ü", "{a..c}", "@(x|y)",
)  # fmt: skip
HEAVY = {"httpx", "duckdb", "sqlglot", "textual", "prompt_toolkit", "rich", "msgspec", "asyncio"}
WORST = (
    "a b",
    "$(touch PWNED)",
    "'$(touch PWNED)'",
    '"$(touch PWNED)"',
    "x;touch PWNED",
    "*",
    "a=b",
)
UNPRINTED = ("esc\x1b[31m", "tab\tname", "nl\nname", "\u202ertl", "nul\x00", "bell\x07", "\ud800")


@pytest.fixture
def known(home: Path) -> Path:
    """A home with two profiles, and a catalog that knows entities and fields."""
    config, catalogs = home / "config" / "cmdm", home / "data" / "cmdm" / "catalogs"
    config.mkdir(parents=True)
    catalogs.mkdir(parents=True)
    (config / "profiles.toml").write_text(PROFILES)
    catalog = catalogs / "acme.json"
    names = [f"k{number:02d}{name}" for number, name in enumerate(HOSTILE)]
    catalog.write_text(json.dumps({"entities": [*names, *(f"z{one}" for one in UNPRINTED)]}))
    cache = CatalogCache(cache_file(catalog), "https://crm.example.com/api/v1")
    cache.store_fields("lead", tuple(Field(one) for one in ("LastName", "City", "Class", "Score")))
    cache.store_fields("account", (Field("Name"), Field("Created On")))
    cache.save()
    return home


def offers(line: str, shell: str = "bash", **environment: str) -> list[str]:
    """Return what is offered for a line: plain values, and the kinds of the others."""
    given = {"_CMDM_COMPLETE": f"{shell}_complete", "COMP_LINE": line, "CMDM_WORDBREAKS": BREAKS}
    ended = subprocess.run(
        [sys.executable, "-m", "cmdm_tui"],
        env={**os.environ, **given, **environment},
        capture_output=True,
        check=True,
    )
    assert ended.stderr == b""
    rows = [row.split("\t") for row in ended.stdout.decode().splitlines()]
    return [row[1] if row[0] == "plain" else row[0] for row in rows]


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("cmdm qu", ["query"]),
        ("cmdm journal u", ["undo"]),
        ("cmdm completion ", ["bash", "zsh", "fish"]),
        ("cmdm query --out", ["--output-format", "--out"]),
        ("cmdm query -o js", ["json", "jsonl"]),
        ("cmdm query --output-format=js", ["json", "jsonl"]),
        ("cmdm query -f ", ["file"]),
        ("cmdm query --out ", ["file"]),
        ("cmdm apply ", ["file"]),
        ("cmdm -p ", ["acme", "other"]),
        ("cmdm --profile=o", ["other"]),
        ("cmdm profile use a", ["acme"]),
        ("cmdm copy lead --from a", ["acme"]),
        ("cmdm list l", ["lead"]),
        ("cmdm list LE", ["lead"]),
        ("cmdm list ev", ["event"]),
        ("cmdm -p other list ev", []),
        ("cmdm copy account con", ["contact"]),
        ("cmdm import con", ["contact"]),
        ("cmdm import lead ", ["file"]),
        ("cmdm list lead --fields C", ["City", "Class"]),
        ("cmdm list lead --fields City,", ["City,LastName", "City,Class", "City,Score"]),
        ("cmdm list lead --sort-by la", ["LastName"]),
        ("cmdm list account --sort-by Cr", ["Created\\ On"]),
        ("cmdm list account --sort-by 'Cr", ["Created On"]),
        ("cmdm update lead ABC City=York C", ["Class="]),
        ("cmdm convert ABC N", ["Name="]),
        ("cmdm create task --parent le", ["lead/"]),
        ("cmdm api g", ["GET"]),
        ("cmdm list nosuch --fields ", []),
        ("cmdm nosuch ", []),
        ("", []),
    ],
)  # fmt: skip
def test_what_is_known_is_offered(line: str, offered: list[str]) -> None:
    assert offers(line) == offered


def test_every_command_is_offered_with_what_it_is_for(known: Path) -> None:
    rows = offers("cmdm ", "fish")
    assert {"query", "list", "completion", "man", "profile"} <= set(rows)
    assert offers("cmdm ", "zsh") == rows


def test_names_that_a_terminal_does_not_print_are_not_offered(known: Path) -> None:
    assert offers("cmdm list z", "zsh") == []
    assert len(offers("cmdm list k", "zsh")) == len(HOSTILE)


def test_a_broken_configuration_or_cache_offers_what_is_left(known: Path) -> None:
    (known / "data" / "cmdm" / "catalogs" / "acme.facts.json").write_text('{"entities": [1]}')
    assert offers("cmdm list lead --fields ") == []
    (known / "data" / "cmdm" / "catalogs" / "acme.json").write_text("{")
    assert offers("cmdm list ev") == ["event"]
    (known / "config" / "cmdm" / "profiles.toml").write_text("[profiles")
    assert offers("cmdm list l") == ["lead"]
    assert offers("cmdm -p ") == []


def test_the_profile_of_the_environment_is_known(known: Path) -> None:
    variables = {
        f"CMDM_{one}": "x" for one in ("CLIENT_ID", "CLIENT_SECRET", "USERNAME", "PASSWORD")
    }
    catalog = known / "data" / "cmdm" / "catalogs" / "https_127.0.0.1.json"
    catalog.write_text('{"entities": ["gadget"]}')
    assert offers("cmdm list ga", CMDM_URL="https://127.0.0.1", **variables) == ["gadget"]
    assert offers("cmdm list ga") == []


def test_the_entities_of_every_account_are_those_of_the_catalog() -> None:
    assert known_names.DEFAULT_ENTITIES == DEFAULT_ENTITIES


def test_a_tab_loads_nothing_heavy(known: Path) -> None:
    code = (
        "import sys, os; from cmdm_tui.cli.main import run; run();"
        "print('@', *sys.modules, file=sys.stderr)"
    )
    for line in ("cmdm l", "cmdm list lead --fields C"):
        given = {"_CMDM_COMPLETE": "bash_complete", "COMP_LINE": line}
        ended = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, **given},
            capture_output=True,
            check=False,
            text=True,
        )
        modules = set(ended.stderr.split())
        assert "cmdm_tui.cli.commands" in modules
        assert (
            modules & {"httpx", "duckdb", "sqlglot", "textual", "prompt_toolkit", "rich"} == set()
        )
        if line == "cmdm l":
            assert "cmdm_tui.cli.commands.records" not in modules


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("cmdm list a", TypedLine(("cmdm", "list"), "a")),
        ("cmdm list ", TypedLine(("cmdm", "list"), "")),
        ("cmdm 'a b", TypedLine(("cmdm",), "a b", "'")),
        ('cmdm "a\\"b\\x', TypedLine(("cmdm",), 'a"b\\x', '"')),
        ("cmdm a\\ b", TypedLine(("cmdm",), "a b")),
        ("cmdm '' x''y", TypedLine(("cmdm", ""), "xy")),
        ("cmdm $(x", TypedLine(("cmdm",), "$(x")),
        ("cmdm a\\", TypedLine(("cmdm",), "a")),
    ],
)
def test_a_line_is_taken_apart_as_a_shell_does(line: str, read: TypedLine) -> None:
    assert read_line(line) == read


@pytest.mark.parametrize("value", HOSTILE)
def test_bash_reads_what_is_quoted_as_it_was(value: str, tmp_path: Path) -> None:
    quoted = {quote: quote_for_bash(value, quote) for quote in ("", '"', "'")}
    words = [f"{quote}{one}{'' if one.endswith(quote) else quote}" for quote, one in quoted.items()]
    ended = subprocess.run(
        ["bash", "-c", "printf '%s\\0' " + " ".join(words)],
        cwd=tmp_path, capture_output=True, check=True,
    )  # fmt: skip
    # A shell that is not interactive keeps the backslash.
    expected = value.replace("!", "\\!")
    assert ended.stdout.decode().split("\0")[:3] == [value, expected, value]
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(params=["bash", "zsh", "fish"])
def shell(
    request: pytest.FixtureRequest, known: Path, tmp_path: Path
) -> Iterator["tuple[str, pexpect.spawn[str]]"]:
    """A shell on a terminal, with cmdm on its path and its completion loaded."""
    name: str = request.param
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "cmdm"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m cmdm_tui "$@"\n')
    program.chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    environment = {
        **os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "TERM": "dumb", "HOME": str(known),
        "LC_ALL": "C.UTF-8", "INPUTRC": "/dev/null", "PS1": "", "HISTFILE": "/dev/null",
    }  # fmt: skip
    script = tmp_path / f"completion.{name}"
    script.write_text(SCRIPTS[name])
    starts = {
        "bash": ["--norc", "--noprofile", "-i"],
        "zsh": ["-f", "-i"],
        "fish": ["--no-config", "-i"],
    }
    prepares = {
        "bash": f"bind 'set enable-bracketed-paste off'; source {script}",
        "zsh": "autoload -Uz compinit; compinit -D -u; bindkey -e; unsetopt PROMPT_SP; "
        f"source {script}",
        "fish": f"function fish_prompt; end; source {script}",
    }
    child: pexpect.spawn[str] = pexpect.spawn(
        name, starts[name], env=environment, cwd=str(work), encoding="utf-8", timeout=20,
        dimensions=(40, 200),
    )  # fmt: skip
    child.sendline(f"{prepares[name]}; printf '%s\\n' rea''dy")
    child.expect("ready")
    yield name, child
    end_program(child)


def show_words(shell: str, child: "pexpect.spawn[str]", line: str) -> list[str]:
    """Complete a line, and return the words that the shell then reads."""
    child.send(f"{line}\t")
    # To the beginning of the line: its words are printed, and not run.
    child.send("\x01printf '<%s>' \x05 'EN''D'\r")
    child.expect(r"<cmdm>((?:<[^\r\n]*>)?)<END>")
    assert isinstance(child.match, re.Match)
    return re.split("><", child.match[1][1:-1])


def test_a_shell_inserts_hostile_names_as_they_are_and_runs_none(
    shell: "tuple[str, pexpect.spawn[str]]", tmp_path: Path
) -> None:
    name, child = shell
    for value in WORST:
        begun = f"k{HOSTILE.index(value):02d}"
        for quote in ("", "'", '"'):
            if "!" in value and quote == '"':
                continue  # an interactive bash keeps the backslash before it
            found = show_words(name, child, f"cmdm list {quote}{begun}")
            assert found == ["list", f"{begun}{value}"], quote
    assert list((tmp_path / "work").iterdir()) == []


def test_a_shell_completes_options_profiles_fields_and_files(
    shell: "tuple[str, pexpect.spawn[str]]", tmp_path: Path
) -> None:
    name, child = shell
    (tmp_path / "work" / "some leads.csv").touch()
    for line, words in (
        ("cmdm quer", ["query"]),
        ("cmdm -p oth", ["-p", "other"]),
        ("cmdm query --output-f", ["query", "--output-format"]),
        ("cmdm list lead --fields City,La", ["list", "lead", "--fields", "City,LastName"]),
        ("cmdm list lead --fields=City,La", ["list", "lead", "--fields=City,LastName"]),
        ("cmdm update lead X Ci", ["update", "lead", "X", "City="]),
        ("cmdm import lead some", ["import", "lead", "some leads.csv"]),
        ("cmdm query -f ./some", ["query", "-f", "./some leads.csv"]),
    ):
        assert show_words(name, child, line) == words, line


def test_a_name_that_is_not_quoted_would_run(tmp_path: Path) -> None:
    subprocess.run(["bash", "-c", "printf '%s' $(touch PWNED)"], cwd=tmp_path, check=True)
    assert [one.name for one in tmp_path.iterdir()] == ["PWNED"]
