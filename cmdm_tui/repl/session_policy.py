r"""What a session asks about before it is sent: the profile's rule, as `\confirm` has set it."""

from cmdm_tui.config import ConfirmRule, Profile
from cmdm_tui.operations.confirmation import WritePolicy, confirm_rule, describe_rule
from cmdm_tui.repl.session_settings import SessionSettings
from cmdm_tui.repl.terminal_prompter import HOW_TO_CONFIRM


def find_session_rule(profile: Profile, settings: SessionSettings) -> ConfirmRule:
    """Return the rule in force for changes."""
    if not settings.confirms:
        return "never"
    return "always" if settings.confirms_all else confirm_rule(profile)


def make_write_policy(profile: Profile, settings: SessionSettings) -> WritePolicy:
    """Return what the session allows before its changes are shown."""
    return WritePolicy(
        find_session_rule(profile, settings),
        HOW_TO_CONFIRM,
        is_confirmed=not settings.confirms,
        how_to_read_all=r"Nothing was sent. Allow more calls with \calls, or try again",
        unasked_calls=settings.calls_without_asking,
    )


def describe_session_rule(profile: Profile, settings: SessionSettings) -> str:
    """Return sentences that say which changes are asked about now."""
    return describe_rule(find_session_rule(profile, settings))
