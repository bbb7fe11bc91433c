"""The test harness: cases recorded, replayed and verified, and services fuzzed.

Central files: `service` (the signed-in service under test), `exchange` (a request and its answer),
`calls` (the documented calls as requests). `cleanup` deletes what a run created, `control_client`
speaks to a sandbox's control plane, `saved_state` restores what that has saved. Folders, lowest
first: `http` sends, `oracle` judges exchanges, `cases` are short sessions, `inputs` classes of odd
input, `corpus` builds cases, `cassettes` records and replays, `recording` records what other
programs send, `proxy` sees that, `verify` finds drift, `fuzz` sends odd requests, `report` shows
runs.

Used by other packages: `exchange.Call`, `exchange.Exchange`, `calls.CallRequest`, `exchange.CALLS`.
"""
