"""`cmdm copy`: copies records with their relations from one account to another."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from cmdm_tui.cli.command_group import examples
from cmdm_tui.cli.commands.change_options import (
    looking_options,
    read_change_options,
    sending_options,
)
from cmdm_tui.cli.completion.values import complete_entities, complete_profiles
from cmdm_tui.cli.context import CommandContext, note, report_cache_errors
from cmdm_tui.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from cmdm_tui.cli.commands.change_run import ChangeSession
    from cmdm_tui.operations.copy import CopyRequest

_SECRETS = frozenset({"CMDM_PASSWORD", "CMDM_CLIENT_SECRET"})


@click.command(
    epilog=examples(
        "cmdm copy account contact opportunity --from live --to sandbox --dry-run",
        "cmdm copy account contact --from live --to sandbox --where \"account: City = 'Hull'\" \\\n"
        '  --where "contact: AccountExternalID IN '
        "(SELECT ExternalID FROM account WHERE City = 'Hull')\"",
        "cmdm copy product --from live --to sandbox --key SKU",
    ),
)
@click.argument(
    "entities", metavar="ENTITY…", nargs=-1, required=True, shell_complete=complete_entities
)
@click.option(
    "--from",
    "source",
    metavar="PROFILE",
    required=True,
    shell_complete=complete_profiles,
    help="Where they are read.",
)
@click.option(
    "--to",
    "target",
    metavar="PROFILE",
    required=True,
    shell_complete=complete_profiles,
    help="Where they are made.",
)
@click.option(
    "--where", "wheres", metavar="ENTITY: CONDITION", multiple=True,
    help="Copy the records of ENTITY for which an SQL condition holds; of one entity, the "
    "condition alone.",
)  # fmt: skip
@click.option(
    "--key", "keys", metavar="ENTITY=FIELD", multiple=True,
    help="Use the record that the other account has by this field; of one entity, FIELD.",
)  # fmt: skip
@click.option(
    "--mode", "modes", metavar="MODE", multiple=True,
    help="What to do with records found by --key: upsert (the default with a key) updates them "
    "and creates the rest, update creates none; or ENTITY=MODE.",
)  # fmt: skip
@click.option(
    "--max-calls", type=click.IntRange(1), metavar="N",
    help="Make at most N calls for each query by which records are read.",
)  # fmt: skip
@looking_options
@sending_options
@click.pass_obj
def copy(
    context: CommandContext,
    entities: tuple[str, ...],
    source: str,
    target: str,
    **given: Any,
) -> int:
    """Copy records of the ENTITIES from one profile's account to another's.

    Without --where every record of an entity is copied. A record at which a copied one points, by a
    lookup or as what it belongs to, is copied too if its entity is named, whatever --where says. A
    record that points at one of another entity is copied without that, and the preview counts it.

    Without --key every record is created. With it, a record that the other account has is updated
    where a value differs; an empty value leaves what is there. Fields that the service sets itself,
    such as ids and dates, and fields that the other account does not have, are left out and named.

    Reading is planned, and asked about, as a query is. What is made is shown, confirmed and kept in
    the journal. PROFILE may be environment for the profile of the CMDM_… variables; any other
    profile takes no secret from them.
    """
    from cmdm_tui.cli.commands.change_run import ChangeCommand
    from cmdm_tui.operations.copy import CopyOperation
    from cmdm_tui.operations.data import ImportDeclined, ImportOperation

    _refuse_profile_option()
    requests = _read_requests(entities, given)
    changes = read_change_options(given)
    command = ChangeCommand(_choose_profile(context, target), changes)

    async def work(session: "ChangeSession") -> int:
        async with _choose_profile(context, source).open_account(
            command.progress.observe
        ) as opened:
            reader, finder = (
                ImportOperation(account, session.prompter, changes.calls)
                for account in (opened, session.account)
            )
            operation = CopyOperation(opened, session.account, reader, finder)
            try:
                change_set = await operation.plan(requests)
            except ImportDeclined:
                note("Nothing was sent.")
                return ExitCode.FAILED
        report_cache_errors(opened)
        return await session.apply(change_set)

    return command.run(work)


def _refuse_profile_option() -> None:
    """Raise UsageError where -p is given: of two accounts it does not say which."""
    parent = click.get_current_context().parent
    given = None if parent is None else parent.get_parameter_source("profile")
    if given is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError("copy takes --from and --to, and no -p: give it two profiles.")


def _choose_profile(context: CommandContext, name: str) -> CommandContext:
    """Return the context of one of the two profiles.

    The secrets of the environment are those of one account: only its own profile takes them.
    """
    from cmdm_tui.config.profile import ENVIRONMENT_PROFILE

    if name == ENVIRONMENT_PROFILE and context.environment.get("CMDM_URL"):
        return replace(context, profile_name=None)
    kept = {key: value for key, value in context.environment.items() if key not in _SECRETS}
    return replace(context, profile_name=name, environment=kept)


def _read_requests(entities: Sequence[str], given: Mapping[str, Any]) -> "list[CopyRequest]":
    """Return what is to be copied. Raises UsageError."""
    from cmdm_tui.cli.commands.import_options import MODES, EntityOptionReader
    from cmdm_tui.operations.copy import CopyRequest

    folded = [entity.casefold() for entity in entities]
    for entity in folded:
        if folded.count(entity) > 1:
            raise click.UsageError(f"{entity} is given twice.")
    reader = EntityOptionReader(entities, is_single=len(entities) == 1)
    wheres = _read_wheres(entities, given["wheres"])
    keys = reader.read_all("--key", given["keys"])
    modes = reader.read_all("--mode", given["modes"], is_for_all=True)
    requests: list[CopyRequest] = []
    for entity in entities:
        key = keys.get(entity)
        mode = modes.get(entity, "create" if key is None else "upsert")
        if mode not in MODES:
            raise click.UsageError(f"The --mode {mode!r} is none of {', '.join(MODES)}.")
        if mode != "create" and key is None:
            raise click.UsageError(f"The --mode {mode} of {entity} takes a --key.")
        requests.append(CopyRequest(entity, wheres.get(entity), key, mode))
    return requests


def _read_wheres(entities: Sequence[str], words: Sequence[str]) -> dict[str, str]:
    """Return the conditions by entity. Raises UsageError."""
    found: dict[str, str] = {}
    for word in words:
        named = re.fullmatch(r"\s*([^\s:']+)\s*:(?!:)(.*)", word, re.DOTALL)
        entity = None
        if named is not None:
            entity = next((e for e in entities if e.casefold() == named[1].casefold()), None)
        condition = word if named is None or entity is None else named[2]
        if entity is None and len(entities) == 1:
            entity = entities[0]
        if entity is None or not condition.strip():
            known = ", ".join(entities)
            raise click.UsageError(
                f"--where {word!r}: say of which entity, as \"ENTITY: City = 'Hull'\". "
                f"They are {known}."
            )
        if entity in found:
            raise click.UsageError(f"--where is given twice for {entity}. Join them with AND.")
        found[entity] = condition.strip()
    return found
