"""How a story's clients are opened, on a sandbox or on a cassette."""

from cmdm_tui.api.retry import RetryPolicy
from cmdm_tui.config import Credentials, SecretStr

ANYBODY = Credentials(SecretStr("any"), SecretStr("any"), "any", SecretStr("any"))

POLICY = RetryPolicy(first_wait=0.001, longest_wait=0.002, keeps_quota=False)
"""What failed is sent again at once, and every call is sent: how long to wait is not the story."""

MARK_FIELDS = {"lost-answer-reconciled": {"task": "Notes"}}
MARK = "cmdm-story-mark"
