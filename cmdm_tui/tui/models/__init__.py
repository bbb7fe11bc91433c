"""The explorer's state without a screen: what is read, what is under way, and both in words.

Central: `record_window` (one entity's records) and `window_loader` (which of them is shown).
Nothing here imports Textual.

Other files: `activity`, `columns`, `quota_text`, `related_index`, `value_text`. Used by other
packages: `columns.RecordColumn`, `value_text.cell_text`, `value_text.format_count`,
`value_text.format_counted`.
"""
