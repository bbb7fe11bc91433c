"""The corpus: a case for each call, documented status and class of input, built from a seed."""

from cmdm_tui.harness.corpus.builder import SEED, build_corpus

__all__ = ["SEED", "build_corpus"]
