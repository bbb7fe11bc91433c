"""Says what is wrong with the words of a command, with the word that was probably meant."""

import difflib
import re
from collections.abc import Iterable

import click

from cmdm_tui.text import find_similar_names, one_line

_SIMILAR = 0.75
_NO_CHOICE = re.compile(r"'([^']*)' is not one of ")


def describe_usage_error(
    error: click.UsageError, root: click.Group | None = None, words: Iterable[str] = ()
) -> str:
    """Return what is said of an error of usage, with where to find help.

    An option without its argument is an error that does not know its command: that is the one
    below `root` which `words` name.
    """
    command = "cmdm"
    if error.ctx is not None:
        command = error.ctx.command_path
    elif root is not None:
        command = _find_command(root, words)
    said = _describe(error, command)
    return f"{said}{'' if said.endswith(('.', '?')) else '.'} See {command} --help."


def _describe(error: click.UsageError, command: str) -> str:
    if isinstance(error, click.NoSuchOption):
        return _describe_option(error, command)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return _list_commands(error.ctx)
    message = error.format_message()
    if isinstance(error, click.BadParameter) and error.param is not None:
        kind, found = error.param.type, _NO_CHOICE.search(message)
        if isinstance(kind, click.Choice) and found is not None:
            choices = [str(one) for one in kind.choices]
            near = find_similar_names(found[1], choices)
            return f"{message} Did you mean {near[0]}?" if near else message
    return message


def _find_command(root: click.Group, words: Iterable[str]) -> str:
    """Return the path of the command that the words name, `cmdm` where they name none."""
    path, group = ["cmdm"], root
    for word in words:
        found = group.get_command(click.Context(group), word)
        if found is not None:
            path.append(word)
        if isinstance(found, click.Group):
            group = found
        elif found is not None:
            break
    return " ".join(path)


def _list_commands(context: click.Context) -> str:
    """Return which commands may follow one that only groups others."""
    group = context.command
    names = group.list_commands(context) if isinstance(group, click.Group) else []
    return f"{context.command_path} needs one of its commands: {', '.join(names)}."


def _describe_option(error: click.NoSuchOption, command: str) -> str:
    name = one_line(error.option_name, 60)
    said = f"{command} has no option {name}."
    if error.ctx is None:
        return said
    root = error.ctx.find_root()
    if error.ctx is not root and error.option_name in _option_names(root.command):
        rest = command.partition(" ")[2]
        return f"{said} It comes before the command: cmdm {name} … {rest}."
    near = _nearest_options(error.option_name, _option_names(error.ctx.command))
    return f"{said} Did you mean {' or '.join(near)}?" if near else said


def _option_names(command: click.Command) -> list[str]:
    return [
        name
        for one in command.params
        if isinstance(one, click.Option)
        for name in (*one.opts, *one.secondary_opts)
    ]


def _nearest_options(name: str, known: Iterable[str]) -> list[str]:
    """Return the options most like a name, as a whole or by one of their words; at most two."""
    wanted = name.lstrip("-").casefold()
    scores: dict[str, float] = {}
    for one in known:
        if not one.startswith("--"):
            continue
        option = one.removeprefix("--")
        parts = [option, *option.split("-")]
        score = max(difflib.SequenceMatcher(None, wanted, part).ratio() for part in parts)
        scores[one] = 1.0 if wanted and option.startswith(wanted) else score
    best = sorted((one for one in scores if scores[one] >= _SIMILAR), key=lambda one: -scores[one])
    return best[:2]
