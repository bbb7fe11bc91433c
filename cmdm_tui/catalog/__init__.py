"""What is known of one server: its entities, their fields and record counts, and its traits.

`Account` (`account`) opens a profile's client and its `Catalog` (`catalog`), which answers from its
file (`cache`) or asks the service. `fields` says which fields an entity has, `traits` holds what
`probe/` has found, `text_orders` lists the orders in which a service may sort text, `token_cache`
stores the token between runs (`TokenFile`), and `quota_cache` the calls left of an hour.

Also public: `DEFAULT_ENTITIES`, `CachedTokens`, `DefaultPage`, `FreshTokens`, `KnownQuota`,
`RecordCount`, `StoredToken`, `Trait`, `Traits`, `infer_fields`, `infer_type`, `load_stored_token`.
"""

from cmdm_tui.catalog.account import Account
from cmdm_tui.catalog.cache import RecordCount
from cmdm_tui.catalog.catalog import DEFAULT_ENTITIES, Catalog
from cmdm_tui.catalog.fields import infer_fields, infer_type
from cmdm_tui.catalog.quota_cache import KnownQuota
from cmdm_tui.catalog.token_cache import (
    CachedTokens,
    FreshTokens,
    StoredToken,
    TokenFile,
    load_stored_token,
)
from cmdm_tui.catalog.traits import DefaultPage, Trait, Traits

__all__ = [
    "DEFAULT_ENTITIES",
    "Account",
    "CachedTokens",
    "Catalog",
    "DefaultPage",
    "FreshTokens",
    "KnownQuota",
    "RecordCount",
    "StoredToken",
    "TokenFile",
    "Trait",
    "Traits",
    "infer_fields",
    "infer_type",
    "load_stored_token",
]
