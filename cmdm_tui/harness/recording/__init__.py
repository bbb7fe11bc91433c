"""Records what any program sends to a service: calls become cassettes and cases, without secrets.

`observed_call` is a call as it was seen, `session_secrets` finds and replaces its secrets,
`case_steps` writes it as a step of a case, and `session` holds the files of a recording.
`recorder` writes them in a process of its own, as the calls come; `transport` sees the calls of an
httpx client, and `har` those in a file of a browser. The proxy is in `harness/proxy`.

Used by other packages: `ObservedCall`, `SessionFiles`, `SessionRecorder`, `RecordingTransport`.
"""
