"""Takes off what keeps a spreadsheet from changing a cell of delimited text."""

import re

from cmdm_tui.text import remove_formula_guard

# A formula that is nothing but a text, by which exports keep the zeros of `="01632"`.
_TEXT_FORMULA = re.compile(r'="((?:[^"]|"")*)"')


def take_off_guard(text: str) -> str:
    """Return the text that a guarded cell stands for; a text without a guard stays as it is."""
    bare = remove_formula_guard(text)
    if bare != text:
        return bare
    wrapped = _TEXT_FORMULA.fullmatch(text)
    return text if wrapped is None else wrapped[1].replace('""', '"')
