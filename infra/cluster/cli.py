"""The commands: up, secrets, rotate, and the operator's."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.ops.smoke import Shop, SmokeError

from . import credentials, operating
from .errors import ClusterError
from .images import builder
from .jobs import Jobs
from .kubectl import NAMESPACE, Kubectl, is_near
from .operations import complain, hear
from .overlay import render
from .recipes import recipes
from .rotate import NAMES, Rotation
from .settings import ClusterSettings
from .up import Wish, up

DEV = Path("infra/k8s-dev")
_INTERRUPTED = 130
_WITHIN = 900.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Does one command; the exit code. What a person has to know is one sentence, never a traceback."""
    options = _parser().parse_args(arguments)
    try:
        return _do(options)
    except (ClusterError, SmokeError) as error:
        sys.stderr.write(f"{str(error).rstrip()}\n")
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.cluster", description="The product on a Kubernetes cluster.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--context", default="", help="another context of the kubeconfig than the present one")
    changes = argparse.ArgumentParser(add_help=False)
    changes.add_argument("--yes", action="store_true", help="also where the cluster is not on this machine")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_up(commands.add_parser("up", parents=[common, changes], help="images, secrets, an overlay, a purchase"))
    making = commands.add_parser("secrets", parents=[common, changes], help="make the secrets that are missing")
    making.add_argument("--overlay", type=Path, default=DEV, help=f"for which they are needed ({DEV})")
    making.add_argument("--print", action="store_true", help="only print the commands that make them all")
    making.add_argument("--tls", action="store_true", help="a self-signed certificate too (with stand-ins: always)")
    turning = commands.add_parser("rotate", parents=[common, changes], help="fresh values for a secret that is in use")
    turning.add_argument("name", choices=NAMES, metavar="SECRET", help=", ".join(NAMES))
    turning.add_argument("--finish", action="store_true", help="jwt-secret: the old key is good for nothing any more")
    turning.add_argument("--at-once", action="store_true", help="with --finish: also where that signs people out")
    turning.add_argument("--set-key", action="store_true", help="SERVICE-mongo: the key of the set, not the passwords")
    jobs = argparse.ArgumentParser(add_help=False, parents=[common])
    jobs.add_argument("--keep", action="store_true", help="leave Jobs that succeeded for an hour")
    operating.add(commands, jobs)
    return parser


def _add_up(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--overlay", type=Path, default=DEV, help=f"what is applied ({DEV})")
    parser.add_argument("--tag", default="", help="the images' tag (a digest of what lies here)")
    parser.add_argument("--no-build", action="store_true", help="the images are there: as --tag, or the overlay, says")
    parser.add_argument("--registry", default="", help="push images to REGISTRY/SERVICE, and run them from there")
    parser.add_argument(
        "--builder", choices=("podman", "docker"), default="", help="what builds (the one that is there)"
    )
    parser.add_argument("--build-options", default="", help='more of its options (BUILD_OPTIONS), as in "--no-cache"')
    parser.add_argument("--within", type=float, default=_WITHIN, metavar="SECONDS", help="how long starting may take")
    parser.add_argument("--url", default="https://ticketing.dev", help="where a ticket is bought in the end")
    parser.add_argument("--connect", default="", metavar="HOST:PORT", help="connect there, whatever the name means")
    parser.add_argument("--no-payment", action="store_true", help="reserve only: for a shop with live keys")
    parser.add_argument("--no-smoke", action="store_true", help="buy nothing")


def _do(options: argparse.Namespace) -> int:
    kubectl = Kubectl(options.context)
    match options.command:
        case "up":
            _up(kubectl, options)
        case "secrets":
            _secrets(kubectl, options)
        case "rotate":
            _rotate(kubectl, options)
        case _:
            return operating.operate(kubectl, options)
    return 0


def _up(kubectl: Kubectl, options: argparse.Namespace) -> None:
    settings = ClusterSettings()
    wish = Wish(
        options.overlay,
        options.tag,
        options.registry.rstrip("/"),
        None if options.no_build else builder(options.builder, options.build_options, settings),
        None if options.no_smoke else Shop(options.url, connect=options.connect),
        payment=not options.no_payment,
        within=options.within,
    )
    _announce_cluster(kubectl, options.yes)
    up(kubectl, wish.complete(), settings, _say)


def _secrets(kubectl: Kubectl, options: argparse.Namespace) -> None:
    overlay = render(options.overlay)
    needed = recipes(overlay, ClusterSettings(), tls=options.tls)
    if options.print:
        sys.stdout.write(credentials.commands(needed))
        return
    _announce_cluster(kubectl, options.yes)
    credentials.make_missing(kubectl, overlay, needed, _say)
    _say("Every secret is there.")


def _rotate(kubectl: Kubectl, options: argparse.Namespace) -> None:
    _announce_cluster(kubectl, options.yes)
    rotation = Rotation(kubectl, Jobs(kubectl, hear, complain), _say, options.name)
    if options.finish:
        rotation.finish(at_once=options.at_once)
    elif options.set_key:
        rotation.set_key()
    else:
        rotation.begin(ClusterSettings())
    _say(f"{options.name} has its new values.")


def _announce_cluster(kubectl: Kubectl, sure: bool) -> None:
    """Says what is about to be changed; refuses a cluster that others may live on, unless one is sure."""
    context = kubectl.context
    _say(f"This changes the namespace {NAMESPACE} of {context}, at {kubectl.server}.")
    if not is_near(context) and not sure:
        raise ClusterError(f"{context} is not a cluster on this machine (kind, minikube, Docker Desktop): give --yes.")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
