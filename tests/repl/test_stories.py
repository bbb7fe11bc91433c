"""The recorded stories, typed at the prompt: every call is the recorded one, and none is left."""

import io
import json

import pytest

from cmdm_tui.catalog import Account
from cmdm_tui.config import Profile
from cmdm_tui.harness.cassettes import IndexedTransport
from cmdm_tui.harness.cassettes.format import ADDRESS
from cmdm_tui.harness.cassettes.library import built_in_folder
from cmdm_tui.harness.cassettes.network_block import block_network
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.statement_runner import StatementRunner
from cmdm_tui.repl.statement_splitter import split_statements
from cmdm_tui.repl.streams import ReplStreams
from tests.harness.stories.opening import ANYBODY, POLICY
from tests.repl.repl_stories import REFUSED, REPL_STORIES

STORIES = built_in_folder() / "stories"
RECORDED = sorted(path.stem for path in STORIES.glob("*.yaml"))


@pytest.fixture(autouse=True)
def every_call_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cmdm_tui.api.client.RetryPolicy", lambda: POLICY)


async def tell(script: str, transport: IndexedTransport) -> tuple[list[str], str]:
    """Type a story; return the errors that were seen, and what was printed last."""
    errors: list[str] = []
    output = io.StringIO()
    for part in script.split("---"):
        profile = Profile("story", ADDRESS, ANYBODY, "story")
        async with Account.open(profile, catalogs=None, transport=transport) as account:
            output = io.StringIO()
            session = ReplSession(account, ReplStreams(output, io.StringIO()))
            runner = StatementRunner(session)
            for unit in split_statements("\\confirm off\n" + part):
                outcome = await runner.run(unit)
                if outcome.error is not None:
                    errors.append(type(outcome.error).__name__)
            session.close()
    return errors, output.getvalue()


def test_every_story_that_is_not_the_explorer_s_is_told_at_the_prompt() -> None:
    assert sorted(REPL_STORIES) == [one for one in RECORDED if not one.startswith("explorer-")]


@pytest.mark.parametrize("name", REPL_STORIES)
async def test_a_story_is_told_with_the_recorded_calls(name: str) -> None:
    transport = IndexedTransport.of(STORIES / f"{name}.yaml")
    with block_network():
        errors, printed = await tell(REPL_STORIES[name], transport)
    assert (errors, transport.left) == (REFUSED.get(name, []), 0)
    assert name in REFUSED or json.loads(printed.splitlines()[-1])


async def test_another_call_and_a_call_too_few_are_noticed() -> None:
    script = REPL_STORIES["contact-moves"]
    for changed in (script.replace("Leeds", "Hull"), script.rpartition("\n")[0]):
        transport = IndexedTransport.of(STORIES / "contact-moves.yaml")
        errors, _ = await tell(changed, transport)
        assert errors or transport.left
