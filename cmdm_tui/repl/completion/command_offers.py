"""What the rules of completion offer in a backslash command: names, and arguments by their kind."""

import re
import shlex
from collections.abc import Iterable, Sequence

from cmdm_tui.query.completion.offers import CompletionCatalog, Offer
from cmdm_tui.query.completion.words import quote_name
from cmdm_tui.query.parsing.beginnings import is_sql
from cmdm_tui.repl.commands.command import Argument, ArgumentKind
from cmdm_tui.repl.commands.command_table import COMMANDS, get_command
from cmdm_tui.repl.completion.facts import PromptFacts
from cmdm_tui.repl.completion.file_names import list_files
from cmdm_tui.text import visible

_COMMAND = re.compile(r"\s*\\(?P<command>[a-z]+\+?)\s+", re.IGNORECASE)
_WORD = re.compile(r"""(?:'[^']*(?:'|\Z)|"(?:\\.|[^"\\])*(?:"|\Z)|\\.|[^\s'"\\])+""", re.DOTALL)


def offer_commands(_: re.Match[str], __: CompletionCatalog, ___: PromptFacts) -> Iterable[Offer]:
    """Offer the commands."""
    for command in COMMANDS:
        yield Offer(f"\\{command.name}", f"\\{command.name}", command.help)


def split_arguments(arguments: str) -> tuple[list[str], str]:
    """Return the arguments that are whole, and the one being typed, each as it is written."""
    words = [found[0] for found in _WORD.finditer(arguments)]
    is_between = not arguments or (arguments[-1].isspace() and not _is_quoted(arguments, words))
    return (words, "") if is_between else (words[:-1], words[-1] if words else "")


def _is_quoted(arguments: str, words: list[str]) -> bool:
    return bool(words) and arguments.endswith(words[-1])


def find_text_argument(statement: str) -> str:
    r"""Return the SQL that a command takes, as `\explain` does; empty where it takes none."""
    found = _COMMAND.match(statement)
    command = None if found is None else get_command(found["command"])
    if found is None or command is None or not command.takes_whole_line:
        return ""
    words = _WORD.finditer(statement, found.end())
    ends = [word.end() for word, _ in zip(words, command.arguments[:-1], strict=False)]
    text = statement[ends[-1] if ends else found.end() :]
    return text if len(ends) == len(command.arguments) - 1 and is_sql(text) else ""


def find_argument(found: re.Match[str]) -> Argument | None:
    """Return the argument that is being typed; None where the command takes no more."""
    command = get_command(found["command"])
    before, _ = split_arguments(found["arguments"])
    return None if command is None else command.argument_at(len(before))


def offer_arguments(
    found: re.Match[str], known: CompletionCatalog, facts: PromptFacts
) -> Iterable[Offer]:
    """Offer what the argument at the place can be, by its kind."""
    argument = find_argument(found)
    if argument is None:
        return
    word = split_arguments(found["arguments"])[1]
    if word.startswith(":"):
        yield from (Offer(f":{name}", f":{name}", "variable") for name in facts.variables())
        return
    match argument.kind:
        case ArgumentKind.FILE:
            yield from offer_files(word)
        case ArgumentKind.COMMAND:
            for command in COMMANDS:
                yield Offer(command.name, command.name, command.help)
        case kind:
            quote = quote_name if kind is ArgumentKind.CONDITION else quote_word
            for name in _list_names(kind, argument, known, facts):
                # A word with such characters could not be shown as it is.
                if visible(name) == name:
                    yield Offer(quote(name), name)


def _list_names(
    kind: ArgumentKind, argument: Argument, known: CompletionCatalog, facts: PromptFacts
) -> Sequence[str]:
    match kind:
        case ArgumentKind.ENTITY:
            return known.entities
        case ArgumentKind.CHOICE | ArgumentKind.TEXT:
            return argument.choices
        case ArgumentKind.CONDITION:
            return facts.columns()
        case ArgumentKind.COLUMN:
            return (*argument.choices, *facts.columns(), *_list_hidden(argument, facts))
        case ArgumentKind.QUERY:
            return facts.saved_queries()
        case ArgumentKind.PROFILE:
            return facts.profiles()
        case ArgumentKind.VARIABLE:
            return facts.variables()
        case _:
            return ()


def _list_hidden(argument: Argument, facts: PromptFacts) -> Sequence[str]:
    """Return the columns as they are named to be hidden, where that can be."""
    return [f"-{name}" for name in facts.columns()] if argument.can_hide else ()


def offer_files(word: str) -> Iterable[Offer]:
    """Offer the files that begin as a word does, quoted where one must be."""
    for name in list_files(unquote_word(word)):
        # A text with such characters could not be shown as it is.
        if visible(name) == name:
            yield Offer(_quote_file(name), name)


def offer_variables(
    found: re.Match[str], _: CompletionCatalog, facts: PromptFacts
) -> Iterable[Offer]:
    """Offer the session's variables by name, with the quote that was typed."""
    mark = found["mark"]
    return (Offer(f"{mark}{name}{mark}", name, "variable") for name in facts.variables())


def offer_output_files(
    found: re.Match[str], _: CompletionCatalog, __: PromptFacts
) -> Iterable[Offer]:
    """Offer the files that a result can be written to."""
    return offer_files(found["word"])


def quote_word(name: str) -> str:
    """Return a word as a command takes it; quoted where it holds blanks or quotes."""
    return name if re.fullmatch(r"[~\w@%+=:,./-]+", name) else shlex.quote(name)


def unquote_word(word: str) -> str:
    """Return what a word that may still be open means."""
    for closing in ("", "'", '"'):
        try:
            return "".join(shlex.split(word + closing))
        except ValueError:
            continue
    return word


def _quote_file(name: str) -> str:
    # A folder goes on: its quote stays open.
    return quote_word(name).removesuffix("'") if name.endswith("/") else quote_word(name)
