"""What the rules of completion offer in a backslash command: names, and arguments by their kind."""

import re
import shlex
from collections.abc import Iterable

from cmdm_tui.query.completion.offers import CompletionCatalog, Offer
from cmdm_tui.repl.commands.command_table import COMMANDS
from cmdm_tui.repl.completion.facts import PromptFacts
from cmdm_tui.repl.completion.file_names import list_files
from cmdm_tui.text import one_line, visible

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


def offer_arguments(
    found: re.Match[str], known: CompletionCatalog, facts: PromptFacts
) -> Iterable[Offer]:
    """Offer what the argument at the place can be."""
    before, _ = split_arguments(found["arguments"])
    named = (item for item in COMMANDS if found["command"] in (item.name, *item.aliases))
    for command in named:
        names = known.entities if command.takes_entity else command.choices
        for name in names if not before else ():
            yield Offer(quote_word(name), one_line(name))


def offer_files(word: str) -> Iterable[Offer]:
    """Offer the files that begin as a word does, quoted where one must be."""
    for name in list_files(unquote_word(word)):
        # A text with such characters could not be shown as it is.
        if visible(name) == name:
            yield Offer(_quote_file(name), name)


def offer_variables(_: re.Match[str], __: CompletionCatalog, facts: PromptFacts) -> Iterable[Offer]:
    """Offer the session's variables by name."""
    return (Offer(name, name, "variable") for name in facts.variables())


def quote_word(name: str) -> str:
    """Return a word as a command takes it; quoted where it holds blanks or quotes."""
    return shlex.quote(name)


def unquote_word(word: str) -> str:
    """Return what a word that may still be open means."""
    for closing in ("", "'", '"'):
        try:
            return "".join(shlex.split(word + closing))
        except ValueError:
            continue
    return word


def _quote_file(name: str) -> str:
    if re.fullmatch(r"[~\w@%+=:,./-]+", name):
        return name
    # A folder goes on: its quote stays open.
    return quote_word(name).removesuffix("'") if name.endswith("/") else quote_word(name)
