"""The sandbox's records, tokens and counts in a PostgreSQL database, for any number of processes.

Needs the extra `cmdm-tui[postgres]`. Everything lives in one schema of its own, `cmdm_sandbox`.
"""
