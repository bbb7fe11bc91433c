"""The commands on cases: `cases.py`, `cassettes.py` (record, replay), `verify.py`.

`selection.py` says which cases a command means, and which of them its service can be given.
Its commands: `cases.cases`, `cases.corpus`, `cassettes.record`, `cassettes.replay`.
"""
