"""From nothing to a purchase in a browser: how long it takes, what it weighs, and that nothing stumbles on the way."""

import json
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

from tests.browser.test_story import finds_and_reserves, lists
from tests.browser.visitor import DESK, Visitor, leave
from tests.cluster import pods as read
from tests.cluster.cluster import Cluster
from tests.cluster.findings import Findings, duration
from tests.cluster.options import LOCAL, Options
from tests.cluster.up import bring_up, remove
from tests.cluster.weights import weigh

TITLE = "From nothing to a purchase in Chromium"
ENFORCE = "pod-security.kubernetes.io/enforce"
SCREENSHOT = LOCAL / "cluster-purchase.png"


async def run(cluster: Cluster, findings: Findings) -> None:
    """The step."""
    findings.measured("what was there before: deleted in", duration(await remove(cluster)))
    began = time.monotonic()
    if not await bring_up(cluster, findings, cluster.options.overlay):
        return
    await cluster.all_settled()
    findings.measured("all pods ready", duration(time.monotonic() - began))
    await buy(cluster, findings)
    findings.measured("from nothing to a purchase in the browser", duration(time.monotonic() - began))
    pods = await cluster.running()
    await weigh(cluster.kube, pods, findings)
    await stumbles(cluster, findings)
    await admission(cluster, findings)


# ---- the browser
@asynccontextmanager
async def chromium(options: Options) -> AsyncIterator[Browser]:
    """One that finds the shop where `--connect` says."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    way = [f"--host-resolver-rules=MAP {options.host} {':'.join(map(str, options.place))}"] if options.connect else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=[*way, "--ignore-certificate-errors"])
        yield browser
        await leave(browser)


async def buy(cluster: Cluster, findings: Findings) -> None:
    """One lists a ticket, another finds it, reserves it and pays, both at the public address."""
    began, title = time.monotonic(), f"Hadestown, orchestra {secrets.token_hex(3)}"
    shop = cluster.options.url
    async with (
        chromium(cluster.options) as browser,
        Visitor.come(browser, shop, DESK) as seller,
        Visitor.come(browser, shop, DESK) as buyer,
    ):
        await lists(seller, title)
        await finds_and_reserves(buyer, title)
        await seller.sees("Reserved until")
        await buyer.type_card("4242 4242 4242 4242")
        await buyer.reads("It is yours")
        SCREENSHOT.parent.mkdir(exist_ok=True)
        await buyer.page.screenshot(path=SCREENSHOT, full_page=True)
        await seller.sees("You sold this ticket. It cannot be changed any more.")
        # The form that the seller first fills in wrong is refused, which the browser notes.
        findings.none_of("what the browser's console complained of", [*buyer.problems, *seller.problems[1:]])
    took = duration(time.monotonic() - began)
    findings.checked(f"a ticket is listed, found, reserved and paid at {shop} in Chromium", good=True, figure=took)
    findings.noted(f"Screenshot of the paid order: {SCREENSHOT.relative_to(LOCAL.parent)}")


# ---- what went on meanwhile
async def stumbles(cluster: Cluster, findings: Findings) -> None:
    """Nothing was started twice, and nothing was warned of."""
    pods = await cluster.kube.list("pods")
    again = [f"{read.name(pod)} {read.restarts(pod)}" for pod in pods if read.restarts(pod)]
    findings.none_of(f"restarts in {len(pods)} pods", again)
    events = await cluster.kube.list("events")
    wrong = list(read.warnings(events, {read.name(pod): pod for pod in pods}))
    kinds = sum(one.get("type") == "Warning" for one in events)
    what = "warnings, but for pulling images and probes of pods that had not been ready yet"
    findings.none_of(what, [read.told(one) for one in wrong], f"none, of {kinds} warnings in {len(events)} events")


async def admission(cluster: Cluster, findings: Findings) -> None:
    """The namespace takes only pods of the level `restricted`: a control shows that it would refuse another."""
    home = await cluster.kube.json("get", "namespace", cluster.kube.namespace, anywhere=True)
    level = read.labels(home).get(ENFORCE, "nothing")
    findings.checked("the namespace enforces the level `restricted`", level == "restricted", level)
    image = (await cluster.running())[0]["spec"]["containers"][0]["image"]
    careless = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "careless"},
        "spec": {"containers": [{"name": "one", "image": image}]},
    }
    words = ("create", "--dry-run=server", "--filename=-")
    said = await cluster.kube(*words, stdin=json.dumps(careless), check=False)
    refused = said.code != 0 and "PodSecurity" in said.err
    findings.checked("a pod that does not say how it is confined is refused there", refused, said.told[:120])
