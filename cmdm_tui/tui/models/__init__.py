"""The explorer's state without a screen: what is read, what is under way, and both in words.

`record_window` reads one entity's records, `window_loader` says which window is shown and which is
on its way; `related_index` finds what belongs to a record; `columns` chooses a table's columns.
A grid shows a `row_source`: `grid_state` holds what it shows, with `column_layout`, `marks` and
`grid_cursor`; `grid_geometry` places the columns and `cell_text` fits a text into one.
`activity` (what the client is doing), `quota_text` and `value_text` put state into words. Nothing
here imports Textual.
"""
