"""The explorer's state without a screen: what is read, what is under way, and both in words.

Central: `record_window` (one entity's records) and `window_loader` (which of them is shown).
Nothing here imports Textual.
"""
