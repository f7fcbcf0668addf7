# `make` alone says what there is. A setting of a service is given as an environment variable:
# EXPIRATION_WINDOW_SECONDS=20 make run.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SERVICES := auth tickets orders payments expiration client emails
OUTAGES := tests/faults/test_crowd.py tests/faults/test_outages.py tests/faults/test_rolling.py tests/faults/test_stopping.py
TESTS := common $(SERVICES) infra tests/repo
READY := $(VENV)/.ready
STRIPE_MOCK := github.com/stripe/stripe-mock@v0.203.0
ACTIONLINT := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
# A shell that forbids compiled modules would slow down every start.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.PHONY: help setup run stop reset audit rebuild deadletters purge demo status check format unit test simulation stripe-mock e2e browser screenshots measure outages faults snapshots lock k8s secrets cluster smoke manifests cluster-test actionlint

help: ## what can be done here
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile
	@echo "  make run takes PORT=9000, REPLICAS=2, MONGO_NODES=3 and every setting of a service."

setup: $(READY) ## install everything into .venv (the others do this first where needed)

run: $(READY) ## start the whole product on this machine; Ctrl-C stops it
	$(BIN)/python -m infra.local up

stop: $(READY) ## stop what `make run` started
	$(BIN)/python -m infra.local down

reset: $(READY) ## stop it and wipe its data
	$(BIN)/python -m infra.local reset

status: $(READY) ## each part of the running product, with its memory
	$(BIN)/python -m infra.local status

audit: $(READY) ## whether all is as promised: nothing lost, nothing sold twice (ARGS="--quiet-within 60", ARGS=--json)
	@$(BIN)/python -m infra.ops.audit $(ARGS)

rebuild: $(READY) ## take replicas anew from their owners: SERVICE=orders, or SERVICE=all
	@$(BIN)/python -m infra.ops.rebuild $(SERVICE)

deadletters: $(READY) ## messages that were given up (ARGS="show 3", ARGS="redrive 3", "redrive --service orders")
	@$(BIN)/python -m infra.ops.deadletters $(ARGS)

purge: $(READY) ## make room: STREAM=ORDERS loses what every service has heard
	@$(BIN)/python -m infra.ops.purge $(STREAM)

demo: $(READY) ## fill the running product with sellers and tickets
	$(BIN)/python -m infra.ops.demo

check: $(READY) manifests ## lint, format, types, layers, manifests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

manifests: $(READY) ## whether everything for Kubernetes builds, is valid, and keeps to our rules; needs no cluster
	$(BIN)/python -m pytest tests/manifests

k8s: $(READY) ## onto the cluster of the present kubeconfig: images, secrets, the dev overlay, a purchase
	$(BIN)/python -m infra.cluster up $(ARGS)

secrets: $(READY) ## make the secrets that a cluster lacks (ARGS=--print only prints the commands)
	$(BIN)/python -m infra.cluster secrets $(ARGS)

cluster: $(READY) ## the operator's commands in a cluster: ARGS=audit, ARGS="deadletters list", ARGS="rebuild orders", ...
	@$(BIN)/python -m infra.cluster $(ARGS)

smoke: $(READY) ## buy a ticket at URL=https://... (INSECURE=1 takes any certificate)
	@$(BIN)/python -m infra.ops.smoke $(if $(INSECURE),--insecure) $(ARGS) $(URL)

cluster-test: $(READY) ## everything that can only be seen on a real cluster (ARGS="arrows kills" for some of it)
	$(BIN)/python -m tests.cluster $(ARGS)

actionlint: ## whether the workflows are in order (needs Go)
	@test -x .local/bin/actionlint || GOBIN="$(CURDIR)/.local/bin" CGO_ENABLED=0 go install $(ACTIONLINT)
	.local/bin/actionlint

format: $(READY) ## bring all files into form
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

unit: $(READY) ## the fast tests: no server, under a minute
	$(BIN)/python -m pytest -m "not real" $(TESTS)

simulation: $(READY) ## every order of steps, every failure, each guard off in turn, on fakes; DEEP=1 goes on for an hour
	$(BIN)/python -m pytest tests/simulation
	$(if $(DEEP),$(BIN)/python -m pytest -s tests/simulation/deep.py)

stripe-mock: $(READY) ## ask the mock that Stripe publishes with every request of ours (needs Go)
	@test -x .local/bin/stripe-mock || GOBIN="$(CURDIR)/.local/bin" CGO_ENABLED=0 go install $(STRIPE_MOCK)
	$(BIN)/python -m infra.ops.stripe_mock .local/bin/stripe-mock

e2e: $(READY) ## a person's way through the whole product, on real parts
	$(BIN)/python -m pytest tests/e2e

browser: $(READY) ## people in Chromium: the whole story, two at once, every card, time running out
	$(BIN)/python -m pytest tests/browser

screenshots: $(READY) ## every page in every state, phone and desk, light and dark: .local/screenshots
	$(BIN)/python -m pytest client/tests/screenshots.py

measure: $(READY) ## what the shop costs a visitor and the server, with 10,000 tickets on sale
	$(BIN)/python -m tests.browser.measure

outages: $(READY) ## what happens while a part is away, in full length: ten minutes, with a report of figures
	OUTAGE_SECONDS=60 ORDERS_PENDING=500 WINDOW_SECONDS=90 PATIENCE_SECONDS=60 \
		$(BIN)/python -m pytest $(OUTAGES)

faults: $(READY) ## a storm of crashes: SECONDS=600 SEED=1, or SEEDS="1 2 3" one after the other
	$(BIN)/python -m tests.faults.storm --seconds $(or $(SECONDS),600) --seeds $(or $(SEEDS),$(SEED),1)

test: $(READY) ## everything, with coverage of the services
	$(BIN)/python -m pytest tests/simulation
	$(BIN)/python -m pytest tests/faults/test_storm.py tests/faults/test_storm_report.py
	$(BIN)/python -m pytest $(OUTAGES)
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(TESTS) tests/e2e tests/browser
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

snapshots: $(READY) ## write down what is generated anew: docs/openapi, docs/events, NATS' users
	$(BIN)/python -m infra.ops.snapshots

lock: $(READY) ## choose the versions of everything anew
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q \
		common/pyproject.toml $(SERVICES:%=%/pyproject.toml) --group pyproject.toml:dev --group pyproject.toml:local \
		--group pyproject.toml:ops --group pyproject.toml:live \
		--all-extras --no-emit-package ticketing-common -o requirements.lock
	echo uv | $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate -q - -o infra/image/uv.txt

$(READY): requirements.lock pyproject.toml common/pyproject.toml $(SERVICES:%=%/pyproject.toml) infra/setup.sh
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh infra/setup.sh common $(SERVICES)
	@touch $@
