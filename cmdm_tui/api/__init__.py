"""The shared client of the CMDataManager API: protocol only, the same for every face.

`Client` has one method for each documented call; its errors are `ApiError`s (`errors`), its results
frozen values (`models`), and what it does is reported as events (`events`). A call goes from
`client` through `sender` (`retry`, `rate_limit`, `quota`) and `auth` (its token: `token_state`) to
httpx (`pool`; `trust` says whom TLS believes), and comes back through `body_limit`, `error_mapping`
and `decode` (`decode_fields` for field metadata, `decode_ids` for what was created). `paging` holds
the walk over pages, `page_sizes` how large they are. `reconcile` finds out what became of a lost
create, with `write_tracker`, `newest_records` and `value_match`. `urls` and `encode` make addresses
and bodies, `curl` writes a call for a shell and `snippets` as source code.

Also public: `Record`, `Field`, `Page`, `Properties`, `Event`, `Credentials`.
"""

from cmdm_tui.api.client import Client, SortOrder
from cmdm_tui.api.errors import (
    AnswerCutShort,
    AnswerTimeout,
    ApiError,
    AuthenticationFailed,
    BadRequest,
    CallCancelled,
    CallInfo,
    DeadlineExceeded,
    HourLimitReached,
    InsecureAddress,
    InvalidCall,
    MalformedResponse,
    MethodNotAllowed,
    MonthLimitReached,
    NetworkError,
    NotFound,
    OutcomeUnknown,
    QuotaFloorReached,
    ReadOnly,
    ResponseTooLarge,
    ServerError,
    StatusError,
    TimeLimitReached,
)  # fmt: skip
from cmdm_tui.api.events import (
    CallFailed,
    CallFinished,
    CallSent,
    Event,
    EventListener,
    PageRead,
    QuotaWait,
    RecordsMissing,
    RecordsUnreadable,
    RetryScheduled,
    SignInEnded,
    SignInStarted,
    TotalChanged,
)  # fmt: skip
from cmdm_tui.api.models import (
    Converted,
    Created,
    Done,
    Field,
    FieldPage,
    Page,
    Parent,
    PendingWrite,
    Properties,
    Record,
    Response,
    WriteMark,
)  # fmt: skip
from cmdm_tui.api.page_sizes import PageSizes
from cmdm_tui.api.paging import PageWalk
from cmdm_tui.api.quota import Quota
from cmdm_tui.api.reconcile import Reconciliation, WriteVerdict
from cmdm_tui.api.retry import NO_RETRIES, RetryPolicy
from cmdm_tui.config import Credentials, SecretStr

__all__ = [
    "NO_RETRIES",
    "AnswerCutShort",
    "AnswerTimeout",
    "ApiError",
    "AuthenticationFailed",
    "BadRequest",
    "CallCancelled",
    "CallFailed",
    "CallFinished",
    "CallInfo",
    "CallSent",
    "Client",
    "Converted",
    "Created",
    "Credentials",
    "DeadlineExceeded",
    "Done",
    "Event",
    "EventListener",
    "Field",
    "FieldPage",
    "HourLimitReached",
    "InsecureAddress",
    "InvalidCall",
    "MalformedResponse",
    "MethodNotAllowed",
    "MonthLimitReached",
    "NetworkError",
    "NotFound",
    "OutcomeUnknown",
    "Page",
    "PageRead",
    "PageSizes",
    "PageWalk",
    "Parent",
    "PendingWrite",
    "Properties",
    "Quota",
    "QuotaFloorReached",
    "QuotaWait",
    "ReadOnly",
    "Reconciliation",
    "Record",
    "RecordsMissing",
    "RecordsUnreadable",
    "Response",
    "ResponseTooLarge",
    "RetryPolicy",
    "RetryScheduled",
    "SecretStr",
    "ServerError",
    "SignInEnded",
    "SignInStarted",
    "SortOrder",
    "StatusError",
    "TimeLimitReached",
    "TotalChanged",
    "WriteMark",
    "WriteVerdict",
]
