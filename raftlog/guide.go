package raftlog

import _ "embed" // the guides

// GoGuide says, in Markdown, what an application on go.etcd.io/raft/v3 adds so
// that raftdiag can read its log.
//
//go:embed guide_go.md
var GoGuide string

// RustGuide says, in Markdown, what an application on raft-rs adds so that it
// prints its Ready loop in the words that raftdiag reads.
//
//go:embed guide_rust.md
var RustGuide string
