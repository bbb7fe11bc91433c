"""Stand-ins for people: names, mail addresses, phones, addresses and birth dates that are recorded.

`person_redactor.PersonRedactor` learns the values of a person's fields and replaces them wherever
they are. Files: `permutation` and `stand_ins` (a value's stand-in, by a key), `person_fields`
(which fields are a person's), `text_index` (known values in free text), `json_strings` (the texts
of a JSON body, their places kept), `redaction_hook` (a user's own function), `people_key` (the key
of this user, so that a person has one stand-in everywhere).
"""
