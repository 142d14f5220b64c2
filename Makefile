# Soglia, as a person drives it. Read `make help` first.
#
# Every build goes through `--workspace`: features unify the same way each time, so one build
# serves the demo and the tests (docs/decisions/0007-one-build-profile.md).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# What is built stays outside the repository, so that a fresh clone does not build again. Set
# SOGLIA_CACHE for another place, or CARGO_TARGET_DIR as for any cargo project.
SOGLIA_CACHE ?= $(HOME)/.cache/soglia
CARGO_TARGET_DIR ?= $(SOGLIA_CACHE)/target
export CARGO_TARGET_DIR

# rustup puts cargo here; a shell that has not been opened again does not know it yet.
export PATH := $(PATH):$(HOME)/.cargo/bin

# The folder of `make demo`, and how long `make fuzz` works on each parser.
DEMO ?= demo
FUZZ_SECONDS ?= 60

FUZZ_TARGETS = $(patsubst fuzz/fuzz_targets/%.rs,%,$(wildcard fuzz/fuzz_targets/*.rs))

.PHONY: help deps build demo test bench bench-simulation fuzz clean

help: ## Show what can be done
	@echo 'Soglia: contact-centre contracts, measured from what the platforms recorded.'
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo '  what is built goes to  $(CARGO_TARGET_DIR)'

deps: ## Install what is missing on this machine (asks for root only if something is)
	@scripts/deps.sh test

build: ## Build the program
	@scripts/deps.sh build
	@echo 'Building (the first time takes many minutes: a query engine and a typesetter)'
	cargo build --workspace --locked

demo: build ## Make a fictitious Region's semester, measure it, write the report
	@# Only what an earlier demo left is removed: real ledgers have no such mark.
	@if [ -e '$(DEMO)/ledger/SIMULATED' ]; then \
	    echo 'Removing the demo made before in $(DEMO)'; \
	    rm -rf '$(DEMO)/ledger' '$(DEMO)/sources' '$(DEMO)/report'; \
	fi
	'$(CARGO_TARGET_DIR)/debug/soglia' demo --out '$(DEMO)'

# Clippy stands in for the compiler of our own crates, so that lints cost no second build of the
# dependencies.
test: export RUSTC_WORKSPACE_WRAPPER = $(shell command -v clippy-driver)
test: export CLIPPY_ARGS = -Dwarnings__CLIPPY_HACKERY__
test: deps ## Check format and lints, run all tests
	cargo fmt --all --check
	@echo 'Building everything, with lints (the first time takes many minutes)'
	cargo build --workspace --all-targets --locked
	cargo test --workspace --locked

bench: ## Compare with wc, DuckDB and Polars (builds with optimisation; takes long)
	@scripts/deps.sh build
	@# SOGLIA_BIN names another program to measure; BENCH_LOG_MB and BENCH_CALLS, other sizes.
	@if [ -n "$${SOGLIA_BIN:-}" ]; then \
	    python3 benches/compare.py; \
	else \
	    echo 'Building with optimisation (the first time takes very long)'; \
	    cargo build --release --workspace --locked; \
	    SOGLIA_BIN='$(CARGO_TARGET_DIR)/release/soglia' BENCH_PROFILE='release profile' \
	        python3 benches/compare.py; \
	fi

bench-simulation: ## Compare the simulator with Ciw and SimPy (builds one crate with optimisation)
	@scripts/deps.sh build
	@# A folder of its own: `-p` resolves features differently and would build the rest again.
	@if [ -z "$${SOGLIA_WEEKS:-}" ]; then \
	    cargo build --release -p soglia-sim --example weeks --locked \
	        --target-dir '$(CARGO_TARGET_DIR)/bench-simulation'; \
	fi
	@SOGLIA_WEEKS="$${SOGLIA_WEEKS:-$(CARGO_TARGET_DIR)/bench-simulation/release/examples/weeks}" \
	    BENCH_PROFILE="$${BENCH_PROFILE:-release profile}" python3 benches/simulation.py

fuzz: ## Feed each parser with random input, FUZZ_SECONDS each (60)
	@# Coverage is counted by a compiler that only nightly has; cargo-fuzz drives it.
	@if cargo +nightly fuzz --version >/dev/null 2>&1; then \
	    for target in $(FUZZ_TARGETS); do \
	        echo "Fuzzing $$target for $(FUZZ_SECONDS) s"; \
	        mkdir -p "fuzz/corpus/$$target"; \
	        case "$$target" in \
	            contract_file) seeds='examples/reference examples/second' ;; \
	            mapping_file) seeds='examples/mappings' ;; \
	            *) seeds="crates/soglia-sources/fixtures/$$target" ;; \
	        esac; \
	        cargo +nightly fuzz run "$$target" "fuzz/corpus/$$target" $$seeds \
	            -- -max_total_time=$(FUZZ_SECONDS) -dict="fuzz/words/$$target.dict"; \
	    done; \
	else \
	    echo 'cargo-fuzz or the nightly toolchain is not there: no fuzzing, only the parsers'\'' laws.'; \
	    echo 'hint: rustup toolchain install nightly --profile minimal && cargo install cargo-fuzz'; \
	    cargo test --workspace --locked --test it -- laws; \
	fi

clean: ## Remove what was built, and the demo
	cargo clean
	@if [ -e '$(DEMO)/ledger/SIMULATED' ]; then \
	    rm -rf '$(DEMO)/ledger' '$(DEMO)/sources' '$(DEMO)/report' '$(DEMO)/contract.toml'; \
	    rmdir '$(DEMO)' 2>/dev/null || true; \
	fi
