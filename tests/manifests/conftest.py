"""Each build in turn; all are made once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .builds import RECIPES, Build, Recipe, build


@pytest.fixture(scope="session")
def builds(tmp_path_factory: pytest.TempPathFactory) -> dict[Recipe, Build]:
    """All of them."""
    scratch = Path(tmp_path_factory.mktemp("kustomize")).resolve()
    with ThreadPoolExecutor(2) as threads:
        return dict(zip(RECIPES, threads.map(lambda one: build(one, scratch), RECIPES), strict=True))


@pytest.fixture(params=RECIPES, ids=lambda recipe: recipe.name)
def built(request: pytest.FixtureRequest, builds: dict[Recipe, Build]) -> Build:
    """Each in turn."""
    return builds[request.param]
