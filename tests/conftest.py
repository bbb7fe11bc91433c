"""What all tests share: `--all` runs the long proofs whole."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="run the long proofs whole")


@pytest.fixture
def runs_whole(request: pytest.FixtureRequest) -> bool:
    """Tell whether long proofs are to run whole, not on a sample."""
    return bool(request.config.getoption("--all"))
