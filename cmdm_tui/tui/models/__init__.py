"""The explorer's state without a screen: what is read, what is under way, and both in words.

`record_window` reads one entity's records, `window_loader` says which window is shown and which is
on its way; `related_index` finds what belongs to a record; `columns` chooses a table's columns.
`activity` (what the client is doing), `quota_text` and `value_text` put state into words. Nothing
here imports Textual.
"""
