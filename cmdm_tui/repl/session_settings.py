"""What a session's backslash commands switch."""

from typing import Literal

from msgspec import Struct

from cmdm_tui.query.budget import UNASKED_CALLS

ExpandedMode = Literal["auto", "on", "off"]
"""When a record is shown one field a line: a single one, and one that is too wide for the terminal
(auto), every one (on), none (off)."""

ReplFormat = Literal[
    "auto", "table", "vertical", "json", "jsonl", "csv", "tsv", "markdown", "parquet", "xlsx"
]
"""How results are written: auto is a table on a terminal and unchanged JSON elsewhere.

Parquet and XLSX are formats of files alone.
"""


class SessionSettings(Struct):
    """The present switches of one session."""

    expanded: ExpandedMode = "auto"
    format: ReplFormat = "auto"
    shows_timing: bool = True
    confirms: bool = True
    """Whether anything is asked: before changes, as the profile has it, and many calls."""
    confirms_all: bool = False
    """Whether every change is asked about, whatever the profile says."""
    calls_without_asking: int = UNASKED_CALLS
    trusts_order: bool = False
    """Whether a search takes the likely order of a field for the service's."""
    uses_pager: bool = True
    """Whether what does not fit the terminal is given to a pager, at the prompt."""
    pager_command: str | None = None
    """The pager that was named; None for that of the environment."""
    max_calls: int | None = None
    """Calls that a query may make before it is stopped with what came; None for any number."""
