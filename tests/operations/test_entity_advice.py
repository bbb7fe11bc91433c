"""Where a service knows no entity of a name, the one that was meant is named, for no call."""

import pytest

from cmdm_tui.api import NotFound
from cmdm_tui.api.errors import CallInfo
from cmdm_tui.catalog import Account
from cmdm_tui.operations.entity_advice import advise_entity
from cmdm_tui.sandbox import RunningInfo
from tests.services import profile_of


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/leed", "lead"),
        ("/leads/X", "lead"),
        ("/OPPORTUNTY/X/task", "opportunity"),
        ("/evnt?page=1", "event"),
        ("/lead/NOSUCHID", ""),
        ("/Lead", ""),
        ("/invoice", ""),
        ("/", ""),
    ],
)
async def test_a_similar_entity_is_named(sandbox: RunningInfo, path: str, meant: str) -> None:
    async with Account.open(profile_of(sandbox), catalogs=None) as account:
        error = NotFound("None", call=CallInfo(1, "GET", path), status=404)
        said = str(advise_entity(error, account.catalog))
        assert account.client.sent_count == 0
    assert ("Did you mean" in said) is bool(meant)
    assert f"Did you mean {meant}?" in said or not meant
    assert said.endswith("Check the name of the entity and the external id.")
