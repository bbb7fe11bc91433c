"""Hunts every mutant, and prints a table: python -m tests.harness.mutants [--seeds 1,2,3]."""

from tests.harness.mutants.table import main

main()
