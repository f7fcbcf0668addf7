from pathlib import Path

import pytest

from infra.local.layout import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "stack")
    layout.claim()
    return layout
