package timeline

import (
	"math"
	"slices"
	"sort"

	"github.com/raftdiag/raftdiag"
)

// Losses are the lines that one lane lacks, as far as other lanes show it: what
// they received of the node and the node's own log does not send. A line that is
// missing there was lost, and so may be the lines of messages that the node
// received: they are no proof that a message was lost.
type losses struct {
	sends int     // how many the lane shows that another lane received
	shown []int32 // their places, where there are gaps
	gaps  []gap
	holes []gap // where so many lines of one kind are missing in a row that a whole piece of the log is
}

// A gap is a line that is missing between two places of a lane.
type gap struct{ after, before int32 }

// lossesOf finds the lines that a lane lacks.
func (t *Timeline) lossesOf(l *Lane) *losses {
	t.mu.Lock()
	x := l.losses
	t.mu.Unlock()
	if x != nil {
		return x
	}
	x = &losses{}
	pairings := make([]*Pairing, 0, 16)
	for _, other := range t.Lanes {
		if other == l {
			continue
		}
		for _, c := range other.receives.channels {
			if c.From != l.Node || c.To != other.Node || l.Prints(Out, c.Type) == 0 {
				continue
			}
			if c.Type != raftdiag.MsgApp && c.Type != raftdiag.MsgAppResp {
				continue // headers of others recur, and which line is missing does not show
			}
			p := t.Pair(c)
			pairings = append(pairings, p)
			before := int32(l.lo - 1)
			open := len(x.gaps) // from here on the gaps' end is to come
			for j, k := range p.SendOf {
				switch {
				case k >= 0:
					if !p.sure(j) {
						continue
					}
					before = p.Sends[k]
					for ; open < len(x.gaps); open++ {
						x.gaps[open].before = before
					}
					x.sends++
				case !p.Blurred || !p.vagueR[j]:
					x.gaps = append(x.gaps, gap{before, int32(l.hi)})
				}
			}
		}
	}
	if len(x.gaps) > 0 {
		x.shown = make([]int32, 0, x.sends)
		for _, p := range pairings {
			for j, k := range p.SendOf {
				if k >= 0 && p.sure(j) {
					x.shown = append(x.shown, p.Sends[k])
				}
			}
		}
		slices.Sort(x.shown)
		x.dig()
	}
	t.mu.Lock()
	l.losses = x
	t.mu.Unlock()
	return x
}

// sure reports whether receive j, which has a send, came of that send and in its
// turn.
func (p *Pairing) sure(j int) bool {
	return !p.Twice[j] && !p.Overtaken[j] && !p.Vague(int(p.SendOf[j]))
}

// dig finds the holes.
func (x *losses) dig() {
	least := max(6, runBeyondChance(len(x.gaps), len(x.gaps)+len(x.shown), 1e-4))
	for i := 0; i < len(x.gaps); {
		k := i
		for k < len(x.gaps) && x.gaps[k] == x.gaps[i] {
			k++
		}
		if k-i >= least {
			x.holes = append(x.holes, x.gaps[i])
		}
		i = k
	}
}

// hole reports whether a hole reaches into a stretch of the lane.
func (x *losses) hole(lo, hi int) bool {
	return slices.ContainsFunc(x.holes, func(g gap) bool { return int(g.before) > lo && int(g.after) < hi })
}

// lossSample is how many lines a share of lost lines is drawn from, at least.
const lossSample = 32

// Chance is how many lines must be missing between two places of a lane so that
// lost lines are no likely reason: 1 where the lane is not known to lack any. No
// number is enough where a piece of the log is missing.
func (t *Timeline) Chance(l *Lane, lo, hi int) int {
	if l == nil {
		return 1
	}
	x := t.lossesOf(l)
	if len(x.gaps) == 0 {
		return 1
	}
	if x.hole(lo, hi) {
		return math.MaxInt
	}
	a := sort.Search(len(x.shown), func(k int) bool { return int(x.shown[k]) >= lo })
	b := sort.Search(len(x.shown), func(k int) bool { return int(x.shown[k]) > hi })
	for b-a < lossSample && (a > 0 || b < len(x.shown)) {
		a, b = max(a-1, 0), min(b+1, len(x.shown))
	}
	if a > 0 {
		lo = min(lo, int(x.shown[a]))
	} else {
		lo = l.lo
	}
	if b < len(x.shown) {
		hi = max(hi, int(x.shown[b-1]))
	} else {
		hi = l.hi
	}
	missing := 0
	for _, g := range x.gaps {
		if int(g.before) >= lo && int(g.after) <= hi {
			missing++
		}
	}
	return runBeyondChance(missing, missing+b-a, 1e-4)
}

// share is how many of a lane's lines are missing, of those that others tell of.
func (t *Timeline) share(l *Lane) float64 {
	x := t.lossesOf(l)
	return float64(len(x.gaps)) / float64(max(len(x.gaps)+x.sends, 1))
}

// explains reports whether lines that a lane lacks explain that n of all lines
// are not there, wherever among them: about as many are missing as elsewhere.
func (t *Timeline) explains(l *Lane, n, all int) bool {
	r := t.share(l)
	return r > 0 && float64(n) <= 1+r*float64(all)+4*math.Sqrt(r*(1-r)*float64(all))
}

// mayReach reports whether the last messages that a lane sent to another may have
// arrived: their headers recur, and as many receipts are missing as the other's log
// lacks lines.
func (t *Timeline) mayReach(l, to *Lane) bool {
	for _, c := range l.sends.channels {
		if c.To != to.Node || c.Type != raftdiag.MsgHeartbeat && c.Type != raftdiag.MsgApp {
			continue
		}
		p := t.Pair(c)
		last := len(p.Sends) - 1
		if last < 0 || !p.Vague(last) {
			continue
		}
		n, all := 0, 0
		for k := int(p.vagueFrom[last]); k <= last; k++ {
			if p.Vague(k) && p.vagueFrom[k] == p.vagueFrom[last] {
				if all++; p.ReceiveOf[k] < 0 {
					n++
				}
			}
		}
		if t.explains(to, n, all) {
			return true
		}
	}
	return false
}

// Lacking counts the lines that a lane is known to lack: before its first send
// that another lane received, behind the last, and in between; and how many
// sends it shows.
func (t *Timeline) Lacking(l *Lane) (head, tail, within, shown int) {
	x := t.lossesOf(l)
	for _, g := range x.gaps {
		switch {
		case int(g.after) < l.lo:
			head++
		case int(g.before) >= l.hi:
			tail++
		default:
			within++
		}
	}
	return head, tail, within, x.sends
}

// stretch are the places of the receiver's lane between which the receives of
// the sends from place i to place k of the sender's would stand.
func (t *Timeline) stretch(from, to raftdiag.NodeID, i, k int) (lo, hi int) {
	f, l := t.Lane(from), t.Lane(to)
	if f == nil || l == nil {
		return 0, 0
	}
	lo, hi = l.lo, l.hi
	for _, c := range f.sends.channels {
		if c.From != from || c.To != to || !travels(c.Type) {
			continue
		}
		p := t.Pair(c)
		for n, s := range p.Sends {
			j := p.ReceiveOf[n]
			if j < 0 || p.Vague(n) {
				continue
			}
			if r := int(p.Receives[j]); int(s) < i {
				lo = max(lo, r)
			} else if int(s) > k {
				hi = min(hi, r)
			}
		}
	}
	return lo, max(lo, hi)
}
