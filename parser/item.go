package parser

import (
	"github.com/raftdiag/raftdiag"
)

// A role says what an item is to the lines around it.
type role uint8

const (
	plain        role = iota
	progressHead      // Progress tracker for G:
	messageHead       // Outgoing messages from G:
	entryHead         // Committed entries for G:
	progressRow       // Peer 1: ...
	messageRow        // Msg[0]: ...
	entryRow          // Committed[0]: ...
	onlyGroup         // names no group and concerns one: a boot line, a configuration
	fileHead          // ==> node1.log <==
	panicPart         // one of the lines of a panic
	groupless         // names no group, and belongs to the work around it: a failed send
)

// An item is what one line gave: an event, what binds it to the lines around
// it, and where it stands in its block. It holds nothing of the lines before,
// so blocks parse side by side.
type item struct {
	ev      raftdiag.Event
	line    int64 // from the start of the block, counting from 0
	role    role
	env     envelope
	dialect dialect
	part    textPart // what it is within a describer's text
	row     int64    // the number that a row prints, or -1
	thread  uint32   // the thread that the line prints, or 0
}

// An envelope is how a line was wrapped.
type envelope uint8

const (
	bare envelope = iota
	tracing
	jsonLog
	textLog // a logger that is known by its stamp or level only
	zapConsole
	capnslog
	hclog
	logfmt
	klog
	tikvLog
	crdbLog
	natsLog
	goLog
	syslog
	journald
	container // docker, CRI, compose, kubectl
	otlp
	log4j
	erlang
	tailEnvelope
	numEnvelopes
)

var envelopeNames = [numEnvelopes]string{"", "tracing", "JSON", "", "zap console", "capnslog", "hclog", "logfmt", "klog", "TiKV log", "CockroachDB log",
	"NATS log", "Go log", "syslog", "journald", "container log", "OTLP", "log4j", "Erlang logger", ""}

// A dialect is what the words of a line mean.
type dialect uint8

const (
	readyloop dialect = iota
	ownEvents
	anyDialect // a line of another matter
	etcdRaft
	etcdServer
	describe   // etcd raft's DescribeMessage, DescribeReady, Status
	stateTrace // etcd raft's with_tla
	hashiRaft
	natsRaft
	tikvStore
	raftRs
	cockroach
	dragonboat
	openraft
	rabbitRa
	redpanda
	kafkaRaft
	nuraft
	otherRaft
	customDialect
	numDialects
)

var dialectNames = [numDialects]string{"readyloop", "events", "", "etcd raft", "etcd", "DescribeMessage", "state trace", "hashicorp/raft", "NATS", "TiKV", "raft-rs",
	"CockroachDB", "dragonboat", "openraft", "RabbitMQ", "Redpanda", "KRaft", "NuRaft", "Raft", "custom"}

// mixed reports whether some lines of a dialect name their node and others do
// not.
func (d dialect) mixed() bool { return d == readyloop || d == customDialect }

// An outcome is what a reader made of a text.
type outcome uint8

const (
	notRaft outcome = iota
	raft
	unreadable // it begins like a Raft line
)
