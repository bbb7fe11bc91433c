"""Writes a call as a PHP program that uses the curl extension."""

import httpx

from cmdm_tui.api.snippets.php_literal import quote_php
from cmdm_tui.api.snippets.php_options import list_options


def format_php_curl(method: str, address: httpx.URL, content: bytes | None = None) -> str:
    """Return a program that makes the call and prints its answer."""
    lines = [
        "<?php",
        f"$curl = curl_init({quote_php(str(address).encode())});",
        "curl_setopt_array($curl, [",
        f"    CURLOPT_CUSTOMREQUEST => {quote_php(method.encode())},",
        "    CURLOPT_RETURNTRANSFER => true,",
        *list_options(
            headers="CURLOPT_HTTPHEADER", between=": ", body="CURLOPT_POSTFIELDS", content=content
        ),
        "]);",
        "$answer = curl_exec($curl);",
        "if ($answer === false) {",
        "    exit(curl_error($curl) . PHP_EOL);",
        "}",
        "echo curl_getinfo($curl, CURLINFO_RESPONSE_CODE), PHP_EOL, $answer, PHP_EOL;",
        "",
    ]
    return "\n".join(lines)
