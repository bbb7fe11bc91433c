"""What the values of a result look like: charts, and the summary of a column; as lines of text.

`chart_data` holds what a chart of a column is drawn from (`read_chart_data`), and which charts
there are of it; `drawing` draws bars, a histogram, a line over time; `column_summary` counts nulls,
distinct and frequent values (`summarize_column`). None of it makes a call.
"""
