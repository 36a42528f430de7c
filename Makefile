# The commands of this repository. CI runs .ci/run, which needs no make.

GO          ?= go
FUZZTIME    ?= 120s
CHECKS      ?= 200
STATICCHECK ?= honnef.co/go/tools/cmd/staticcheck@v0.8.2
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null)

.PHONY: build test race lint golden fixtures fuzz promises bench profile picture accuracy real ci clean

build: ## bin/raftdiag
	$(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/raftdiag ./cmd/raftdiag

test: ## all tests, as the README says
	$(GO) test ./...

race: ## all tests with the race detector
	$(GO) test -race ./...

lint: ## gofmt, vet and staticcheck
	@test -z "$$(gofmt -l .)" || { echo "gofmt would change:"; gofmt -l .; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	cd internal/real && $(GO) vet ./... && $(GO) run $(STATICCHECK) ./...

golden: ## write the expected outputs anew; read the diff
	.ci/golden

fixtures: ## record the incidents of fixtures/ anew; read the diff
	fixtures/record.sh
	go run ./internal/lab/incidents

fuzz: ## every fuzz target for FUZZTIME, one after the other: half an hour and more; what fails is kept in testdata/fuzz
	.ci/fuzz $(FUZZTIME)

promises: ## every promise on CHECKS drawn runs of the lab, one after the other: hours; what fails is for testdata/promises.jsonl
	$(GO) test ./cmd/raftdiag -run '^TestPromiseLab$$' -timeout 0 -v -rapid.nofailfile -rapid.checks=$(CHECKS)

bench: ## the whole program's speed and memory beside wc, grep and jq
	$(GO) run ./internal/bench

profile: ## what the compiler is told of where time goes; after changes of speed
	$(GO) test ./cmd/raftdiag -run '^$$' -bench BenchmarkAnalyze -benchtime 10s -cpu 1 -cpuprofile cmd/raftdiag/default.pgo -o /dev/null

accuracy: ## grade at length and write the tables of docs/ACCURACY.md; half an hour on two cores
	.ci/accuracy

real: ## record real etcd, hashicorp/raft and NATS with faults in bin/real, and grade raftdiag on them; takes hours, best as root
	$(GO) build -o bin/raftdiag ./cmd/raftdiag
	$(GO) -C internal/real run . record -skip -o ../../bin/real
	$(GO) -C internal/real run . check -raftdiag ../../bin/raftdiag ../../bin/real

picture: ## the parts of the README that come from the program
	$(GO) test -count=1 -run TestREADME . -update

ci: ## what CI runs
	.ci/run

clean:
	rm -rf bin
