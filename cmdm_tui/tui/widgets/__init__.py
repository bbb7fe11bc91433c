"""The parts of the screens, one small widget a file.

On the main screen from left to right: `entity_list`; `record_view`, which holds a `record_table`,
and `field_view`, which holds a `field_table`; `record_pane`, which holds a `property_list`
and a `related_view`. On the calls screen: `call_grid` and `call_pane`. Below them: `status_line`
and `key_footer`. On all: `notice` (a pane that is empty, busy or has failed) and `cells` (untrusted
values, made safe).
"""
