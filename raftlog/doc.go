// Package raftlog makes an application on go.etcd.io/raft/v3 diagnosable: a
// [Log] states what happens to its Ready loop as raftdiag events.
package raftlog
