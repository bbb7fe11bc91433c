"""Sends requests exactly as given: `connection` on one raw socket, `senders` for one service.

Used by other packages: `connection.NoAnswer`, `connection.NotConnected`,
`connection.RawConnection`, `senders.HttpxSender`.
"""
