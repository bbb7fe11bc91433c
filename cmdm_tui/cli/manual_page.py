"""Writes the manual page from the commands themselves: troff with the macros of `man`.

`format_manual` returns what `man -l` and `mandoc` show: the text of each command's `--help`.
"""

import inspect
import re
from collections.abc import Iterator

import click

from cmdm_tui import __version__
from cmdm_tui.cli.command_group import read_examples

_ENVIRONMENT = (
    ("CMDM_PROFILE", "The profile to use, as with --profile."),
    (
        "CMDM_URL, CMDM_CLIENT_ID, CMDM_CLIENT_SECRET, CMDM_USERNAME, CMDM_PASSWORD",
        "A profile for one call, made of all five.",
    ),
    ("CMDM_LOG_FILE, CMDM_TIMEOUT", "As --log-file and --timeout."),
    ("CMDM_MARK_FIELD", "The field whose value marks what a create has made."),
    ("CMDM_DEBUG", "Show the traceback of an error, with secrets concealed."),
    ("NO_COLOR", "Use no colour."),
)
_FILES = (
    ("~/.config/cmdm/profiles.toml", "The profiles. They hold no secret."),
    ("~/.config/cmdm/secrets.toml", "Secrets that you asked to be kept in a file."),
    ("~/.config/cmdm/queries/", "Saved queries."),
    ("~/.local/share/cmdm/catalogs/", "What is known of each server: entities, fields, counts."),
    ("~/.local/share/cmdm/journal/", "What was sent, with old values, to be taken back."),
    ("~/.cache/cmdm/tokens/", "The tokens of sign-ins, readable by you only."),
)
_EXIT_STATUS = (
    ("0", "Done."),
    ("1", "Failed: the service refused the request, or something here is wrong."),
    ("2", "Usage: the command, the address or the profile cannot be used as given."),
    ("3", "The sign-in was refused."),
    ("4", "Not found."),
    ("5", "The hour's or the month's limit of calls has ended it."),
    ("6", "The network: not reached, or no answer in time."),
    (
        "7",
        "Outcome unknown: a create or a conversion was sent, and no answer tells how it ended.",
    ),
    ("8", "The result is partial or unsure, or more calls were needed than allowed."),
    ("130", "Interrupted."),
    ("141", "What read the output has ended."),
)


def format_manual(root: click.Group) -> str:
    """Return the manual page of a command and of all commands below it."""
    context = click.Context(root, info_name="cmdm", **root.context_settings)
    lines = [
        f'.TH CMDM 1 "" "cmdm {__version__}" "User Commands"',
        ".SH NAME",
        r"cmdm \- look into, query, change and test a CMDataManager account from a terminal",
        ".SH SYNOPSIS",
        r".B cmdm",
        r"[\fIOPTIONS\fR] [\fICOMMAND\fR] [\fIARGUMENTS\fR]",
        ".SH DESCRIPTION",
        *_paragraphs(root.help or ""),
        ".SH OPTIONS",
        *_options(root, context),
        ".SH COMMANDS",
    ]
    for path, command, below in _walk(root, context):
        lines += _command_lines(path, command, below)
    for title, entries in (
        ("EXIT STATUS", _EXIT_STATUS),
        ("ENVIRONMENT", _ENVIRONMENT),
        ("FILES", _FILES),
    ):
        lines.append(f".SH {title}")
        for name, text in entries:
            lines += [".TP", rf".B {_escape(name)}", _escape(text)]
    lines += [".SH EXAMPLES", *_examples(root)]
    return "\n".join(lines) + "\n"


def _walk(
    group: click.Group, context: click.Context
) -> Iterator[tuple[str, click.Command, click.Context]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        below = click.Context(command, info_name=name, parent=context)
        yield below.command_path, command, below
        if isinstance(command, click.Group):
            yield from _walk(command, below)


def _command_lines(path: str, command: click.Command, context: click.Context) -> list[str]:
    words = " ".join(command.collect_usage_pieces(context))
    lines = [
        f'.SS "{_quoted(path)}"',
        rf"\fB{_escape(path)}\fR {_escape(words)}",
        ".PP",
        *_paragraphs(command.help or ""),
        *_options(command, context),
    ]
    shown = _examples(command)
    return [*lines, ".PP", "Examples:", *shown] if shown else lines


def _options(command: click.Command, context: click.Context) -> list[str]:
    lines: list[str] = []
    shown = command.get_params(context) if context.parent is None else command.params
    for one in shown:
        record = one.get_help_record(context) if isinstance(one, click.Option) else None
        if record is not None:
            lines += [".TP", rf"\fB{_escape(record[0])}\fR", _escape(record[1])]
    return lines


def _examples(command: click.Command) -> list[str]:
    found = read_examples(command)
    if not found:
        return []
    shown = [_escape(line) for one in found for line in one.split("\n")]
    return [".nf", ".RS 4", *shown, ".RE", ".fi"]


def _paragraphs(text: str) -> list[str]:
    lines: list[str] = []
    for paragraph in inspect.cleandoc(text).partition("\f")[0].split("\n\n"):
        words = " ".join(paragraph.replace("\b", "").split())
        if words:
            lines += [".PP", _escape(words)] if lines else [_escape(words)]
    return lines


def _escape(text: str) -> str:
    """Return text that troff shows as it is: no line of it is a request."""
    text = re.sub(r"[^\S\n]+", " ", text.replace("\\", "\\e").replace("-", "\\-"))
    text = text.replace("'", "\\(aq").replace("`", "\\(ga").replace("^", "\\(ha")
    text = text.replace("~", "\\(ti").replace('"', "\\(dq")
    text = "".join(one if ord(one) < 128 else f"\\[u{ord(one):04X}]" for one in text)
    return f"\\&{text}" if text.startswith((".", "'", "\\(aq")) else text


def _quoted(text: str) -> str:
    return _escape(text).replace('"', '""')
