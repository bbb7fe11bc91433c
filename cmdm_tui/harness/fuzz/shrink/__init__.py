"""How the steps to a failure become few: `failure_search` decides, `reproduction` replays.

`id_replacement` puts the ids of one run in the place of another's.

Used by other packages: `reproduction.Reproduction`,
`id_replacement.replace_id`, `failure_search.FailureSearch`, `reproduction.RecordedStep`.
"""
