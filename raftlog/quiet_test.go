package raftlog_test

import (
	"io"
	"log"

	"go.etcd.io/raft/v3"
)

// quiet keeps the library's own log out of the examples.
var quiet raft.Logger = &raft.DefaultLogger{Logger: log.New(io.Discard, "", 0)}
