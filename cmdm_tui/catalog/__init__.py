"""What is known of one server: its entities and their fields, and its traits."""

from cmdm_tui.catalog.account import Account
from cmdm_tui.catalog.catalog import DEFAULT_ENTITIES, Catalog
from cmdm_tui.catalog.fields import infer_fields, infer_type
from cmdm_tui.catalog.token_cache import CachedTokens, FreshTokens
from cmdm_tui.catalog.traits import DefaultPage, Trait, Traits

__all__ = [
    "DEFAULT_ENTITIES",
    "Account",
    "CachedTokens",
    "Catalog",
    "DefaultPage",
    "FreshTokens",
    "Trait",
    "Traits",
    "infer_fields",
    "infer_type",
]
