r"""What `\d` knows is what the catalog knows: no ids as field names, any answer's counts."""

import io
import json
from pathlib import Path

from cmdm_tui.catalog import Account
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.sandbox import Sandbox, SandboxConfig
from tests.repl.statement_run import run_script
from tests.services import copy_records, profile_of


async def run(account: Account, text: str) -> str:
    output = io.StringIO()
    session = ReplSession(account, ReplStreams(output, io.StringIO()))
    try:
        await run_script(session, io.StringIO(text))
    finally:
        session.close()
    return output.getvalue()


async def test_a_list_of_field_ids_shows_no_names_and_misleads_no_query(tmp_path: Path) -> None:
    config = SandboxConfig(tmp_path / "data", 0, 30, behaviours={"field_metadata": "empty"})
    copy_records(config)
    with Sandbox.embedded(config) as info:
        profile = profile_of(info, "acme", ())
        async with Account.open(profile, catalogs=tmp_path / "catalogs") as account:
            described = await run(account, "\\d lead\n")
            assert "LastName" in described
            rows = await run(account, "\\o json\nSELECT LastName FROM lead LIMIT 1;\n")
            assert "LastName" in rows


async def test_a_count_by_sql_is_shown_by_d(account: Account) -> None:
    text = await run(account, "\\o json\nSELECT count(*) AS n FROM lead;\n\\d\n")
    decoder = json.JSONDecoder()
    counted, end = decoder.raw_decode(text)
    listed, _ = decoder.raw_decode(text[end:].lstrip())
    totals = {row["Entity"]: row["Records"] for row in listed}
    assert totals["lead"] == counted[0]["n"]
