"""Look into, query, change and test a CMDataManager account from a terminal.

Central files: `harness/`, `api/`, `query/`, `sandbox/`, `config/`, `catalog/`, `cli/`, `tui/`. Used
by other packages: `text.one_line`, `text.visible`, `text.ELLIPSIS`, `text.escape_formula`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmdm_tui.connect import connect as connect

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Load the Python face when it is first used: importing the package stays light."""
    if name == "connect":
        from cmdm_tui.connect import connect

        # The module of the same name takes the attribute's place as it is imported.
        globals()["connect"] = connect
        return connect
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
