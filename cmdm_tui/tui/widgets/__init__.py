"""The parts of the screens, one small widget a file.

Central files: `notice`, `cells`, `record_pane`, `key_footer`, `related_view`, `entity_list`,
`record_view`, `status_line`. Used by other packages: `key_footer.KeyFooter`, `notice.Notice`,
`cells.safe_line`, `entity_list.EntityList`.
"""
