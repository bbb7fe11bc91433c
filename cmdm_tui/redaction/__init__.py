"""The one home for secrets and people in text: what replaces them, and what searches for them.

`redactor.Redactor` replaces secrets in lines for a log or a screen. `leak_scanner.LeakScanner`
refuses to write a file in which a secret is found. Both find it with a `secret_matcher`: whole or
in pieces, in any case and encoding (`decodings`), and where in the text (`offsets`).
`common_words` says what is not searched for: a user name that is in any text by chance.
`secret_variables.SecretVariables` replaces secrets by names that stand for them, and back.
`tracebacks` conceals what a process says at its end: the secrets that it has held, in its last line
and in the traceback of an unexpected error. `people/` replaces the people in recordings.

Used by other packages: `leak_scanner.SecretLeak`, `PersonRedactor`.
"""
