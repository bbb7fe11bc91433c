"""Sends requests exactly as given: `connection` on one raw socket, `senders` for one service.

`senders.Sender` is what both senders are: a request goes in, an answer comes out. `end_to_end` says
which headers go from end to end.
Used by other packages: `connection.NoAnswer`, `connection.NotConnected`,
`connection.RawConnection`, `senders.HttpxSender`.
"""
