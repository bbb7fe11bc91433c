"""Where secrets live: `secret_store.SecretStore` finds, stores and removes a profile's secrets.

Its places are `secret_file`, `keyring` and `password_command`; `token_file` stores the token of a
sign-in between runs.

Used by other packages: `token_file.TokenFile`, `secret_store.RemovedSecrets`,
`token_file.delete_tokens`, `keyring.is_installed`.
"""
