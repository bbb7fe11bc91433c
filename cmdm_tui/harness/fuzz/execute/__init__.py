"""How a fuzz does it: within its budget, over one connection, judged exchange by exchange.

`fuzz_session` takes steps and asks the oracle; `exchanger` makes exchanges without secrets, and
restores the service; `reconnecting_sender` waits and reconnects; `run_budget` counts.

Used by other packages: `fuzz_session.FuzzSession`, `fuzz_session.NewFailure`,
`run_budget.BudgetSpent`, `run_budget.RunBudget`.
"""
