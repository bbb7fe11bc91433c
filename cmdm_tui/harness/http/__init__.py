"""Sends requests exactly as given: `connection` on one raw socket, `senders` for one service."""
