"""The query screen: tabs of SQL, what a statement costs, its rows, their summary and charts.

`screen` has `QueryScreen`, `commands` its keys, and `tabs` what is open. `pane` is one tab:
`editor_pane` plans and completes its SQL, `result_pane` shows the rows, and `statement_run` runs a
statement. `documents`
opens and saves SQL, `result_commands` has the commands on rows. `summary_screen` and `chart_screen`
show a column; `pick_screen` finds a query by typing.
"""
