"""What the prompt says at its start: what is asked about here, and which run was stopped."""

from collections.abc import Sequence

from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.session_policy import find_session_rule


def describe_start(session: ReplSession) -> Sequence[str]:
    """Return the sentences, a line each; it makes no call."""
    profile = session.account.profile
    notes: list[str] = []
    is_unsaid = profile.confirm is None and not profile.read_only
    if is_unsaid and find_session_rule(profile, session.settings) == "destructive":
        where = "is a sandbox" if profile.data_name else "service is on this machine"
        notes.append(
            f"This {where}: changes other than deletes and conversions are sent without a "
            r"question. \confirm always asks."
        )
    if profile.read_only or not session.journal_path.exists():
        return notes
    # These are heavy, and most have never changed anything.
    from cmdm_tui.operations.change_texts import describe_stopped
    from cmdm_tui.repl.changes import WORDS

    try:
        stopped = session.changes.find_stopped()
    except ReplError as error:
        return [*notes, str(error)]
    return notes if stopped is None else [*notes, describe_stopped(stopped, WORDS)]
