"""The corpus: a case for each call, documented status and class of input, built from a seed.

`build_corpus` returns the cases. `builder` collects them from one file a kind; `case_steps` holds
the documented calls as steps, `sample_entities` the entities and values.

Other central files: `authorization_cases`, `body_cases`, `crossed_cases`, `id_cases`,
`limit_cases`. Also public: `SEED`.
"""

from cmdm_tui.harness.corpus.builder import SEED, build_corpus

__all__ = ["SEED", "build_corpus"]
