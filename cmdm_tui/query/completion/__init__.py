"""Completion of SQL, for every face that has an editor: nothing here makes a call.

`sql.suggest_sql` offers names and words for the end of a statement; `offers` says what an offer is,
and what completion may know.
"""
