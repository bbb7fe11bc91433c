"""Writes a call as a PHP program that uses Guzzle (7)."""

import httpx

from cmdm_tui.api.snippets.php_literal import quote_php
from cmdm_tui.api.snippets.php_options import list_options


def format_php_guzzle(method: str, address: httpx.URL, content: bytes | None = None) -> str:
    """Return a program that makes the call and prints its answer."""
    lines = [
        "<?php",
        "require 'vendor/autoload.php';",
        "",
        "$client = new GuzzleHttp\\Client();",
        f"$address = {quote_php(str(address).encode())};",
        f"$response = $client->request({quote_php(method.encode())}, $address, [",
        "    'http_errors' => false,",
        *list_options(headers="'headers'", between="' => '", body="'body'", content=content),
        "]);",
        "echo $response->getStatusCode(), PHP_EOL, $response->getBody(), PHP_EOL;",
        "",
    ]
    return "\n".join(lines)
