"""The one door for untrusted text: what a terminal or a spreadsheet would act on becomes visible.

Record values, names, error bodies and headers can hold anything. A terminal obeys the control
characters among them, and a reader is misled by the ones that reorder or hide text. Everything that
comes from a server or a file passes here before it is shown.

So does an unexpected error, of which no value is shown: its message could hold a secret or a
record. Its type and the places in the code are enough to look for the fault.
"""

import re
import unicodedata
from collections.abc import Iterable
from types import TracebackType

ELLIPSIS = "…"

_CONTROL_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "␡"}
# Joiners shape scripts and emoji and cannot reorder or hide anything, so they may stay.
_JOINERS = {"\u200c", "\u200d"}
_UNSAFE_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_PRINTABLE_ASCII = re.compile(r"[ -~]*")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_LONGEST_ERROR = 600
_LEAST_RATIO = 0.6
_ALIKE = 0.6
"""Part of a name from which on another that begins so is similar, whatever its end."""
_LONGEST_NAME = 64
_LETTERS_A_SLIP = 4
"""Letters of a name for each of which one may be wrong."""
_MEANINGLESS = 2
"""Letters that are too few to say which name begins with them."""
_PLAIN_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_GUARDED = re.compile("'+[" + "".join(map(re.escape, _FORMULA_STARTS)) + "]")


def visible(value: str, *, keep_lines: bool = False) -> str:
    """Return `value` with every control, format and surrogate character made visible.

    C0 controls and DEL turn into their control pictures (`␛`), the rest into `<U+202E>`. What comes
    back never moves a cursor, starts an escape sequence, changes the direction of text or fails to
    encode. With `keep_lines`, line feeds stay (CR LF counts as one) and tabs become four spaces.
    """
    if _PRINTABLE_ASCII.fullmatch(value):
        return value
    if keep_lines:
        value = value.replace("\r\n", "\n").expandtabs(4)
        return "\n".join(visible(line) for line in value.split("\n"))
    return "".join(_show(character) for character in value)


def one_line(value: str, limit: int | None = None) -> str:
    """Return `value` made visible on one line, cut to `limit` characters with an ellipsis."""
    if limit is not None and len(value) > limit:
        return visible(value[: max(limit - 1, 0)]) + ELLIPSIS
    return visible(value)


def join_sentences(*parts: str) -> str:
    """Return the sentences of an error as one safe line; each ends with one stop, empty ones go."""
    words = ". ".join(part.rstrip(".") for part in parts if part)
    line = one_line(" ".join(words.split()), _LONGEST_ERROR) + "."
    return line.replace("?.", "?")


def wrap_words(line: str, width: int) -> str:
    """Return a line broken between words so that it fits a terminal; a longer word stays whole."""
    if len(line) * 2 < width:
        return line
    import textwrap  # a failure alone needs it

    return textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)


def end_sentence(words: str) -> str:
    """Return words with one stop at their end, or the question mark that they have."""
    return words if words.endswith("?") else f"{words.rstrip('.')}."


def count_noun(number: int, noun: str) -> str:
    """Return the number with its noun, as in `1 call` and `2 calls`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def find_similar_names(name: str, known: Iterable[str], most: int = 1) -> list[str]:
    """Return the known names that someone who wrote `name` may have meant, the nearest first.

    Case and underscores do not matter. Such a name has a slip or two in it, fewer the shorter it
    is, or it begins like the other one: `Scroe` means `Score`, and `Score` no `PostCode`.
    """
    import difflib  # late: most commands end without it

    wanted = _fold_name(name)
    by_folded = {_fold_name(one): one for one in known}
    near = difflib.get_close_matches(wanted, by_folded, len(by_folded) or 1, _LEAST_RATIO)
    return [by_folded[one] for one in near if _is_similar(wanted, one)][:most]


def _fold_name(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")[:_LONGEST_NAME]


def _is_similar(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    alike = next((n for n, letter in enumerate(short) if letter != long[n]), len(short))
    begins_alike = alike == len(short) or alike > _ALIKE * len(long)
    if alike > _MEANINGLESS and begins_alike:
        return True
    return _count_slips(one, other) <= max(len(long) // _LETTERS_A_SLIP, 1)


def _count_slips(one: str, other: str) -> int:
    """Return how many letters are left out, added, wrong, or have changed places."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            slips = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                slips = min(slips, older[j - 2] + 1)
            row.append(slips)
    return row[-1]


def escape_formula(value: str) -> str:
    """Return `value` so that no spreadsheet takes it for a formula, by a quote before a risky one.

    Negative numbers stay as they are; `+44…` is quoted, as a spreadsheet would make a number of a
    telephone. What looks quoted is quoted once more, so that no two values are written alike. See
    OWASP, "CSV Injection".
    """
    if _PLAIN_NUMBER.fullmatch(value):
        return value
    return "'" + value if value.startswith(_FORMULA_STARTS) or _GUARDED.match(value) else value


def remove_formula_guard(value: str) -> str:
    """Return the value that `escape_formula` made `value` of; any other value stays as it is."""
    return value[1:] if _GUARDED.match(value) else value


def describe_unexpected(error: BaseException) -> str:
    """Return "an unexpected KeyError in api/client.py:12 send": the type, and where it was raised.

    The place is left out for an error that was never raised.
    """
    places = list_places(error.__traceback__)
    where = f" in {places[-1]}" if places else ""
    return f"an unexpected {one_line(type(error).__name__)}{where}"


def write_places(error: BaseException, of: str = "") -> str:
    """Return what `describe_unexpected` says, then `of`, and a line for each place it came from."""
    places = (f"  {place}" for place in list_places(error.__traceback__))
    return "\n".join([f"{describe_unexpected(error)}{of}", *places])


def list_places(trace: TracebackType | None, most: int | None = None) -> list[str]:
    """Return the places in the code that a traceback names, the innermost `most`, outermost first.

    None of them holds a value or a folder of the user.
    """
    # Late: most commands end without one.
    import traceback
    from pathlib import PurePath

    places: list[str] = []
    for frame in traceback.extract_tb(trace)[-most if most else 0 :]:
        path = PurePath(frame.filename)
        places.append(one_line(f"{path.parent.name}/{path.name}:{frame.lineno} {frame.name}"))
    return places


def _show(character: str) -> str:
    code = ord(character)
    if code in _CONTROL_PICTURES:
        return _CONTROL_PICTURES[code]
    if unicodedata.category(character) in _UNSAFE_CATEGORIES and character not in _JOINERS:
        return f"<U+{code:04X}>"
    return character
