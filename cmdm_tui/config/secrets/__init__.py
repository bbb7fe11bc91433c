"""Where secrets live: `secret_store.SecretStore` finds, stores and removes a profile's secrets.

Its places are `secret_file`, `keyring` and `password_command`.
"""
