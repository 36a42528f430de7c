// Package cluster is the reference cluster: real raft.RawNodes with real gRPC
// between them and real files below them, which can be made to fail in a known
// way. raftdiag is tried on its logs.
//
//	client -> node -> replica (RawNode) -> store (bbolt)
//	                      |        ^
//	                  transport   server (gRPC over loopback)
//
// A [Config] says how many nodes and groups run and which [Fault]s strike
// when. [Run] runs it and returns the [Outcome]: what was injected, what became
// of every proposal and where each replica stood at the end. That is the truth;
// it is kept apart from the logs, which say only what an application on
// go.etcd.io/raft would say. No line names a fault.
//
// With Config.AsyncWrites Raft goes on while storage writes and while entries are
// applied: each has a strand of its own, which lets out what waited for it.
//
// A replica takes its time, its network and its committed entries' way through
// the env interface, so that its steps know neither goroutines nor clocks. Below
// that, clock, network and disks are interfaces too: with Config.Virtual the
// same nodes run on a virtual clock, a network and disks in memory. Such a run
// is the same each time, byte by byte, lasts some milliseconds, and keeps the
// fate of every message.
//
// A fault is a script ([FaultInfo]) that puts functions into a node's hooks, the
// places at which applications go wrong, or rules into the network. The list is
// in catalogue.go, and what only looks like a fault in harmless.go.
package cluster
