"""What a fuzz does: trials of odd input, and a state machine of actions.

`trials` sends every call in every family of odd input, `law_trials` looks before a change and
after, `state_machine` does `actions` in any order.
Both draw with Hypothesis: `valid_requests` a request, `value_strategies` the values in it.

Used by other packages: `actions.Actions`, `state_machine.make_state_machine`, `trials.Trial`,
`trials.list_trials`.
"""
