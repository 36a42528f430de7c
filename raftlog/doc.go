// Package raftlog makes an application on go.etcd.io/raft/v3 diagnosable.
//
// A [Log] belongs to one Raft group on one node. The application calls it
// where something happens to Raft, and the Log states that as raftdiag events:
//
//	log := raftlog.New(raftlog.Slog(logger), id, "orders-7")
//	log.Open(storage, applied)    // once, before the first Ready
//	...
//	rd := rn.Ready()
//	log.Took(rd, rn, storage)     // state, progress, log, messages out, commits
//	...                           // entries and HardState to storage
//	log.Stored(rd)
//	log.HandedOver(m)             // each message that goes to the transport
//	log.SendFailed(m, err)
//	log.Applied(index, 1)
//	...
//	log.Received(m)               // before Step
//	log.StepFailed(m, err)
//	log.Proposing(len(data))      // before Propose
//	log.ProposalDropped(len(data), err)
//
// Those are all that the hypotheses need to tell where a proposal died. The
// examples are two whole applications, one on RawNode and one on Node, with
// the added lines marked. [GoGuide] and [RustGuide] are the same for people
// who have not read this.
//
// # Voices
//
// A [Sink] writes events. [Slog] writes JSON lines through log/slog that hold
// everything; [Text] prints the Ready loop in the words of raft-rs
// applications, for people. raftdiag reads both. [Tee] has them together.
//
// # Order
//
// Took states, in this order: the state, the numbers of the Ready, the peers'
// progress (a leader's only: others have none), the configuration if it
// changed, the log, each message for a peer, a snapshot, and the committed
// entries. Stored states what storage took, a snapshot first. An application
// that samples Raft by itself calls Status before Ready instead of Took, and
// gets state, progress, configuration and log before the numbers of the Ready.
//
// # What is not logged
//
// Payloads and contexts never are: entries are counted, and committed ones have
// a size. A node's answers to itself and its messages to its own storage
// threads are no network messages and are left out.
//
// # Cost
//
// With a nil Log, or a Sink that is off, a call costs a few nanoseconds and no
// allocation. With slog's JSON handler an event costs about a microsecond and
// no allocation, except that Took copies every peer's progress. Run
// go test -bench . to measure a Ready loop without, off and on.
package raftlog
