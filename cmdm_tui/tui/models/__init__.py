"""The explorer's state without a screen: what is read, what is under way, and both in words.

`record_window` reads one entity's records, `window_loader` says which window is shown and which is
on its way; `related_index` finds what belongs to a record; `columns` chooses a table's columns.
`call_source` has the rows of a call log, `call_filter` chooses among them, `call_description` has a
call in full and `cassette_calls` those of a file.
`activity` (what the client is doing), `quota_text`, `quota_gauge`, `call_text` and `value_text` put
state into words. Nothing here imports Textual.
"""
