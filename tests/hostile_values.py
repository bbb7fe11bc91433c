"""Five hundred values that a terminal, a spreadsheet or a program could act on."""

import random
import re

COUNT = 500
PIECES = (
    "\x1b[2J", "\x1b]0;title\x07", "\x1b]52;c;aGk=\x07", "\x1bP1$r\x1b\\", "\x9b31m", "\x07",
    "\x08\x08", "\r", "\n", "\r\n", "\t", "\x0b", "\x0c", "\x7f", "\x85", "\x00", "\x1f",
    "\u2028", "\u202e", "\u2066", "\u200b", "\ufeff", "\ufffd", "e\u0301", "\U0001f600",
    "\U0001f468\u200d\U0001f469", "日本語", "ﷺ", "\u00a0", "=1+1", "+44", "-1", "@SUM(A1)", "|cmd",
    '"', "'", "\\", "`", ",", ";", "<b>", "&amp;", "[red]", "[/]", "{x}", "$(id)", "%s", "null",
    "NULL", "true", "007", "1e5", "NaN", "", " ", "  x  ", "|", "||", "#", "*x*", "_x_", "~",
    "</script>", "_x001B_", "\\n", "\\u0000", '{"a": 1}', "a" * 300,
)  # fmt: skip
ACTED_ON = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)


def make_values() -> list[str]:
    dice = random.Random(500)
    values = [*PIECES, *("".join(dice.choices(PIECES, k=dice.randint(2, 5))) for _ in range(COUNT))]
    return values[:COUNT]


VALUES = make_values()
