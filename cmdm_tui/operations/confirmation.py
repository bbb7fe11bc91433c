"""Which changes are asked about before they are sent, and what counts as a yes: one rule."""

from typing import TYPE_CHECKING

from msgspec import Struct

from cmdm_tui.api.urls import is_conversion, is_on_this_machine
from cmdm_tui.changes.errors import ChangeError
from cmdm_tui.config import ConfirmRule, Profile
from cmdm_tui.operations.prompter import Prompter
from cmdm_tui.query.budget import UNASKED_CALLS
from cmdm_tui.text import count_noun, one_line

if TYPE_CHECKING:
    from cmdm_tui.changes.preview import ChangePreview

FEW_LOST = 10
"""The most records that are deleted or converted on a yes; of more, the number is to be entered.

The same holds for a change of every record of an entity, by a statement without a WHERE.
"""

_ENTER_IT = "Enter that number to send it all"


class ChangesNotConfirmed(ChangeError):
    """No one has confirmed the changes: no one can be asked, or too many were asked for."""


class WritePolicy(Struct, frozen=True):
    """What a command or a session allows before its changes are shown.

    Where `is_confirmed` nothing is asked; `max_writes` changes are the most that are sent in any
    case, the `sent_count` that were before included, and `how_to_raise` says how more are.
    `how_to_confirm` says how the changes can be allowed where no one can be asked. Changes of which
    not every record was read are refused unless it `allows_partial`; `how_to_read_all` says what to
    do then, None for the options of a command. What takes more than `unasked_calls` is asked about
    too, unless the rule is never. Where a person has sent the changes from a preview, it
    `is_previewed`: many calls are no further question, and that none was asked is not said.
    """

    rule: ConfirmRule
    how_to_confirm: str
    is_confirmed: bool = False
    max_writes: int | None = None
    sent_count: int = 0
    how_to_raise: str = "Allow more with --max-writes"
    allows_partial: bool = False
    how_to_read_all: str | None = None
    unasked_calls: int = UNASKED_CALLS
    is_previewed: bool = False


def is_change(method: str) -> bool:
    """Return whether calls of this method may change a record."""
    return method.upper() not in {"GET", "HEAD", "OPTIONS"}


def is_destructive(method: str, path: str) -> bool:
    """Return whether a call deletes or converts a record."""
    return method.upper() == "DELETE" or is_conversion(path)


def confirm_rule(profile: Profile) -> ConfirmRule:
    """Return the profile's rule; without one, all changes but those on this machine are asked."""
    if profile.confirm is not None:
        return profile.confirm
    return "destructive" if is_on_this_machine(profile.url) else "always"


def describe_rule(rule: ConfirmRule) -> str:
    """Return sentences that say which changes a rule asks about."""
    match rule:
        case "always":
            return "Each change is shown, and sent once it was confirmed."
        case "never":
            return "A change is shown, and sent without a question."
        case "destructive":
            return (
                "A change is shown. Deletes, conversions, changes of more than "
                f"{FEW_LOST} records without a WHERE and of more than {UNASKED_CALLS} calls are "
                "asked about; others are sent without a question."
            )


def describe_unasked(profile: Profile) -> str:
    """Return a clause that says why a change is sent without a question."""
    if profile.confirm is not None:
        return f'the profile says confirm = "{profile.confirm}"'
    return "this service is on this machine"


def changes_live_records(profile: Profile) -> bool:
    """Return whether a profile can change the records of a service that is not on this machine."""
    return not profile.read_only and not is_on_this_machine(profile.url)


async def is_confirmed(
    preview: "ChangePreview", policy: WritePolicy, prompter: Prompter, *, host: str
) -> bool:
    """Return whether the changes, which were shown, may be sent; ask where that is to be asked.

    Raises ChangesNotConfirmed where they are too many, and where no one can be asked.
    """
    count, lost = preview.change_count, preview.destructive_count
    sent = policy.sent_count
    if policy.max_writes is not None and sent + count > policy.max_writes:
        raise ChangesNotConfirmed(
            f"{count_noun(count, 'change')} would be sent{f' after {sent:,}' if sent else ''}, and "
            f"at most {policy.max_writes:,} are allowed",
            hint=f"{'No more' if sent else 'Nothing'} was sent. {policy.how_to_raise}",
        )
    if not is_asked_about(preview, policy):
        return True
    many = f" in up to {preview.calls_high:,} calls" if _is_of_many_calls(preview, policy) else ""
    if not prompter.can_ask:
        raise ChangesNotConfirmed(
            f"{count_noun(count, 'change')} would be sent to {host}{many}, and no one can confirm "
            f"{'it' if count == 1 else 'them'} here",
            hint=f"Nothing was sent. {policy.how_to_confirm}",
        )
    if _is_of_all(preview, policy):
        every = f"Every record of {one_line(preview.every_of, 60)} is meant, and {count:,} change"
        return await prompter.enter_count(f"{every}. {_ENTER_IT}", count)
    if lost > FEW_LOST:
        records = f"This deletes or converts {lost:,} records"
        return await prompter.enter_count(f"{records}. {_ENTER_IT}", lost)
    return await prompter.confirm(f"Send {count_noun(count, 'change')} to {host}{many}?")


def is_asked_about(preview: "ChangePreview", policy: WritePolicy) -> bool:
    """Return whether the changes are sent only once a person has confirmed them."""
    return not policy.is_confirmed and (
        _is_asked(policy.rule, preview.destructive_count)
        or _is_of_all(preview, policy)
        or _is_of_many_calls(preview, policy)
    )


def _is_of_all(preview: "ChangePreview", policy: WritePolicy) -> bool:
    has_many = preview.change_count > FEW_LOST
    return bool(preview.every_of) and has_many and policy.rule != "never"


def _is_of_many_calls(preview: "ChangePreview", policy: WritePolicy) -> bool:
    is_limited = policy.rule != "never" and not policy.is_previewed
    return is_limited and preview.calls_high > policy.unasked_calls


async def is_call_confirmed(
    what: str, *, is_destructive: bool, policy: WritePolicy, prompter: Prompter, remark: str = ""
) -> bool:
    """Return whether one call that changes a record may be sent; `what` says what it does.

    The `remark` is a clause on it, for the question.

    Raises ChangesNotConfirmed where no one can be asked.
    """
    if policy.is_confirmed or not _is_asked(policy.rule, int(is_destructive)):
        return True
    if not prompter.can_ask:
        raise ChangesNotConfirmed(
            f"{what} is to be confirmed, and no one can be asked here",
            hint=f"Nothing was sent. {policy.how_to_confirm}",
        )
    return await prompter.confirm(f"{what}{remark}?")


def _is_asked(rule: ConfirmRule, lost: int) -> bool:
    return rule == "always" or (rule == "destructive" and lost > 0)
