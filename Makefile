# check is what CI runs. The others are described in CONTRIBUTING.md.
.PHONY: check npm bench crash fuzz

ROUNDS ?= 50
FUZZTIME ?= 20000x

check:
	bash .ci/run

# Installs the npm packages that tests use, exactly as locked. None of their scripts is run.
npm:
	npm ci --prefix cmd/internal/frontend --ignore-scripts --no-audit --no-fund
	npm ci --prefix clients/typescript/example --ignore-scripts --no-audit --no-fund

# Ends with one line a ratio: ratio NAME VALUE target >=TARGET
bench:
	go test -run '^$$' -bench . -benchtime 200ms ./balance ./handlers ./identity/session ./reminder ./store
	go run ./cmd/internal/bench

# Ends with: lost N doubled N unknown N of M
crash:
	go run ./cmd/internal/crash -rounds $(ROUNDS)

# Runs every fuzz target in turn, by a number of inputs: a time that is over while an input is tried fails the run with
# "context deadline exceeded". Nothing is minimized, for the same reason.
fuzz:
	@set -e; for pkg in $$(go list ./...); do \
	  for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "== $$pkg $$target"; \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 0 $$pkg; \
	  done; \
	done
