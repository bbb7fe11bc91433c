"""The recorded stories, told by a program: each call is the recorded one, each result the same."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from cmdm_tui.api import Client
from cmdm_tui.harness.cassettes import IndexedTransport, NotInCassette, read_cassette
from cmdm_tui.harness.cassettes.format import ADDRESS
from cmdm_tui.harness.cassettes.library import built_in_folder
from cmdm_tui.harness.cassettes.network_block import block_network
from tests.harness.stories.client_stories import STORIES, Story
from tests.harness.stories.opening import ANYBODY, MARK, MARK_FIELDS, POLICY

FOLDER = built_in_folder() / "stories"
RECORDED = sorted(path.stem for path in FOLDER.glob("*.yaml"))
BASE = f"{ADDRESS}/api/v1/"

RESULTS: dict[str, object] = {
    "sign-in": (8, 4998),
    "sign-in-refused": ("AuthenticationFailed 401", 5),
    "page-through-leads": ([15, 15, 10], 40, 40),
    "sort-by-revenue": ["9930155.53", "4351437.46", "4092040.95"],
    "find-newest-leads": (True, "2026-03-17T17:34:52Z"),
    "open-contact-and-account": ("Baldwin", "Norwich Energy CIC"),
    "lead-from-web-form": ("Ó Briain cmdm case", None),
    "add-task-and-opportunity": (True, "1250.00"),
    "contact-moves": ("York", "Leeds", None),
    "lead-becomes-account": ("Jones & Co cmdm case", "Converted", "BadRequest 400"),
    "task-closed-stays-closed": ("Closed", "2026-03-31T10:30:00Z"),
    "event-called-off": ["NotFound 404", "NotFound 404"],
    "run-into-the-limit": ("HourLimitReached 429", 0, 10),
    "token-ends": True,
    "read-metadata": (21, ["LastName", "Name"], "NotFound 404"),
    "custom-entity": (10, "1899.90", "4", 3),
    "not-found": ["NotFound 404"] * 4,
    "refused-values": ("BadRequest 400", "BadRequest 400", "BadRequest 400", "70"),
    "changed-by-another-person": (["City", "Rating"], "Hull", "Asked for the brochure."),
    "server-error-retried": 5,
    "lost-answer-reconciled": (True, "Ring the venue cmdm case"),
    "bulk-create-from-rows": (["Jones: 400"], True),
    "plan-the-week": ("Open", "Closed"),
}


def opening(
    name: str, transport: IndexedTransport
) -> Callable[[], AbstractAsyncContextManager[Client]]:
    def start() -> Client:
        marks = MARK_FIELDS.get(name)
        return Client(ADDRESS, ANYBODY, transport=transport, policy=POLICY, mark_fields=marks)

    return start


def cassette(name: str) -> IndexedTransport:
    return IndexedTransport.of(FOLDER / f"{name}.yaml")


@pytest.fixture(autouse=True)
def one_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each create the mark of the recording: a new one is drawn otherwise."""
    monkeypatch.setattr("cmdm_tui.api.write_tracker._make_mark", lambda: MARK)


def test_every_recorded_story_is_told() -> None:
    assert sorted(STORIES) == [name for name in RECORDED if not name.startswith("explorer-")]
    assert RESULTS.keys() == STORIES.keys()
    assert len(RECORDED) >= 20


def test_the_page_says_what_each_story_shows_and_how_many_calls_it_has() -> None:
    page = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| `")]
    counts = {row[0].strip("| `"): row[2].strip(" |") for row in rows if len(row) == 3}
    assert counts == {name: str(len(read_cassette(FOLDER / f"{name}.yaml"))) for name in RECORDED}


@pytest.mark.parametrize("name", STORIES)
async def test_a_story_comes_to_its_result_by_the_recorded_calls(name: str) -> None:
    transport = cassette(name)
    with block_network():
        result = await STORIES[name](opening(name, transport))
    assert (result, transport.left) == (RESULTS[name], 0)


@pytest.mark.parametrize("name", [name for name in RECORDED if name.startswith("explorer-")])
async def test_a_story_of_the_explorer_is_told_by_a_program_too(name: str) -> None:
    recorded = read_cassette(FOLDER / f"{name}.yaml")
    transport = cassette(name)
    with block_network():
        async with opening(name, transport)() as client:
            for one in recorded[1:]:
                method, uri, body = one.key
                answer = await client.request(method, uri.removeprefix(BASE), content=body or None)
                assert answer.body == one.body
    assert transport.left == 0


async def leave_out_the_last_call(
    start: Callable[[], AbstractAsyncContextManager[Client]],
) -> object:
    async with start() as client:
        return [page async for page in client.pages("lead", per_page=15)][:2]


async def stop_early(start: Callable[[], AbstractAsyncContextManager[Client]]) -> object:
    async with start() as client:
        return await client.page("lead", per_page=15, page=1)


@pytest.mark.parametrize(
    ("name", "told"),
    [("page-through-leads", stop_early), ("page-through-leads", STORIES["contact-moves"]),
     ("contact-moves", STORIES["lead-from-web-form"]), ("token-ends", STORIES["sign-in"])],
)  # fmt: skip
async def test_another_story_is_noticed(name: str, told: Story) -> None:
    transport = cassette(name)
    try:
        result = await told(opening(name, transport))
    except NotInCassette:
        return
    except Exception as error:  # noqa: BLE001 (whatever the client makes of it)
        result = error
    assert (result, transport.left) != (RESULTS[name], 0)
