"""Fetches pages and records: `page_cache.PageCache` reads one entity's pages within a budget.

`fetcher.Fetcher` makes the calls of one run, `trait_learner` stores what they show about the
service, and `checkpoint` saves them for another process.

Used by other packages: `trait_learner.TraitLearner`, `page_cache.can_be_fetched`,
`checkpoint.Checkpoint`.
"""
