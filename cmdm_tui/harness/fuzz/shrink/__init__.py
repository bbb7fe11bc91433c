"""How the steps to a failure become few: `failure_tracker` decides, `reproduction` replays.

`id_replacement` puts another name for an id into a path or a body.

Used by other packages: `reproduction.Reproduction`,
`id_replacement.replace_id`, `failure_tracker.FailureTracker`, `reproduction.RecordedStep`.
"""
