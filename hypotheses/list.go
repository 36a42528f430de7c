package hypotheses

import (
	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

// A Hypothesis is one place at which a proposal can die.
type Hypothesis struct {
	ID     string // H1 to H5, or empty
	Name   string
	Title  string
	Doc    string
	Needs  []raftdiag.Kind // kinds of events without which it cannot be decided
	Lines  []string        // the same in the words of a log
	Gates  []timeline.Gate // the gates before which a proposal stops
	Remedy string
	Ask    string
}

// causes explains why the voters are stopped at the hypothesis's gates.
func (h *Hypothesis) causes(c *stuck, blocked []*timeline.Place) []cause {
	switch h {
	case noBroadcast:
		return broadcastCauses(c, blocked)
	case noDelivery:
		return deliveryCauses(c, blocked)
	case noResponse:
		return responseCauses(c, blocked)
	case noQuorum:
		return quorumCauses(c, blocked)
	case noCommitAdvance:
		return commitCauses(c)
	}
	return nil
}

// hypotheses lists them in the order of the gates.
var hypotheses = []*Hypothesis{
	proposalDropped, noLeader, noBroadcast, noDelivery, noResponse, noQuorum, noCommitAdvance, applyStalled,
}

func byGate(g timeline.Gate) *Hypothesis {
	for _, h := range []*Hypothesis{noBroadcast, noDelivery, noResponse, noQuorum, noCommitAdvance, applyStalled} {
		for _, own := range h.Gates {
			if own == g {
				return h
			}
		}
	}
	return nil
}
