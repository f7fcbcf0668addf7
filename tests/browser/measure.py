"""What the shop costs a visitor and the server, measured in Chromium and on a stack of its own: `make measure`.

A report, not a test: figures are medians, and mean something on a machine that does nothing else.
"""

import argparse
import asyncio
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from httpx import AsyncClient, Limits
from playwright.async_api import Browser, async_playwright, expect

from infra.local.testing import RunningStack, running_stack
from tests.e2e.people import PASSWORD, created

from .visitor import DESK, PHONE, Look, Visitor

RUNS = 5
SLOWER = 4
"""How much slower than this machine the visitor's is."""
_ASKED = 400
_AT_ONCE = 16
_SETTLED = 1500
WATCH = """
window.seen = {paint: 0, shift: 0};
new PerformanceObserver((list) => list.getEntries().forEach((one) => { seen.paint = one.startTime; }))
  .observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver((list) => list.getEntries().forEach(
  (one) => { seen.shift += one.hadRecentInput ? 0 : one.value; }))
  .observe({type: "layout-shift", buffered: true});
"""


@dataclass
class FirstVisit:
    """One, with nothing kept from before. Bytes as they came over the wire, without and with pictures."""

    without_pictures: int = 0
    bytes: int = 0
    requests: int = 0
    paint: float = 0.0
    shift: float = 0.0
    complaints: int = 0
    strangers: int = 0


async def first_visit(chromium: Browser, shop: str, path: str, look: Look) -> FirstVisit:
    """Of this page, on a slow machine."""
    async with Visitor.come(chromium, shop, look) as visitor:
        visit, pictures = FirstVisit(), set[str]()
        wire = await visitor.context.new_cdp_session(visitor.page)
        await wire.send("Network.enable")
        await wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        host = urlsplit(shop).netloc

        def answered(event: dict[str, object]) -> None:
            visit.requests += 1
            answer = event["response"]
            assert isinstance(answer, dict)
            visit.strangers += urlsplit(str(answer["url"])).netloc not in {host, ""}
            if event["type"] == "Image":
                pictures.add(str(event["requestId"]))

        def finished(event: dict[str, object]) -> None:
            size = int(str(event["encodedDataLength"]).partition(".")[0])
            visit.bytes += size
            visit.without_pictures += 0 if event["requestId"] in pictures else size

        wire.on("Network.responseReceived", answered)
        wire.on("Network.loadingFinished", finished)
        await visitor.page.add_init_script(WATCH)
        await visitor.open(path)
        await visitor.page.wait_for_timeout(_SETTLED)
        seen = await visitor.page.evaluate("() => seen")
        visit.paint, visit.shift, visit.complaints = seen["paint"], seen["shift"], len(visitor.problems)
        return visit


async def to_the_others_screen(chromium: Browser, shop: str) -> list[float]:
    """Milliseconds from a reservation's answer until somebody else's listing shows it."""
    took = []
    async with Visitor.come(chromium, shop, DESK) as buyer, Visitor.come(chromium, shop, DESK) as watcher:
        await buyer.joins()
        tickets = [await buyer.sells("Watched") for _ in range(2 * RUNS)]
        await watcher.open("/")
        for ticket in tickets:
            await buyer.reserves(ticket)
            began = time.monotonic()
            await expect(watcher.row(ticket)).to_contain_text("Reserved until", timeout=20_000)
            took.append(1000 * (time.monotonic() - began))
            await asyncio.sleep(0.3)
    return took


async def fill(shop: str, count: int) -> None:
    """So many tickets on sale."""
    limits = Limits(max_connections=_AT_ONCE)
    async with AsyncClient(base_url=shop, timeout=60, limits=limits) as http:
        who = {"email": f"{secrets.token_hex(6)}@example.com", "password": PASSWORD}
        created(await http.post("/api/users/signup", json=who))
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(number: int) -> None:
            async with places:
                ticket = {"title": f"Concert {number}, row {number % 40}", "price": 10 + number % 300}
                created(await http.post("/api/tickets", json=ticket))

        await asyncio.gather(*map(one, range(count)))


async def processor(stack: RunningStack, path: str) -> float:
    """Milliseconds of processor that a page takes of the shop's own process, asked for one after another."""
    pid = stack.pid("client")
    async with AsyncClient(base_url=stack.url("client"), timeout=30) as http:
        for _ in range(20):
            (await http.get(path)).raise_for_status()
        before = _spent(pid)
        for _ in range(_ASKED):
            await http.get(path)
    return 1000 * (_spent(pid) - before) / _ASKED


def _spent(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(count: int) -> None:
    """Prints it all."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder:
        async with running_stack(Path(folder)) as stack, async_playwright() as playwright:
            shop = stack.url("gateway")
            await fill(shop, count)
            chromium = await playwright.chromium.launch(executable_path=program)
            _say(f"{count} tickets on sale; medians of {RUNS} visits, a processor {SLOWER} times slower")
            for name, look in (("desk", DESK), ("phone", PHONE)):
                visits = [await first_visit(chromium, shop, "/", look) for _ in range(RUNS)]
                _say_visits(f"first visit of the listing, {name}", visits)
            took = await to_the_others_screen(chromium, shop)
            _say(f"reservation to the other's screen: {median(took):.0f} ms (longest {max(took):.0f}; target 1000)")
            for path in ("/", "/?q=concert&from=20&to=90&sort=price"):
                _say(f"processor for {path}: {await processor(stack, path):.1f} ms (target 5)")
            await chromium.close()


def _say_visits(name: str, visits: Sequence[FirstVisit]) -> None:
    without, whole = (
        median(sizes) / 1000 for sizes in zip(*((one.without_pictures, one.bytes) for one in visits), strict=True)
    )
    _say(f"{name}:")
    _say(f"  {without:.1f} kB without pictures (target 100), {whole:.1f} kB in {visits[0].requests} answers")
    _say(f"  largest paint after {median(one.paint for one in visits):.0f} ms (target 1000)")
    _say(f"  layout shift {max(one.shift for one in visits):.3f} (target 0.05)")
    complaints, strangers = sum(one.complaints for one in visits), sum(one.strangers for one in visits)
    _say(f"  {complaints} complaints of the console, {strangers} requests to strangers")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What the shop costs a visitor and the server.")
    parser.add_argument("--tickets", type=int, default=10_000, help="on sale (default: 10000)")
    asyncio.run(measure(parser.parse_args().tickets))
