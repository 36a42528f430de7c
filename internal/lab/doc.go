// Package lab makes runs of the reference cluster whose diagnosis is known, and
// grades diagnoses.
//
//	seed, case -> Plan -> Run (events, truth) -> Damage -> files -> diagnosis -> Mark -> Tally
//
// A [Plan] is drawn from a seed: how many nodes and groups, which timers,
// latencies, clocks and election settings, what the lines look like and how
// the files are laid out. Its [Case] says what goes wrong, or what only looks
// as if it did. The run is deterministic, and so is everything that is made of
// it; it carries the truth: the fate of every message and proposal, the states
// that each replica came to, and whether the fault had an impact, by comparison
// with its twin, the same run without the fault.
//
// raftdiag grade runs it over seeds, cases and damages; raftdiag cluster
// --virtual writes one such run with its truth.
//
// The package knows nothing of the parser or the judges. It is given reports
// and holds them against the truth.
package lab
