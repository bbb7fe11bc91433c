"""The explorer's state without a screen: what is read, what is under way, and both in words.

`record_window` holds any pages of one entity's records, on a `page_layout`, in a bounded
`page_store`; `page_reader` asks for a page, or reads all of them in order. `window_loader` says
which window is shown and which page comes next, `window_caption` says it in words, and
`record_source` makes rows of it for a grid: `columns` chooses its columns, `local_order` sorts by
several. `table_source` has rows that are all there, `field_rows` those of fields. `row_number`
reads the number of a row, `related_index` finds what belongs to a record.
A grid shows a `row_source`: `grid_state` holds what it shows, with `column_layout`, `marks` and
`grid_cursor`; `grid_geometry` places the columns.
`changed_cells` finds where a line differs from the one before.
`loaded_search` searches what was read, `copied_text` is what is copied, `exported_rows` what is
written to a file, `comparison_source` puts records side by side, `record_properties` has one as a
person reads it, `record_names` what records are called. `workspace` is where a person is,
`pane_sizes` which panes are folded away, and how wide the others are.
`drafts` are what was typed and not sent, `draft_store` keeps them in files.
`call_source` has the rows of a call log, `call_filter` chooses among them, `call_description` has a
call in full and `cassette_calls` those of a file.
`activity` (what the client is doing), `quota_text`, `quota_gauge` and `call_text` put
state into words. Nothing here imports Textual.
"""
