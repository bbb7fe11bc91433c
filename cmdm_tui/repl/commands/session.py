r"""The commands around a session: `\quota`, `\conninfo` and `\q`."""

from datetime import datetime

from cmdm_tui.repl.commands.command import BackslashCommand
from cmdm_tui.repl.result_types import InfoTable
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.summary import reset_time, token_end


async def show_quota(session: ReplSession, _: tuple[str, ...]) -> None:
    """Show the quota that the last answer gave, of this run or of an earlier one."""
    found = session.account.known_quota
    known = found.quota
    if known.limit is None and known.remaining is None:
        session.streams.write_note(
            "No answer has given the quota yet; it comes with the next call."
        )
        return
    if found.seen is not None:
        session.streams.write_note(
            f"This is of an earlier run, at {found.seen:%H:%M} UTC; fewer calls may be left."
        )
    offset = found.clock_offset
    times = [reset_time(known, offset), token_end(known, offset)]
    session.show(
        InfoTable(
            ("Limit", "Left", "Reset", "TokenEnds"),
            ((known.limit, known.remaining, *(_format_time(moment) for moment in times)),),
        )
    )


async def show_connection(session: ReplSession, _: tuple[str, ...]) -> None:
    """Show the profile, the address and the user."""
    account = session.account
    row = (account.profile.name, account.client.address, account.profile.credentials.username)
    session.show(InfoTable(("Profile", "Address", "User"), (row,)))


async def end_session(session: ReplSession, _: tuple[str, ...]) -> None:
    """End the session."""
    session.is_over = True


def _format_time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(sep=" ", timespec="seconds")


COMMANDS = (
    BackslashCommand("quota", (), "Show calls left and reset, as last known: no call", show_quota),
    BackslashCommand(
        "conninfo", (), "Show the profile, address and user: no call", show_connection
    ),
    BackslashCommand(
        "q", (), "Leave; so do exit, quit and Ctrl-D", end_session, aliases=("quit", "exit")
    ),
)
"""The commands around a session."""
