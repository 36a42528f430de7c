package hypotheses

import "slices"

// An Alike is a class of causes that no log can tell apart: whoever reads one
// of them in a report has to think of the others too. It is published, by
// raftdiag explain limits, and a grade takes one of its causes for another.
type Alike struct {
	Causes []string
	Healed bool   // alike only where the fault ended within the log
	Why    string // why no log can tell them apart
	Tells  string // the line, or the look at the machine, that would
}

// Alikes lists the classes. There are few, and each has its reason: a pair that
// some log could tell apart does not belong here.
func Alikes() []Alike {
	return []Alike{
		{
			Causes: []string{"packet-loss", "slow-network", "sender-blocked"}, Healed: true,
			Why: "Raft repeats what is late as it repeats what is lost, and its messages bear no number: once the link is well again, a late message looks like the repetition of a lost one. " +
				"Whether the messages waited in the network or in the sender's transport, neither end sees.",
			Tells: "a number or a time of sending in each message, printed by both ends; the transport's count of what it resent and dropped",
		},
		{
			Causes: []string{"loop-stalled", "leader-stalled", "slow-disk"},
			Why: "A Raft loop that waits for its disk prints as little as one that waits for a lock: nothing. " +
				"Only a write that returns can be called slow.",
			Tells: "a line before the write and one behind it, with how long it took; a stack dump while it hangs",
		},
	}
}

// LookAlike reports whether two names are of one class. Where the fault lasts
// until the end of the log, those that are alike only once it has healed are
// told apart.
func LookAlike(a, b string, healed bool) bool {
	return slices.ContainsFunc(Alikes(), func(c Alike) bool {
		return (healed || !c.Healed) && slices.Contains(c.Causes, a) && slices.Contains(c.Causes, b)
	})
}
