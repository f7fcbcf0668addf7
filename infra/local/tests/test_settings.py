import pytest

from infra.local.errors import StackError
from infra.local.settings import inherited, load


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9000")
    monkeypatch.setenv("REPLICAS", "2")
    monkeypatch.setenv("MONGO_NODES", "3")
    monkeypatch.setenv("TICKETING_LOCAL", "/tmp/here")  # noqa: S108
    monkeypatch.setenv("TICKETING_ONLY", "nats,tickets")
    settings = load()
    assert (settings.port, settings.https_port, settings.replicas, settings.mongo_nodes) == (9000, 9363, 2, 3)
    assert settings.only == ("nats", "tickets")
    assert str(settings.root) == "/tmp/here"  # noqa: S108


def test_the_command_line_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9000")
    assert load(port=9001, replicas=None).port == 9001


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "eighty"), ("PORT", "0"), ("PORT", "65500"), ("REPLICAS", "0"), ("MONGO_NODES", "2")],
)
def test_a_setting_that_cannot_be_is_one_sentence(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(StackError, match=f"^{name} cannot be '?{value}'?: .*\\.$"):
        load()


def test_services_inherit_everything_but_what_forbids_compiled_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPIRATION_WINDOW_SECONDS", "20")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    environment = inherited()
    assert environment["EXPIRATION_WINDOW_SECONDS"] == "20"
    assert "PYTHONDONTWRITEBYTECODE" not in environment
