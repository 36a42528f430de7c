// Command real runs real Raft systems, breaks them, and keeps what they print
// together with what was done to them.
//
//	go run . list                            what it can record
//	go run . record -o DIR [PATTERN...]      record
//	go run . check -raftdiag FILE DIR        hold raftdiag's verdicts against the truth
//	go run . index DIR                       what each log says that healthy ones do not
//	go run . pack -o DIR RECORDING...        make fixtures of recordings
//
// It is a module of its own, so that raftdiag does not depend on the systems.
// They come from the Go module proxy, are built once and kept in the user's
// cache directory. A recording is a directory:
//
//	etcd-3.6.16/leader-killed/node1.log      what the process printed, over all its lives
//	                          node2.log
//	                          node3.log
//	                          truth.json     see [Truth]
//
// The flow: a [Scenario] names a system, its settings and a fault; [record]
// starts a [Cluster] of processes over a [Network], lets a [Load] write, breaks
// it, perhaps heals it, and writes the [Truth]. There are three networks:
// plain loopback, proxies in front of each node (no privileges needed), and a
// router of our own between network namespaces, which loses single packets as
// a real one does (needs root). Disks are directories, a small tmpfs, or a
// FUSE file system of our own that is slow or fails on demand.
package main
