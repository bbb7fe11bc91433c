r"""The commands around a session: `\profile`, `\quota`, `\conninfo` and `\q`."""

from datetime import datetime

from cmdm_tui.api import InvalidCall
from cmdm_tui.config import MissingSecrets, ProfileStore
from cmdm_tui.repl.commands.command import Argument, ArgumentKind, BackslashCommand, Touches
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.result_types import InfoTable
from cmdm_tui.repl.session import OpenAccount, OpenedAccount, ReplSession
from cmdm_tui.repl.summary import format_moment, reset_time, token_end
from cmdm_tui.text import one_line


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
    await session.show(
        InfoTable(
            ("Limit", "Left", "Reset", "TokenEnds"),
            ((known.limit, known.remaining, *(_format_time(moment) for moment in times)),),
        )
    )


async def show_connection(session: ReplSession, _: tuple[str, ...]) -> None:
    """Show the profile, the address and the user."""
    account = session.account
    row = (account.profile.name, account.client.address, account.profile.credentials.username)
    await session.show(InfoTable(("Profile", "Address", "User"), (row,)))


async def switch_profile(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Go on with the account of another profile, or list the profiles.

    A token that is kept is used; secrets that are kept nowhere are asked for. The session stays as
    it is where the other profile cannot sign in.
    """
    current = session.account.profile.name
    if not arguments:
        names = ProfileStore(session.paths).list_names()
        rows = tuple((name, name == current) for name in dict.fromkeys([*names, current]))
        await session.show(InfoTable(("Profile", "Used"), rows))
        return
    if session.open_account is None or not session.prompter.is_at_prompt:
        raise ReplError("A script stays with its profile. Give --profile NAME to the command.")
    try:
        opened = await _open_signed_in(session, session.open_account, arguments[0])
    except BaseException:
        session.streams.write_note(f"Still with {one_line(current, 60)}.")
        raise
    session.next_account = opened
    session.is_over = True


async def _open_signed_in(
    session: ReplSession, open_account: OpenAccount, name: str
) -> OpenedAccount:
    """Return the account of a profile, signed in, or with a token that is kept."""
    secrets: dict[str, str] = {}
    while True:
        try:
            opened = await open_account(name, secrets)
        except MissingSecrets as error:
            session.streams.write_note(error.reason)
            secrets = await _ask_secrets(session, error.profile, error.missing)
        except InvalidCall as error:
            if not secrets:
                raise
            session.streams.write_error(str(error))
            secrets = await _ask_secrets(session, name, tuple(secrets))
        else:
            break
    try:
        if opened.account.profile.credentials.has_secrets:
            await opened.account.client.sign_in()
    except BaseException:
        await opened.account.close()
        raise
    return opened


async def _ask_secrets(
    session: ReplSession, profile: str, names: tuple[str, ...]
) -> dict[str, str]:
    """Return the secrets, each by its name, as they are typed. Raises ReplError for none."""
    found: dict[str, str] = {}
    for name in names:
        words = f"{name.replace('_', ' ').capitalize()} of {one_line(profile, 60)}"
        found[name] = await session.prompter.enter_secret(words)
        if not found[name]:
            raise ReplError(f"{words} was not given, and nothing was sent. Give it to sign in.")
    return found


async def end_session(session: ReplSession, _: tuple[str, ...]) -> None:
    """End the session."""
    session.is_over = True


def _format_time(moment: datetime | None) -> str | None:
    return None if moment is None else format_moment(moment)


COMMANDS = (
    BackslashCommand(
        "profile",
        (Argument("NAME", ArgumentKind.PROFILE, is_optional=True),),
        "List the profiles, or go on with another",
        switch_profile,
        Touches.CALLS,
        aliases=("c", "connect", "use"),
        example="acme -- what follows is on the account of acme",
    ),
    BackslashCommand("quota", (), "Show calls left and reset, as last known: no call", show_quota),
    BackslashCommand(
        "conninfo",
        (),
        "Show the profile, address and user: no call",
        show_connection,
        aliases=("status",),
    ),
    BackslashCommand(
        "q", (), "Leave; so do exit, quit and Ctrl-D", end_session, aliases=("quit", "exit")
    ),
)
"""The commands around a session."""
