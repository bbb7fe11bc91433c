"""The parts of the screens, one small widget a file.

On the main screen from left to right: `entity_list`; `record_view` and `field_view`;
`record_pane`, which holds a `property_list` and a `related_view`. A `grid` draws any source of
rows: on the calls screen, `call_grid`, next to `call_pane`; `search_bar` searches it. Below them:
`status_line` and `key_footer`. On all: `notice` (a pane that is empty, busy or has failed), `cells`
(untrusted values, made safe), `changed_text` and `titled_pane` (texts and titles that change).
"""
