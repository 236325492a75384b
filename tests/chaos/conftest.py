"""One installation for all tests of chaos, which each of them finds empty and with nothing running."""

from collections.abc import Callable, Iterator

import pytest

from chaos.site import Site, site


@pytest.fixture(scope="session")
def installation() -> Iterator[Site]:
    with site() as made:
        yield made


@pytest.fixture
def empty_site(installation: Site) -> Iterator[Callable[..., Site]]:
    """Gives the site, emptied, with settings of one's own (see `chaos.site.site`)."""
    yield installation.renew
    installation.kill_all()


@pytest.fixture
def made(empty_site: Callable[..., Site]) -> Site:
    """The site as it is set up without further words."""
    return empty_site()
