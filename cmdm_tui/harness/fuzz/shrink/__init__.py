"""How the steps to a failure become few: `failure_search` decides, `reproduction` replays.

Other files: `id_replacement`. Used by other packages: `reproduction.Reproduction`,
`id_replacement.replace_id`, `failure_search.FailureSearch`, `reproduction.RecordedStep`.
"""
