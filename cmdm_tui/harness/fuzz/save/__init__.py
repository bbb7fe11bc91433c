"""How a failure is kept: `case_writer` as a case and a cassette, `curl_script` for a shell."""
