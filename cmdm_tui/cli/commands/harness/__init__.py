"""The commands on cases: `cases` (list, show and run them), `cassettes` (record, replay), `verify`.

`recording` is `cmdm record --proxy` and `--har`, which record what other programs send.

`selection` says which cases a command means, and which of them its service can be given;
`replay_serving` and `replay_server` are `cmdm replay --serve`. `verify_run` sends the cases of
`verify`, `verify_output` writes what came of it.
"""
