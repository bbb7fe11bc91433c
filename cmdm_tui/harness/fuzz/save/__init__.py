"""How a failure is kept: `case_writer` as a case and a cassette, `curl_script` for a shell.

`case_people` replaces the people in the case by the stand-ins of its cassette.

Used by other packages: `case_writer.save_failure`, `curl_script.curl_lines`.
"""
