"""What is known of one server: its entities and their fields."""

from cmdm_tui.catalog.account import Account
from cmdm_tui.catalog.catalog import DEFAULT_ENTITIES, Catalog
from cmdm_tui.catalog.infer import infer_fields

__all__ = ["DEFAULT_ENTITIES", "Account", "Catalog", "infer_fields"]
