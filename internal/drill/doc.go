// Package drill makes logs whose diagnosis is known.
//
// A drill is a cluster of real go.etcd.io/raft/v3 RawNodes in memory, on a
// virtual clock, with one fault of a list. It prints the Ready-loop text as
// other applications print it: prefix, colours, names or numbers, rows and
// fields left out, layout of the files, ids and groups vary with the seed. One
// fault and one seed give the same bytes each time.
//
// The package knows nothing of the parser or the judges: each fault states
// what a right diagnosis says and what a wrong one would say.
package drill
