"""How keys are written: Textual's names for the program, short ones for people."""

from collections.abc import Iterable

from textual import keys as textual_keys
from textual.binding import Binding

_SHOWN = {"enter": "enter", "backspace": "bksp", "comma": ","}


def split_keys(keys: str) -> tuple[str, ...]:
    """Return the names of the keys in a list with commas between them: `/` is `slash`."""
    given = [key.strip() for key in keys.split(",") if key.strip()]
    return tuple(made.key for key in given for made in Binding.make_bindings([Binding(key, "")]))


def format_key(key: str) -> str:
    """Return one key as it is written on a keyboard: `question_mark` is `?`."""
    return _SHOWN.get(key) or textual_keys.format_key(key)


def format_keys(keys: Iterable[str]) -> str:
    """Return keys as they are written on a keyboard, with spaces between them."""
    return " ".join(format_key(key) for key in keys)
