"""The parts of `cmdm_tui.query.fetching.fetcher`."""
