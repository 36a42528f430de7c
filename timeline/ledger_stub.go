package timeline

import "github.com/raftdiag/raftdiag"

// Ledgers stands in until the ledgers land.
func (t *Timeline) Ledgers() raftdiag.Ledgers {
	return raftdiag.Ledgers{Pairs: []raftdiag.PairRow{}, Leadership: []raftdiag.TermRow{}, Membership: []raftdiag.MemberRow{}, Clocks: []raftdiag.ClockRow{}}
}
