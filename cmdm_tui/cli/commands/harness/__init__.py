"""The commands on cases: `cases` (list, show and run them), `cassettes` (record, replay), `verify`.

`selection` says which cases a command means, and which of them its service can be given.
`verify_run` sends the cases of `verify`, `verify_output` writes what came of it.
"""
