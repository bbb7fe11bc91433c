"""HTTP under the API: connections, framing, hosts, exposure, the access log, requests, responses.

Nothing here knows the API's calls. uvicorn serves with the `ClientConnection` of `connections`,
which speaks the HTTP of `strict_http`.
"""
