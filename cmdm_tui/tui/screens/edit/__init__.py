"""Forms in which a record is changed or made.

`form_screen` is the form of a record, of several at once, of a new one, or of one field in its
place. `form_rows` holds its rows, which are mounted as they are needed. `field_row` shows one
field: its name, its input and what is wrong with it.
`conflict_screen` reads records again that were changed meanwhile.
`external_editor` opens the user's editor on a long text.
"""
