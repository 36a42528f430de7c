package lab

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/raftdiag/raftdiag"
)

// A thin look is how an application prints that tells less than raftlog does:
// kinds of lines and fields that it never prints, rather than lines that got
// lost.
type thin struct {
	beats     bool     // heartbeats are printed
	proposals bool     // what clients want, and get
	extract   bool     // the numbers of each Ready
	handover  bool     // messages that go to the transport
	own       bool     // the leader's own row among its peers'
	leaders   bool     // only a leader prints what it sends
	errors    bool     // states, and what is a warning or an error
	silent    []string // kinds that it does not print, with their rows
	short     raftdiag.Field
}

func drawThin(rng *rand.Rand) thin {
	t := thin{
		beats:     rng.IntN(4) > 0,
		proposals: rng.IntN(3) > 0,
		extract:   rng.IntN(2) == 0,
		handover:  rng.IntN(3) == 0,
		own:       rng.IntN(2) == 0,
		leaders:   rng.IntN(6) == 0,
		errors:    rng.IntN(10) == 0,
	}
	if rng.IntN(4) == 0 {
		t.silent = pick(rng, []string{"progress"}, []string{"sent"}, []string{"received"}, []string{"state"}, []string{"log"}, []string{"committed", "entry"})
	}
	if rng.IntN(4) == 0 {
		t.short = pick(rng, raftdiag.HasLogTerm, raftdiag.HasCommit, raftdiag.HasLogTerm|raftdiag.HasCommit)
	}
	return t
}

// thinned leaves out what such an application does not print.
func thinned(rng *rand.Rand, _ *Run, said []Word) []Word {
	t := drawThin(rng)
	roles := map[string]raftdiag.Role{} // by node and group
	said = slices.DeleteFunc(said, func(w Word) bool {
		key := raftdiag.NodeID(w.Node).String() + " " + w.Group
		if w.Kind == raftdiag.State {
			roles[key] = w.Role
		}
		return !t.prints(&w.Event, roles[key])
	})
	for i := range said {
		switch said[i].Kind {
		case raftdiag.Sent, raftdiag.Received, raftdiag.HandedOver:
			said[i].Set &^= t.short
		}
	}
	return said
}

// prints reports whether there is a line for the event, of a node in the role.
func (t *thin) prints(e *raftdiag.Event, role raftdiag.Role) bool {
	if slices.Contains(t.silent, e.Kind.String()) || t.errors && e.Kind != raftdiag.State && !trouble(e.Kind) {
		return false
	}
	switch e.Kind {
	case raftdiag.Sent, raftdiag.Received, raftdiag.HandedOver:
		return (t.beats || e.Type != raftdiag.MsgHeartbeat && e.Type != raftdiag.MsgHeartbeatResp) &&
			(t.handover || e.Kind != raftdiag.HandedOver) && (!t.leaders || e.Kind == raftdiag.Received || role == raftdiag.Leader)
	case raftdiag.Proposing, raftdiag.Proposed, raftdiag.Waiting, raftdiag.Replied, raftdiag.ProposalDropped, raftdiag.ProposalTimedOut:
		return t.proposals
	case raftdiag.Ready:
		return t.extract
	case raftdiag.ProgressRow:
		return t.own || e.Peer != e.Node
	}
	return true
}

// rare draws what is rare about an application's prefixes and layouts, and that
// its stamps are coarse.
func rare(rng *rand.Rand, l Look) Look {
	if l.Voice == "text" && rng.IntN(6) == 0 {
		l.Prefix = "doc"
	}
	if rng.IntN(6) == 0 {
		l.Layout = "grep"
	}
	if rng.IntN(3) == 0 {
		l.Grain = time.Second
	}
	return l
}

// cutShort lets one file in some runs end within a line.
func cutShort(rng *rand.Rand, _ *Run, files []File) []File {
	if len(files) == 0 || rng.IntN(4) != 0 {
		return files
	}
	f := &files[rng.IntN(len(files))]
	if n := len(f.Lines); n > 1 && f.Lines[n-1].Text != "" {
		f.Lines = slices.Clone(f.Lines)
		last := &f.Lines[n-1]
		last.Text = strings.ToValidUTF8(last.Text[:rng.IntN(len(last.Text))], "")
	}
	return files
}
