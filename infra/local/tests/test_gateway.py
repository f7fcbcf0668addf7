import re
import subprocess
from pathlib import Path

from infra.local import gateway
from infra.local.ports import KEEP_ALIVE_SECONDS
from infra.local.programs import caddy

UPSTREAMS = {
    "auth": [1001],
    "tickets": [1002, 1003],
    "orders": [1004],
    "payments": [1005],
    "client": [1006],
    "stripe": [1007],
    "mail": [1008],
}


def render(tmp_path: Path) -> str:
    return gateway.render(str(tmp_path), 8080, 8443, UPSTREAMS, {"tickets": 1009})


def test_each_prefix_goes_to_its_service_and_the_rest_to_the_client(tmp_path: Path) -> None:
    text = render(tmp_path)
    assert "@tickets path /api/tickets /api/tickets/*\n" in text
    assert "handle @tickets {\n\t\timport service 127.0.0.1:1002 127.0.0.1:1003\n" in text
    assert "@auth path /api/users /api/users/*\n" in text
    assert "@mail path /stand-in/mail /stand-in/mail/*\n" in text
    assert "handle {\n\t\timport service 127.0.0.1:1006\n" in text


def test_caddy_takes_it(tmp_path: Path) -> None:
    config = tmp_path / "Caddyfile"
    config.write_text(render(tmp_path))
    words = [caddy(), "validate", "--config", str(config), "--adapter", "caddyfile"]
    answer = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    assert answer.returncode == 0, answer.stderr


def test_what_is_not_started_has_no_route(tmp_path: Path) -> None:
    text = gateway.render(str(tmp_path), 8080, 8443, {"client": [1006]}, {})
    assert "handle @orders {\n\t\terror 503\n" in text


def test_it_lets_go_of_a_connection_before_the_server_behind_it_does(tmp_path: Path) -> None:
    kept = re.findall(r"keepalive (\d+)s", render(tmp_path))
    assert kept
    assert all(int(seconds) < KEEP_ALIVE_SECONDS for seconds in kept)
