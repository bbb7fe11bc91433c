"""Writes a call as a PHP program that uses the curl extension."""

import httpx

from cmdm_tui.api.snippets.php_literal import quote_php


def format_php_curl(method: str, address: httpx.URL, content: bytes | None = None) -> str:
    """Return a program that makes the call and prints its answer."""
    lines = [
        "<?php",
        f"$curl = curl_init({quote_php(str(address).encode())});",
        "curl_setopt_array($curl, [",
        f"    CURLOPT_CUSTOMREQUEST => {quote_php(method.encode())},",
        "    CURLOPT_RETURNTRANSFER => true,",
        "    CURLOPT_HTTPHEADER => [",
        "        'Authorization: Bearer ' . getenv('CMDM_TOKEN'),",
    ]
    if content is not None:
        lines.append("        'Content-Type: application/json',")
    lines.append("    ],")
    if content is not None:
        lines.append(f"    CURLOPT_POSTFIELDS => {quote_php(content)},")
    lines += [
        "]);",
        "$answer = curl_exec($curl);",
        "if ($answer === false) {",
        "    exit(curl_error($curl) . PHP_EOL);",
        "}",
        "echo curl_getinfo($curl, CURLINFO_RESPONSE_CODE), PHP_EOL, $answer, PHP_EOL;",
        "",
    ]
    return "\n".join(lines)
