"""Completion in the shell: what bash, zsh and fish offer where a person presses tab.

`shells` has a script for each shell, and answers it; `words` takes the line apart; `known_names`
reads from disk which profiles, entities and fields there are; `values` offers them as arguments.

Nothing is called and no one is signed in. A name is data in every shell: it is never executed, and
one with a character that a terminal does not print is not offered.
"""
