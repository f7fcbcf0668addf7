"""`python -m tests.cluster [STEP...]`: what can only be seen on a real cluster, with a report of what was measured.

It works on whatever cluster the kubeconfig points at, and on the shop there: pods are killed, and `fresh` and `prod`
delete the namespace with all its data. A cluster that is not on this machine has to be named with --context.
"""

import asyncio
import signal
import sys
import time

from common.clock import now, rfc3339
from infra.cluster.kubectl import is_near

from .catalogue import STEPS
from .cluster import Cluster
from .findings import Findings, complaint, render
from .images import context_of
from .kubectl import Kubectl, KubectlError
from .options import Options, parse

_FAILED, _INTERRUPTED, _REFUSED = 1, 130, 2


def main() -> int:
    """The exit code: 0 if everything was as it has to be."""
    asked, options = parse(list(STEPS))
    try:
        return asyncio.run(_run(asked, options))
    except KubectlError as error:
        _say(f"The cluster cannot be asked: {error}")
        return _REFUSED
    except (KeyboardInterrupt, asyncio.CancelledError):
        return _INTERRUPTED


async def _run(asked: list[str], options: Options) -> int:
    task = asyncio.current_task()
    if task is not None:
        # Ended from outside it puts back what it has taken away, as after Ctrl-C.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    cluster = Cluster(options, Kubectl(options.namespace), _say)
    context = await context_of(cluster)
    if not is_near(context) and options.context != context:
        _say(
            f"{context} is no cluster on this machine. This deletes what is in {options.namespace}: --context {context}"
        )
        return _REFUSED
    told, found = await about(cluster, context), list[Findings]()
    try:
        for name in asked:
            found.append(Findings(name, STEPS[name].title))
            await _do(cluster, found[-1])
            options.report.parent.mkdir(parents=True, exist_ok=True)
            options.report.write_text(render(told, found))
    finally:
        _say(f"\n{render(told, found)}\nThe same is in {options.report}")
    return _FAILED if any(one.failed for one in found) else 0


async def _do(cluster: Cluster, findings: Findings) -> None:
    """A step that breaks off has failed; the next one is tried all the same."""
    _say(f"{findings.step} ...")
    began = time.monotonic()
    try:
        await STEPS[findings.step].run(cluster, findings)
    except asyncio.CancelledError:
        findings.checked("the step came to its end", good=False, figure="it was interrupted")
        raise
    except Exception as error:  # noqa: BLE001 (whatever it is belongs into the report)
        findings.checked("the step came to its end", good=False, figure=complaint(error))
    finally:
        findings.seconds = time.monotonic() - began
    _say(f"{findings.markdown()}\n")


async def about(cluster: Cluster, context: str) -> dict[str, str]:
    """Where all of this was measured."""
    nodes = await cluster.kube.list("nodes", anywhere=True)
    version = (await cluster.kube.json("version", anywhere=True))["serverVersion"]["gitVersion"]
    sizes = [f"{one['status']['capacity']['cpu']} cores, {one['status']['capacity']['memory']}" for one in nodes]
    runtimes = {one["status"]["nodeInfo"]["containerRuntimeVersion"] for one in nodes}
    return {
        "when": rfc3339(now()),
        "cluster": f"{context}, Kubernetes {version}, {', '.join(sorted(runtimes))}",
        "nodes": f"{len(nodes)}: {'; '.join(sizes)}",
        "shop": f"{cluster.options.url}, namespace {cluster.kube.namespace}, overlay {cluster.options.overlay}",
        "seed": str(cluster.options.seed),
    }


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
