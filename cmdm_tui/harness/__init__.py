"""The harness: cases recorded, replayed, verified and fuzzed against this API's own rules."""
