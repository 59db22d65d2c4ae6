# Two commands on a fresh machine: `make run` and `make test`. `make help` lists the rest.
CARGO ?= cargo
NPM ?= npm
TARGET := $(or $(CARGO_TARGET_DIR),target)
CLIENTS := tests/clients
PEERS := benches/.venv
# Scenarios and options of `make bench` and options of `make soak`: make bench BENCH="compare --events 1000000"
BENCH ?=
SOAK ?=
# What `make demo` sends, and what the pictures show: make demo DEMO="--follow"
DEMO ?= --minutes 60 --rate 1 --seed 7
UI_SOURCES := $(shell find ui/src ui/public ui/scripts ui/index.html ui/vite.config.* ui/tsconfig*.json ui/package.json -type f 2>/dev/null)

.PHONY: run build ui demo pictures test test-ui test-rust clients lint bench soak clean help

help:
	@echo "make run    build everything and start a development server on an empty ./waggle-data"
	@echo "make demo   send the last hour of a demonstration shop to the running server"
	@echo "make pictures  make the pictures of README.md and docs/guide/ anew, from a server of its own with that hour"
	@echo "make build  leave target/release/waggle, with the UI inside"
	@echo "make test   every test: unit, golden, randomised, crash, UI, real clients, browser"
	@echo "make lint   formatting, clippy, house rules, ESLint"
	@echo "make bench  13 queries beside DuckDB and ClickHouse, the doors, concurrency and growth: about an hour"
	@echo "make soak   an hour of ingest, checked answers, restarts and kills"

run: build
	target/release/waggle serve --dev

build: ui
	@command -v $(CARGO) >/dev/null || { echo "cargo is missing: install Rust 1.95 or newer with rustup"; exit 1; }
	@command -v cc >/dev/null || { echo "a C compiler is missing: install gcc or clang"; exit 1; }
	$(CARGO) build --locked --release -p waggle
	@if ! [ "$(TARGET)/release" -ef target/release ]; then mkdir -p target/release && cp -f "$(TARGET)/release/waggle" target/release/waggle; fi

ui: ui/dist/build.json

ui/node_modules/.package-lock.json: ui/package.json ui/package-lock.json
	@command -v $(NPM) >/dev/null || { echo "node is missing: install Node.js 20.19 or newer"; exit 1; }
	cd ui && $(NPM) ci --ignore-scripts --no-audit --no-fund
	@touch $@

ui/dist/build.json: ui/node_modules/.package-lock.json $(UI_SOURCES)
	cd ui && $(NPM) run build

demo:
	@test -x target/release/waggle || { echo "build first: make build"; exit 1; }
	target/release/waggle demo $(DEMO)

# A server of its own on a free place of the disk, an hour of the demonstration, and a browser that looks at it.
PICTURES_HTTP ?= 127.0.0.1:18099
pictures: build
	scripts/need-chromium
	@set -e; data=$$(mktemp -d); \
	target/release/waggle serve --dev --data-dir "$$data" --http $(PICTURES_HTTP) --otlp-http off --grpc off --xray off >"$$data/log" 2>&1 & server=$$!; \
	trap 'kill $$server; rm -rf "$$data"' EXIT; \
	until curl -sf http://$(PICTURES_HTTP)/readyz >/dev/null; do kill -0 $$server; sleep 0.2; done; \
	target/release/waggle demo --endpoint http://$(PICTURES_HTTP) $(DEMO) >/dev/null; \
	node ui/e2e/pictures.mjs http://$(PICTURES_HTTP) docs/images

test: test-ui test-rust

test-ui: ui
	cd ui && $(NPM) test

# The acceptance tests start the development build of the server, with the real UI inside, and drive it with real clients.
test-rust: ui clients
	$(CARGO) build --locked -p waggle
	WAGGLE_TEST_PYTHON="$(CURDIR)/$(CLIENTS)/.venv/bin/python" WAGGLE_TEST_UI="$(CURDIR)/ui" scripts/cargo-test --locked --workspace

clients: $(CLIENTS)/.venv/installed $(CLIENTS)/node_modules/.package-lock.json
	scripts/need-chromium

$(CLIENTS)/.venv/installed: $(CLIENTS)/requirements.txt $(CLIENTS)/requirements-adot.txt
	@command -v python3 >/dev/null || { echo "python3 is missing: the tests drive the server with Python clients"; exit 1; }
	rm -rf $(CLIENTS)/.venv
	python3 -m venv $(CLIENTS)/.venv
	$(CLIENTS)/.venv/bin/pip install --quiet --disable-pip-version-check -r $(CLIENTS)/requirements.txt
	$(CLIENTS)/.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --target $(CLIENTS)/.venv/adot \
		-r $(CLIENTS)/requirements-adot.txt
	@touch $@

$(CLIENTS)/node_modules/.package-lock.json: $(CLIENTS)/package.json $(CLIENTS)/package-lock.json
	cd $(CLIENTS) && $(NPM) ci --ignore-scripts --no-audit --no-fund
	@touch $@

lint: ui/node_modules/.package-lock.json
	$(CARGO) fmt --all --check
	$(CARGO) run --locked --quiet -p xtask -- tidy
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	cd ui && $(NPM) run lint

bench: build $(PEERS)/installed
	$(CARGO) run --locked --release -p waggle-bench -- --waggle target/release/waggle --python $(PEERS)/bin/python $(BENCH)

soak: build
	$(CARGO) run --locked --release -p waggle-bench -- soak --waggle target/release/waggle $(SOAK)

$(PEERS)/installed: benches/peers/requirements.txt
	@command -v python3 >/dev/null || { echo "python3 is missing: the other engines are Python packages"; exit 1; }
	rm -rf $(PEERS)
	python3 -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet --disable-pip-version-check -r benches/peers/requirements.txt
	@touch $@

clean:
	$(CARGO) clean
	rm -rf ui/dist ui/node_modules $(CLIENTS)/.venv $(CLIENTS)/node_modules $(PEERS)
