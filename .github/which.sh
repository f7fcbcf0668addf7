#!/usr/bin/env bash
# Which folders' tests a change concerns, as JSON for a matrix; the names of the changed files come by stdin.
set -euo pipefail

all=(common auth tickets orders payments expiration client emails)
concerned=()
list=
while read -r path; do
	case $path in
	common/* | pyproject.toml | requirements.lock | infra/setup.sh | .github/which.sh | .github/workflows/services.yaml)
		concerned=("${all[@]}")
		break
		;;
	esac
	for one in "${all[@]}"; do
		if [[ $path == "$one"/* && " ${concerned[*]-} " != *" $one "* ]]; then concerned+=("$one"); fi
	done
done
[[ ${#concerned[@]} -eq 0 ]] || printf -v list '"%s",' "${concerned[@]}"
echo "[${list%,}]"
