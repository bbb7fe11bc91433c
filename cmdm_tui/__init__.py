"""Look into, query, change and test a CMDataManager account from a terminal.

Public: `connect`, the Python face, with its values and errors. Central files: `connect.py`,
`harness/`, `api/`, `query/`, `changes/`, `sandbox/`, `config/`, `catalog/`, `cli/`, `tui/`. Used by
other packages: `text.one_line`, `text.visible`, `text.ELLIPSIS`, `text.escape_formula`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmdm_tui.connect import (
        AppliedChanges as AppliedChanges,
    )
    from cmdm_tui.connect import (
        Change as Change,
    )
    from cmdm_tui.connect import (
        ChangeApplied as ChangeApplied,
    )
    from cmdm_tui.connect import (
        ChangeBuilder as ChangeBuilder,
    )
    from cmdm_tui.connect import (
        ChangeError as ChangeError,
    )
    from cmdm_tui.connect import (
        ChangeFileError as ChangeFileError,
    )
    from cmdm_tui.connect import (
        ChangeKind as ChangeKind,
    )
    from cmdm_tui.connect import (
        ChangePreview as ChangePreview,
    )
    from cmdm_tui.connect import (
        ChangesNotConfirmed as ChangesNotConfirmed,
    )
    from cmdm_tui.connect import (
        ChangesNotMade as ChangesNotMade,
    )
    from cmdm_tui.connect import (
        ChangesSentBefore as ChangesSentBefore,
    )
    from cmdm_tui.connect import (
        Connection as Connection,
    )
    from cmdm_tui.connect import (
        EntryState as EntryState,
    )
    from cmdm_tui.connect import (
        InvalidChange as InvalidChange,
    )
    from cmdm_tui.connect import (
        JournalEntry as JournalEntry,
    )
    from cmdm_tui.connect import (
        JournalError as JournalError,
    )
    from cmdm_tui.connect import (
        LookingForChange as LookingForChange,
    )
    from cmdm_tui.connect import (
        NewRecord as NewRecord,
    )
    from cmdm_tui.connect import (
        NoSuchRun as NoSuchRun,
    )
    from cmdm_tui.connect import (
        OtherAccount as OtherAccount,
    )
    from cmdm_tui.connect import (
        PartialChanges as PartialChanges,
    )
    from cmdm_tui.connect import (
        PendingChanges as PendingChanges,
    )
    from cmdm_tui.connect import (
        PreviewRow as PreviewRow,
    )
    from cmdm_tui.connect import (
        Query as Query,
    )
    from cmdm_tui.connect import (
        QueryResult as QueryResult,
    )
    from cmdm_tui.connect import (
        Reject as Reject,
    )
    from cmdm_tui.connect import (
        RejectedChanges as RejectedChanges,
    )
    from cmdm_tui.connect import (
        ResetReached as ResetReached,
    )
    from cmdm_tui.connect import (
        Row as Row,
    )
    from cmdm_tui.connect import (
        RunInUse as RunInUse,
    )
    from cmdm_tui.connect import (
        RunSummary as RunSummary,
    )
    from cmdm_tui.connect import (
        RunTakenBack as RunTakenBack,
    )
    from cmdm_tui.connect import (
        WaitingForReset as WaitingForReset,
    )
    from cmdm_tui.connect import (
        connect as connect,
    )

__version__ = "0.1.0"

_FACE = frozenset(
    {
        "AppliedChanges",
        "Change",
        "ChangeApplied",
        "ChangeBuilder",
        "ChangeError",
        "ChangeFileError",
        "ChangeKind",
        "ChangePreview",
        "ChangesNotConfirmed",
        "ChangesNotMade",
        "ChangesSentBefore",
        "Connection",
        "EntryState",
        "InvalidChange",
        "JournalEntry",
        "JournalError",
        "LookingForChange",
        "NewRecord",
        "NoSuchRun",
        "OtherAccount",
        "PartialChanges",
        "PendingChanges",
        "PreviewRow",
        "Query",
        "QueryResult",
        "Reject",
        "RejectedChanges",
        "ResetReached",
        "Row",
        "RunInUse",
        "RunSummary",
        "RunTakenBack",
        "WaitingForReset",
        "connect",
    }
)
"""The names of `cmdm_tui.connect` that are the package's own."""


def __getattr__(name: str) -> object:
    """Load the Python face when it is first used: importing the package stays light."""
    if name in _FACE:
        from importlib import import_module

        face = import_module("cmdm_tui.connect")
        # The module of the same name takes the function's place as it is imported.
        globals()["connect"] = face.connect
        return getattr(face, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
