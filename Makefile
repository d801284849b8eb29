# `make help` lists what there is. All debug builds share one set of flags: another set would build everything anew.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

SEEDS ?= 5000
ROUNDS ?= 200
PAIRS ?= 10000
MINUTES ?= 10
PREFIX ?= /usr/local
DESTDIR ?=
# Hung tests end here; a whole run on two cores takes a fraction of it.
TEST_SECONDS ?= 2600

# What `make fuzz` reads: so many inputs of each target, of this seed.
INPUTS ?= 1000000
SEED ?= 1
TARGETS ?=

.PHONY: help crowd prepare prepare-tests run build test check lint format simulate fuzz chaos chaos-local chaos-celery pairs bench docs release install

help: ## Lists the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

prepare:
	@scripts/prepare

prepare-tests:
	@scripts/prepare tests

run: prepare ## Installs what is missing, builds, and starts a node on Examples/quickstart.
	scripts/build --product onebeat
	@cd Examples/quickstart && exec ../../.build/debug/onebeat up onebeat.yaml

build: prepare ## Builds everything, tests too. A warning in our own code is a failure.
	scripts/build --build-tests

# One test after the other: the simulation keeps a core busy for minutes, and beside it tests of real time would measure
# the machine instead of the node.
test: prepare-tests lint build ## Lints, builds and runs all tests.
	TEST_SECONDS=$(TEST_SECONDS) scripts/test

check: test ## What must hold before a change lands: the same as `make test`.

lint: ## Checks the format and the house rules.
	scripts/lint

format: ## Formats all Swift files in place.
	swift format --in-place --recursive --parallel Package.swift Sources Tests Examples

simulate: build ## Runs the simulation over SEEDS seeds.
	ONEBEAT_SEEDS=$(SEEDS) swift test --skip-build --filter SimulationTests.SimulationTests

fuzz: prepare ## Feeds INPUTS inputs to everything that reads bytes of others (TARGETS, SEED).
	swift build -c release --product onebeat-fuzz
	mkdir -p .build/fuzz
	.build/release/onebeat-fuzz $(TARGETS) --inputs $(INPUTS) --seed $(SEED) --folder .build/fuzz

chaos: prepare-tests build ## Breaks nodes, PostgreSQL and Redis for MINUTES, then checks every invariant.
	ONEBEAT_MINUTES=$(MINUTES) swift test --skip-build --filter EndToEndTests.ChaosTests

chaos-local: build ## Kills a node ROUNDS times and audits that nothing was lost or doubled.
	ONEBEAT_ROUNDS=$(ROUNDS) swift test --skip-build --filter EndToEndTests.KillRounds

crowd: build ## Kills, and freezes, a node with 2,000 jobs that ignore TERM, beside 5,000 processes of others.
	ONEBEAT_CROWD=2000 ONEBEAT_OTHERS=5000 swift test --skip-build --filter 'EndToEndTests.TakeoverTests/manyJobs'

chaos-celery: prepare-tests build ## Kills leaders for MINUTES while tasks of each second go to Celery's workers.
	ONEBEAT_CELERY_SECONDS=$$(( $(MINUTES) * 60 )) swift test --skip-build --filter EndToEndTests.CeleryLossTests

pairs: prepare-tests build ## Ends PAIRS pairs of runs at one moment each, which a third one follows, over PostgreSQL.
	ONEBEAT_PAIRS=$(PAIRS) swift test --skip-build --filter StoreTests.FlowRaceTests

bench: prepare-tests ## Runs the benchmarks (packages of their own under Benchmarks/).
	@for package in Benchmarks/*/Package.swift; do (cd "$$(dirname "$$package")" && ./run); done
	$(MAKE) -C Benchmarks/Guardian run

docs: prepare ## Builds the library's documentation into .build/documentation.
	swift package --allow-writing-to-directory .build/documentation generate-documentation \
		--target Onebeat --output-path .build/documentation --transform-for-static-hosting

release: prepare ## Builds the binary to ship: .build/release/onebeat, without shared Swift or SQLite libraries.
	scripts/build-release

install: release ## Installs the binary, the systemd unit and completions under PREFIX.
	scripts/install "$(DESTDIR)" "$(PREFIX)"
