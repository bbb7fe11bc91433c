"""The corpus: a case for each call, documented status and class of input, built from a seed.

`build_corpus` returns the cases. `builder` collects them from one file a kind; `case_steps` holds
the documented calls as steps, `sample_entities` the entities and values.

The kinds: `valid_cases`, `body_cases`, `kept_cases`, `parameter_cases`, `sort_cases`, `id_cases`,
`route_cases`, `authorization_cases`, `limit_cases`, and `crossed_cases`, where something else stops
an odd request first. Also public: `SEED`.
"""

from cmdm_tui.harness.corpus.builder import SEED, build_corpus

__all__ = ["SEED", "build_corpus"]
