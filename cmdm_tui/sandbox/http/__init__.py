"""HTTP under the API: connections, framing, hosts, exposure, the access log, requests, responses.

Nothing here knows the API's calls. uvicorn serves with the `ClientConnection` of `connections`,
which speaks the HTTP of `strict_http`.

Other files: `access_log`, `exposure`, `hosts`, `requests`, `responses`, `server_errors`. Used by
other packages: `responses.refusal_response`, `access_log.LoggedCall`,
`connections.ClientConnection`, `requests.get_single_header`.
"""
