"""HTTP under the API; nothing here knows the API's calls.

`server_settings` sets uvicorn up. It serves with the `ClientConnection` of `connections`, which
speaks the HTTP of `strict_http`.
`hosts` and `exposure` say who may reach a sandbox, `access_log` notes each call, `log_writer`
writes it down, `server_errors` answers for the sandbox's own faults; `requests` reads bodies and
headers, `responses` writes them.
"""
