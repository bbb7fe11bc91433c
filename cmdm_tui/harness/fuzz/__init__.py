"""Fuzzing: requests drawn by Hypothesis, sent to a live service, judged by the oracle."""
