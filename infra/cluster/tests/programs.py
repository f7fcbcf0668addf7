"""Stand for kubectl and the cluster behind it (objects in a file), and for kind, podman and their like.

Tests call them as functions, which takes a thirtieth of the time; some run them as the programs that they are too.
"""

import json
import os.path
import sys
from binascii import b2a_base64

FLAGS = {"--ignore-not-found", "--overwrite", "--minify", "--previous", "--follow"}
KINDS = {"deployments.apps": "deployment", "statefulsets.apps": "statefulset", "jobs.batch": "job"}
Json = dict


def answer(folder: str, program: str, words: list[str], given: str) -> tuple[int, str, str]:
    """Exit code, and what it says; of what is not kubectl it is only written down that it was called."""
    with open(f"{folder}/calls.jsonl", "a") as calls:  # noqa: PTH123
        calls.write(json.dumps({"program": program, "words": words, "given": given}) + "\n")
    with open(f"{folder}/state.json") as file:  # noqa: PTH123
        state = json.load(file)
    if program != "kubectl":
        fails = [one for one in state["fails"] if one in " ".join([program, *words])]
        return (1, "", f"{fails[0]} does not work\n") if fails else (0, "", "")
    options, plain = parse(words)
    try:
        said = ACTS[plain[0]](state, options, plain[1:], given)
    except LookupError as error:
        return 1, "", f"Error from server (NotFound): {error}\n"
    with open(f"{folder}/state.json", "w") as file:  # noqa: PTH123
        json.dump(state, file)
    return 0, f"{said}\n" if said else "", ""


def main() -> int:
    folder, program = os.path.split(os.path.abspath(sys.argv[0]))  # noqa: PTH100
    words = sys.argv[1:]
    code, out, err = answer(folder, program, words, sys.stdin.read() if "-" in words else "")
    sys.stdout.write(out)
    sys.stderr.write(err)
    return code


def parse(words: list[str]) -> tuple[dict[str, str], list[str]]:
    """`--name value`, `--name=value`; a few take no value."""
    options, plain, rest = {}, [], list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            plain.append(word)
        elif "=" in word:
            name, _, value = word.partition("=")
            options[name] = value
        elif word in FLAGS:
            options[word] = "true"
        else:
            options[word] = rest.pop(0)
    return options, plain


def config(state: Json, _: Json, words: list[str], __: str) -> str:
    match words:
        case ["current-context"]:
            if not state["context"]:
                raise LookupError("current-context is not set")
            return str(state["context"])
        case ["get-contexts", name]:
            if name not in state["contexts"]:
                raise LookupError(name)
            return name
        case _:
            return "https://127.0.0.1:6443"


def key(kind: str, name: str) -> str:
    kind = KINDS.get(kind, kind.lower().removesuffix("s"))
    return f"{kind}/{name}"


def get(state: Json, options: Json, words: list[str], _: str) -> str:
    if len(words) > 1:
        found = state["objects"].get(key(*words))
        if found is None and "--ignore-not-found" not in options:
            raise LookupError(words[1])
        return json.dumps(found) if found else ""
    wanted = [key(kind, "") for kind in words[0].split(",")]
    items = [one for name, one in state["objects"].items() if any(name.startswith(kind) for kind in wanted)]
    for name in state["vanishing"] if "jobs.batch" in words[0] else ():
        state["objects"].pop(name, None)
    labels = dict(part.split("=") for part in options.get("--selector", "").split(",") if part)
    items = [one for one in items if labels.items() <= one["metadata"].get("labels", {}).items()]
    return json.dumps({"items": items})


def create(state: Json, _: Json, words: list[str], given: str) -> str:
    if words:  # as a person would
        return ""
    made = json.loads(given)
    put(state, made)
    if made["kind"] == "Job":
        begin(state, made)
    return json.dumps(made)


