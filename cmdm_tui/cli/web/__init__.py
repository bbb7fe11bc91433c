"""The explorer in a browser: what the command runs. It needs the extra of the same name.

`ExplorerServer` (`server`) serves the page and its websocket, `access` decides which requests are
let in, and `ExplorerProcess` (`process`) is the explorer of one browser page, which ends with its
server (`parent`). The page is next to them; its terminal, a script and
a font, comes with textual-serve.
"""

WEB_DRIVER = "textual.drivers.web_driver:WebDriver"
"""What `TEXTUAL_DRIVER` is in the environment of an explorer that runs in a browser."""
