"""What a fuzz does: trials of odd input, and sessions of a user.

`run_plan` decides what comes next. `trials` sends a call in classes of odd input, `user_session`
follows `rules` in any order; both are made of `actions`, and draw with Hypothesis: `valid_requests`
a request, `value_strategies` the values in it. `law_actions` are the actions of rules that look
before a change, and after.

Used by other packages: `actions.Actions`, `rules.RULES`, `run_plan.RunPlan`, `trials.list_trials`.
"""
