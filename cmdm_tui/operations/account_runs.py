"""Finds the runs of one account in the journal, and the one that is taken back next."""

from cmdm_tui.catalog import Account
from cmdm_tui.changes.journal import Journal
from cmdm_tui.changes.journal_entry import EntryState, RunSummary
from cmdm_tui.changes.taken_back import find_undo


def list_account_runs(journal: Journal, account: Account) -> list[RunSummary]:
    """Return the runs of the account, under whichever profile, the newest first."""
    wanted = account.service_name, account.profile.credentials.username
    return [one for one in journal.runs() if (one.address, one.username) == wanted]


def find_stopped_run(journal: Journal, account: Account) -> RunSummary | None:
    """Return the newest run of the account that a resume can go on with; None where none is."""
    for run in list_account_runs(journal, account):
        if run.is_complete or journal.is_in_use(run.id):
            continue
        if find_undo(journal, journal.load(run.id)) is None:
            return run
    return None


def find_last_run(journal: Journal, account: Account) -> int | None:
    """Return the last run of the account that did something and was not taken back; else None."""
    runs = list_account_runs(journal, account)
    taken_back = {one.undo_of for one in runs}
    for run in runs:
        is_undone = run.undo_of is not None or run.id in taken_back
        if run.counts.get(EntryState.DONE) and not is_undone:
            return run.id
    return None
