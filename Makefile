# Everything that is done to hedged is a target here; `make` lists them.
# Go, make and git are all that a fresh machine needs.

GO       ?= go
TOOL      = $(GO) tool -modfile=test/tools/go.mod
OUT      ?= out
IMAGE    ?= hedged:dev
FUZZTIME ?= 20s

# What `hedged version` tells. It is given to the linker rather than left to
# Go's own stamp, which fails where git does not trust the checkout.
VERSION ?= $(shell git describe --tags --match 'v[0-9]*' --always --dirty 2>/dev/null || echo dev)
COMMIT  ?= $(shell git rev-parse HEAD 2>/dev/null)
DATE    ?= $(shell TZ=UTC0 git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd 2>/dev/null)
EPOCH   ?= $(or $(shell git log -1 --format=%ct 2>/dev/null),0)
LDFLAGS  = -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)
export GOFLAGS += -buildvcs=false

# Without debug information, which nobody reads of these programs; and the same flags
# for all of them, so that what they share is compiled once.
LEAN = -gcflags=all=-dwarf=false -ldflags '-s -w'

# The folder that has go:generate lines.
GENERATED := api

# The engine's parts whose tests must reach nearly every statement.
COVERED := pkg/hedge pkg/budget pkg/breaker pkg/policy pkg/adapt
# The packages of the cluster's module that need no cluster. Those of the image's module
# compress for a minute under the race detector, on one goroutine: they run without it.
UNITS := ./control ./load ./trace ./waterfall ./cmd/upstream ./cmd/waterfall

# The packages whose long tests stand in files with the build tag !race: millions of
# simulated calls on one goroutine, in which the race detector has nothing to find and
# takes ten times as long. Their short tests are run once more with them.
LONG := ./pkg/adapt ./pkg/demo ./pkg/sim ./test/goals

FLOORS  := $(foreach p,$(COVERED),-floor $(p)=90)

.DEFAULT_GOAL := help

##@ Use

.PHONY: help
help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: build
build: ## build bin/hedged and bin/kubectl-hedged
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/hedged ./cmd/kubectl-hedged

.PHONY: demo
demo: build ## hedged calls against flaky upstreams, measured (ARGS="--seed 2")
	bin/hedged demo --out $(OUT) $(ARGS)

.PHONY: simulate
simulate: build ## what a policy would do, by simulation (ARGS="--scenario iid-loss")
	bin/hedged simulate $(ARGS)

.PHONY: run
run: build ## serve the policies of POLICIES (default policies/demo)
	bin/hedged serve --policies $(or $(POLICIES),policies/demo) $(ARGS)

.PHONY: image
image: ## build the container image IMAGE with docker, podman, buildah, or Go alone (ENGINE=none)
	@VERSION='$(VERSION)' COMMIT='$(COMMIT)' DATE='$(DATE)' SOURCE_DATE_EPOCH='$(EPOCH)' LDFLAGS='$(LDFLAGS)' \
	  GO='$(GO)' OUT='$(OUT)' ENGINE='$(ENGINE)' PLATFORMS='$(PLATFORMS)' test/image/build.sh '$(IMAGE)'

##@ Test

.PHONY: test
test: cc kube chart-tools ## every test but the long ones, under the race detector
	$(GO) run ./test/report -- -race ./... -- -C test/image ./... -- -C test/cluster -race $(UNITS)

# The coverage floors are held here: the race detector follows every count of a
# statement, which makes the tests of pkg/adapt more than ten times as slow.
.PHONY: long
long: ## the long runs of controller and simulator, without the race detector, and the coverage floors
	$(GO) run ./test/report $(FLOORS) -- -cover -timeout 30m $(sort $(LONG) $(COVERED:%=./%)) $(ARGS)

# A real API server for the tests that speak to one: etcd and Kubernetes, built from
# Go modules. It takes about eight minutes once, and a second when it is there.
.PHONY: kube
kube: ## build the API server that tests run
	@cd test/cluster && $(GO) run ./cmd/cluster build kube

