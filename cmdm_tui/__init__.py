"""Look into, query, change and test a CMDataManager account from a terminal."""

__version__ = "0.1.0"
