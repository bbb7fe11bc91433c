"""Fuzzing: requests drawn by Hypothesis, sent to a live service, judged by the oracle.

`workers.fuzz` runs it, with `settings.FuzzSettings`, on a `Service`, and sends
`events.FuzzEvent`. `runner` is the run of one worker. The stages have a folder each: `generate`
draws what to do, `execute` does it, `shrink` makes a failure's steps few, `save` writes them down.
`events` is what a run tells, `steps` what it does.

Used by other packages: `events.RunEnded`, `steps.AdvanceClock`.
"""