# What tests the chart: helm-unittest, helm-docs, promtool, and two programs of our own.
.PHONY: chart-tools
chart-tools: ## build the tools that test the chart
	@mkdir -p bin/chart && cd test/chart/tools && CGO_ENABLED=0 $(GO) build -trimpath -tags=remove_all_sd $(LEAN) -o ../../../bin/chart/ tool ./strict ./selectors

.PHONY: e2e
e2e: ## hedged by its chart on a real Kubernetes node on this machine: Linux, root, Debian (ARGS="-run TestTypo")
	@cd test/cluster && $(GO) build -o ../../bin/cluster/cluster ./cmd/cluster
	@bin/cluster/cluster check
	@bin/cluster/cluster build
	CGO_ENABLED=0 $(GO) run ./test/report -- -C test/cluster -exec '$(CURDIR)/bin/cluster/cluster run' -count=1 -timeout 60m -trimpath $(LEAN) $(ARGS) ./e2e

# The chart's README is made of the comments in its values.
.PHONY: chart-docs
chart-docs: chart-tools ## write the chart's README anew
	bin/chart/helm-docs --chart-search-root charts

.PHONY: golden
golden: ## write the golden files anew, to be read in the diff
	$(GO) test $$(grep -rlE 'flag\.Bool\("update"' --include='*_test.go' api cmd pkg test | xargs -n1 dirname | sort -u | sed 's|^|./|') -update

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (20s)
	@grep -roE 'func Fuzz[A-Za-z0-9_]+' --include='*_test.go' api cmd pkg test | sort | \
	  sed -E 's|^(.*)/[^/]*:func (.*)$$|\1 \2|' | while read -r dir name; do \
	    echo "$$dir $$name"; \
	    $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) ./$$dir || exit 1; \
	  done

.PHONY: cost
cost: build ## CPU of a call that needs no hedge, against a tuned ReverseProxy
	cd bench && $(GO) build -o ../bin/cost ./cost
	bin/cost -hedged bin/hedged $(ARGS)

.PHONY: ticks
ticks: ## CPU of making plans: 1,000 policies, 20 of them called
	$(GO) test -run '^$$' -bench Ticks -benchtime 100x ./pkg/demo

.PHONY: bench
bench: ## every benchmark, with allocations
	$(GO) test -run '^$$' -bench . -benchmem ./...

# Apart from test: what needs a C compiler says so before it compiles.
.PHONY: cc
cc:
	@test/cc.sh

##@ Check

.PHONY: check
check: format vet lint modules arch generated ## everything below but vuln

.PHONY: format
format: ## fail on a file that gofmt or goimports would change
	@$(TOOL) golangci-lint fmt --diff

.PHONY: vet
vet: ## go vet
	$(GO) vet ./...

.PHONY: lint
lint: ## golangci-lint with .golangci.yml
	$(TOOL) golangci-lint run

.PHONY: modules
modules: ## go.mod and go.sum are tidy, and the modules are what go.sum says
	$(GO) mod tidy -diff
	$(GO) mod verify

.PHONY: arch
arch: ## the import floors and what else test/arch holds
	$(GO) test ./test/arch

.PHONY: generated
generated: ## generated files are what go generate writes
	@before=$$(mktemp -d) && trap 'rm -rf "$$before"' EXIT && cp -R $(GENERATED) "$$before" && \
	$(GO) generate $(GENERATED:%=./%/...) && \
	diff -ru "$$before/$(GENERATED)" $(GENERATED) || \
	  { echo "generated files had drifted: they are written anew, commit them" >&2; exit 1; }

.PHONY: vuln
vuln: ## known vulnerabilities (asks vuln.go.dev)
	$(TOOL) govulncheck ./...

.PHONY: fix
fix: ## format, and apply what the linters can fix
	$(TOOL) golangci-lint fmt
	$(TOOL) golangci-lint run --fix

.PHONY: clean
clean: ## remove what make built
	rm -rf bin $(OUT) coverage.out
