"""How a fuzz does it: within its budget, over one connection, judged exchange by exchange.

`fuzz_session` takes steps and asks the oracle; `fuzzed_service` sends them and restores the
service; `transport` waits and reconnects; `run_budget` counts.
"""
