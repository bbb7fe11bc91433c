"""A call as source code: complete, runnable, and with no secret in it.

`formats` lists them all: `SNIPPET_FORMATS`, each with its title and its function. `python_httpx`,
`csharp_restsharp`, `php_curl` and `php_guzzle` write one language each; `php_literal` writes PHP's
texts, and `content` says whether a body can be written as text. The token is read from the
environment variable CMDM_TOKEN. curl is written by the module of that name, next to this package.
"""
