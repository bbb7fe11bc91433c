"""The recording proxy: a local server that passes calls on to a service, and records them.

`server` runs it, `proxy_app` answers its requests, `forwarder` passes them on over the connections
of `upstream`, and `recorded_answers` answers or compares them with a cassette, as the mode says
(`modes`).

Used by other packages: `run_proxy`, `ProxySettings`, `MODES`.
"""
