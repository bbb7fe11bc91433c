"""The footer shows whole entries, the most important ones first, and runs what is clicked."""

from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.tui import Explorer
from cmdm_tui.tui.widgets.key_footer import FooterEntry, KeyFooter, fit_entries
from tests.tui.driver import FixedProfiles, screen_text, wait_until_settled
from tests.tui.scripted_service import ScriptedService, profile

entries = st.lists(
    st.builds(
        FooterEntry,
        key=st.text("abc", min_size=1, max_size=6),
        label=st.text("日xyz", min_size=1, max_size=12),
        run_key=st.just("a"),
        priority=st.integers(0, 9),
    ),
    max_size=20,
)


@given(entries, st.integers(0, 200))
def test_what_is_shown_fits_in_order_and_nothing_more_important_is_left_out(
    every: list[FooterEntry], width: int
) -> None:
    shown = fit_entries(every, width)
    assert sum(entry.width for entry in shown) + 2 * max(len(shown) - 1, 0) <= width
    places = [next(n for n, one in enumerate(every) if one is entry) for entry in shown]
    assert places == sorted(places)
    left_out = [entry for n, entry in enumerate(every) if n not in places]
    assert all(
        out.priority <= entry.priority or out.width > entry.width
        for out in left_out
        for entry in shown
    )


@given(entries)
def test_everything_is_shown_where_there_is_room(every: list[FooterEntry]) -> None:
    assert fit_entries(every, 1_000) == every


async def test_eighty_columns_show_help_and_the_footer_can_be_clicked(
    service: ScriptedService,
) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        line = screen_text(app).splitlines()[-1]
        assert all(words in line for words in ("s Sort", "f1 Help")), line
        footer = app.screen.query_one(KeyFooter)
        entry = footer.entry_at(line.index("s Sort") - 1)
        assert entry is not None
        assert entry.label == "Sort"
        await pilot.hover(KeyFooter, offset=(line.index("s Sort"), 0))
        await wait_until_settled(pilot)
        assert "1 call" in str(footer.tooltip)
        before = len(service.calls)
        await pilot.click(KeyFooter, offset=(line.index("s Sort"), 0))
        await wait_until_settled(pilot)
        assert len(service.calls) == before + 1
