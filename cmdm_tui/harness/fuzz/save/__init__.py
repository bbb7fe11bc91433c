"""How a failure is kept: `case_writer` as a case and a cassette, `curl_script` for a shell.

Used by other packages: `case_writer.save_failure`, `curl_script.curl_lines`.
"""
