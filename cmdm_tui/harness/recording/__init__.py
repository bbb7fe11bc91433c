"""Records what any program sends to a service: calls become cassettes and cases, without secrets.

`observed_call` is a call as it was seen, `session_secrets` finds and replaces its secrets,
`case_steps` writes it as a step of a case, `recording_names` names the files of a recording, and
`session` holds them. `recorder` writes them in another process while calls are made;
`event_recorder` gives it the calls of a client of this program, and `har_recording` reads those in
a HAR file. The proxy is a package next to this one.

Used by other packages: `ObservedCall`, `SessionFiles`, `SessionRecorder`, `RecordingSettings`.
"""
