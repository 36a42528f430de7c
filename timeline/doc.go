// Package timeline remembers what the nodes said and lays it side by side.
//
// Events come in, one source after another or many at once; timelines come out,
// one for each group and life of the cluster:
//
//	s := timeline.New()
//	add := s.Open("node1.log", 0) // one for each source, in its own goroutine
//	add(&event)                   // in the order of its lines
//	...
//	all := s.Finish(identity) // identity names the node of events that carry none
//	for _, group := range all.Groups() {
//		for _, t := range all.Build(group) { ... }
//	}
//
// # Lanes
//
// A [Lane] is what one node's log says about one group, in the order of that
// log. Events stand in it at places, as records of 64 bytes in a column; an
// event is unpacked when somebody asks for it ([Lane.Event]), and a [Proof] is
// a lane and a place. A lane changes only through events of its own node, so
// lanes fold apart, side by side, and join in any order:
//
//	store.go   sources write into strips: one for each writer, group and node
//	strip.go   how rows are coded while they wait for their group to be looked at
//	column.go  the record, and how an event is packed into it
//	weave.go   the strips of one node become one lane: files in the order of
//	           their stamps, repeats dropped, lines without a group added
//	group.go   the lanes of one group; runs of a process (incarnations), falls
//	life.go    where the whole cluster began anew
//	scan.go    one pass over a lane: roles, commits, what it sends and receives,
//	           and the rounds in which patience is counted
//	traffic.go the messages of a lane in one direction, by channel
//
// # Timelines
//
// A [Timeline] is the lanes of one group side by side. Terms and indexes come
// before clocks: they are Raft's own time, and they pair what two nodes say.
// What a timeline answers:
//
//	pair.go        which receive belongs to which send ([Timeline.Pair])
//	fate.go        what became of each message, and how that is known
//	tenure.go      who led in which term, by whose word
//	voters.go      who has a vote, by configuration, campaign, progress or sight
//	stall.go       when entries waited for commit beyond patience
//	gate.go        how far a stuck entry came with each voter ([Timeline.Place])
//	leaderless.go  when nobody led
//	pause.go       when a whole process stood still
//	apply.go       when entries were committed and not applied
//	broken.go      states that Raft forbids
//	clock.go       how far the clocks are apart, with bounds ([Timeline.Clock])
//	ledger.go      the group's books ([Timeline.Ledgers])
//	transcript.go  messages and proposals in order ([Timeline.Transcript])
//
// # Speakers
//
// Symptoms stand in no lane: they name nodes by ids, names and addresses at
// will, and who is who is found later, from all logs. Each process is a
// [Speaker] with its sightings in the order of its log, equal ones near one
// another as one (symptoms.go).
//
// # Absence
//
// A line that is missing proves something only where it would have been
// printed: the lane prints lines of that kind, and it covers the moment.
// Everything here that says no, or lost, has looked for both; else the answer
// is that the log cannot tell, and what would.
//
//	node1.log   sent 1->2 MsgApp Log:1/1 Entries:1
//	node1.log   sent 1->2 MsgApp Log:1/2 Entries:1
//	node2.log   received 1->2 MsgApp Log:1/2 Entries:1   the first one is lost
//	node2.log   (no received MsgApp at all)              nothing is known
//
// # Clocks
//
// A wall clock measures waits inside one node's log. Between nodes it serves
// drawing alone: a [Clock] bounds the offset of two of them, and nothing is put
// in order by it.
//
// The package judges nothing; package hypotheses does.
package timeline
