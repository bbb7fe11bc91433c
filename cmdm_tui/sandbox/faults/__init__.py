"""Faults: a sandbox that fails at times, in chosen ways.

`plan` says which requests fail and how, and reads that from TOML; `middleware` makes them fail.
"""
