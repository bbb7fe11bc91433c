"""Where secrets live: `secret_store.SecretStore` finds, stores and removes a profile's secrets.

Its places are `secret_file`, `keyring` and `password_command`; `token_file.TokenFile` stores the
token of a sign-in between runs.
"""
