"""How a failure is kept: `case_writer` as a case and a cassette, `curl_script` for a shell.

`failure_redactor` replaces the people in a failure, before any of it is shown or written.

Used by other packages: `case_writer.save_failure`, `curl_script.curl_lines`,
`failure_redactor.FailureRedactor`.
"""
