"""How the steps to a failure become few: `failure_search` decides, `reproduction` replays."""