def begin(state: Json, job: Json) -> None:
    """Its pod, which is at its end at once: as the first plan says whose words are among the job's."""
    container = job["spec"]["template"]["spec"]["containers"][-1]
    words = " ".join([job["metadata"]["name"], *container.get("command", ()), *container.get("args", ())])
    plan = next((one for one in state["plans"] if one["words"] in words), {})
    if plan.get("once"):
        state["plans"].remove(plan)
    name = job["metadata"]["name"]
    ended = {"terminated": {"exitCode": plan.get("code", 0), "reason": plan.get("reason", "Completed")}}
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    first = plan.get("first")
    status: Json = {"phase": "Running", "containerStatuses": [{"name": container["name"], "state": ended}]}
    if plan.get("never") or first:
        status["containerStatuses"][0]["state"] = waiting
    if first:
        failed = {"terminated": {"exitCode": 1, "reason": "Error"}}
        status["initContainerStatuses"] = [{"name": first, "state": failed}]
    labels = {"batch.kubernetes.io/job-name": name, **job["spec"]["template"]["metadata"]["labels"]}
    pod = {"kind": "Pod", "metadata": {"name": f"{name}-pod", "labels": labels}, "status": status}
    put(state, pod)
    state["logs"][f"{name}-pod"] = plan.get("log", f"{words}\n")


def put(state: Json, made: Json) -> None:
    for name, value in made.pop("stringData", {}).items():
        made["data"] = {**(made.get("data") or {}), name: b2a_base64(value.encode(), newline=False).decode()}
    state["objects"][key(made["kind"], made["metadata"]["name"])] = made


def replace(state: Json, _: Json, __: list[str], given: str) -> str:
    changed = json.loads(given)
    name = key(changed["kind"], changed["metadata"]["name"])
    if name not in state["objects"]:
        raise LookupError(name)
    put(state, changed)
    return "replaced"


def apply(state: Json, _: Json, __: list[str], given: str) -> str:
    if state["refuses"]:
        raise LookupError(state["refuses"])
    state["objects"] |= state.pop("gone", {})  # a Job that is made anew
    names = [line.removeprefix("kind: ") for line in given.splitlines() if line.startswith("kind: ")]
    return "\n".join(f"{name} created" for name in names)


def delete(state: Json, options: Json, words: list[str], _: str) -> str:
    if "--selector" in options:
        return ""
    name = key(*words)
    gone = state["objects"].pop(name, None)
    state["gone"] = {name: gone} if gone else {}
    if gone is None and "--ignore-not-found" not in options:
        raise LookupError(name)
    return ""


def annotate(state: Json, _: Json, words: list[str], __: str) -> str:
    said = state["objects"][key(words[0], words[1])]["metadata"].setdefault("annotations", {})
    if words[2].endswith("-"):
        said.pop(words[2][:-1], None)
    else:
        name, _, value = words[2].partition("=")
        said[name] = value
    return ""


def scale(state: Json, options: Json, words: list[str], _: str) -> str:
    one = state["objects"][words[0]]
    count = int(options["--replicas"])
    one["spec"]["replicas"] = count
    one["status"] |= {"replicas": count, "availableReplicas": count, "updatedReplicas": count}
    if not count:
        name = one["metadata"]["name"]
        state["objects"] = {k: v for k, v in state["objects"].items() if not k.startswith(f"pod/{name}-pod")}
    return ""


def rollout(state: Json, _: Json, words: list[str], __: str) -> str:
    state["objects"][words[1]]["metadata"]["generation"] = 1
    return ""


def logs(state: Json, _: Json, words: list[str], __: str) -> str:
    return str(state["logs"].get(words[0], "")).rstrip("\n")


ACTS = {
    "config": config,
    "get": get,
    "create": create,
    "replace": replace,
    "apply": apply,
    "delete": delete,
    "annotate": annotate,
    "scale": scale,
    "rollout": rollout,
    "logs": logs,
}

if __name__ == "__main__":
    sys.exit(main())
