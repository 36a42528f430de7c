package hypotheses

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/timeline"
)

// sameAgain is how soon a log must repeat itself for both to be one saying.
const sameAgain = raftdiag.Stamp(time.Minute)

// Chronology lists what logs say beside messages, in the order of the stamps that
// they print, those without a stamp first. Groups limits it to these groups and
// to what names none; no groups means all. A node that says the same again
// within a minute, with nothing about who leads between, is quoted once.
func Chronology(speakers []*timeline.Speaker, groups []string) []raftdiag.Saying {
	list, _ := members(speakers)
	called := map[string]string{}
	for _, m := range list {
		for _, w := range m.words {
			called[w] = m.name
		}
	}
	out := []raftdiag.Saying{}
	for _, m := range list {
		newest := map[string]int{} // by what is said, the place in out
		for _, s := range m.seen {
			says, mood := saying(&s.Event, m, called)
			if says == "" || s.Group != "" && len(groups) > 0 && !slices.Contains(groups, s.Group) {
				continue
			}
			key := s.Group + "\x00" + says
			if i, ok := newest[key]; ok && s.Time != raftdiag.NoStamp && s.Time-out[i].Until <= sameAgain {
				old := &out[i]
				old.Times += s.Times
				old.Until = max(old.Until, s.Until)
				old.Longest = max(old.Longest, s.Duration)
				continue
			}
			if mood == raftdiag.Ruling {
				clear(newest)
			}
			newest[key] = len(out)
			out = append(out, raftdiag.Saying{Node: m.name, Says: says, Mood: mood, Times: s.Times, Until: s.Until, Longest: s.Duration, Event: &s.Event})
		}
	}
	slices.SortStableFunc(out, func(a, b raftdiag.Saying) int {
		return cmp.Or(cmp.Compare(a.Event.Time, b.Event.Time), strings.Compare(a.Node, b.Node))
	})
	return out
}

// saying words what a log says; empty for what tells nothing of a system's course.
// called is what the nodes are called, by the words that logs have for them.
func saying(e *raftdiag.Event, by *member, called map[string]string) (string, raftdiag.Mood) {
	y := e.Symptom
	if y == nil {
		switch e.Kind {
		case raftdiag.Panicked:
			return complete("dies[: TEXT]", e, ""), raftdiag.Ailing
		case raftdiag.Stopped:
			return complete("stops in order[: TEXT]", e, ""), raftdiag.Routine
		case raftdiag.Booted:
			return complete("starts[ in term TERM]", e, ""), raftdiag.Routine
		case raftdiag.ConfigChanged:
			return "has members " + configured(e.Config, called), raftdiag.Routine
		}
		return "", ""
	}
	peer := ""
	if len(y.Peer) > 0 {
		peer = y.Peer[0]
		for _, w := range y.Peer {
			if name, ok := called[w]; ok {
				peer = name
				break
			}
		}
	}
	if peer != "" && peer == by.name {
		peer = "itself"
	}
	t, ok := tellings[y.Sign]
	if y.Sign == raftdiag.RoleTaken {
		t, ok = roleTellings[e.Role]
	}
	if !ok {
		return "", ""
	}
	if y.Sign == raftdiag.CampaignBegun && e.Type == raftdiag.MsgPreVote {
		t = roleTellings[raftdiag.PreCandidate]
	}
	return complete(t.text, e, peer), t.mood
}

// configured words a configuration with the names of its nodes.
func configured(c *raftdiag.Config, called map[string]string) string {
	if c == nil {
		return "that it does not name"
	}
	list := func(ids []raftdiag.NodeID) string {
		names := make([]string, len(ids))
		for i, id := range ids {
			names[i] = id.String()
			for _, word := range [...]string{names[i], strconv.FormatUint(uint64(id), 16)} {
				if name, ok := called[word]; ok {
					names[i] = name
				}
			}
		}
		slices.Sort(names)
		return strings.Join(names, " ")
	}
	text := list(c.Voters)
	if len(c.VotersOutgoing) > 0 {
		text += ", until now " + list(c.VotersOutgoing)
	}
	if learners := slices.Concat(c.Learners, c.LearnersNext); len(learners) > 0 {
		text += ", learners " + list(learners)
	}
	return text
}

// complete fills a telling in.
func complete(text string, e *raftdiag.Event, peer string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "[")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		part, behind, _ := strings.Cut(rest, "]")
		text = behind
		part, instead, _ := strings.Cut(part, "|")
		for _, f := range [...]struct{ name, value string }{
			{"PEER", peer}, {"TERM", decimal(e, raftdiag.HasTerm, uint64(e.Term))}, {"INDEX", decimal(e, raftdiag.HasIndex, uint64(e.Index))},
			{"LAST", decimal(e, raftdiag.HasLast, uint64(e.Last))}, {"TEXT", firstOf(e.Text, mostText)}, {"TROUBLE", troubleIn(e)},
		} {
			if strings.Contains(part, f.name) {
				if f.value == "" {
					part = instead
				} else {
					part = strings.Replace(part, f.name, f.value, 1)
				}
				break
			}
		}
		out.WriteString(part)
	}
}

func decimal(e *raftdiag.Event, bit raftdiag.Field, n uint64) string {
	if !e.Has(bit) {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

// mostText is how much of a text is quoted.
const mostText = 100

// firstOf is the first line of a text, cut to n bytes.
func firstOf(text string, n int) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	if len(text) > n {
		text = strings.ToValidUTF8(text[:n], "") + "..."
	}
	return text
}

func troubleIn(e *raftdiag.Event) string {
	if e.Symptom == nil {
		return ""
	}
	if words, ok := troubleWords[e.Symptom.Trouble]; ok {
		return words
	}
	return firstOf(e.Text, mostText)
}

var troubleWords = map[raftdiag.Trouble]string{
	raftdiag.Refused:          "nobody listens there",
	raftdiag.TimedOut:         "no answer in time",
	raftdiag.Reset:            "the connection broke",
	raftdiag.Closed:           "the other side hung up",
	raftdiag.NoRoute:          "no way leads there",
	raftdiag.NameUnknown:      "the host's name is not known",
	raftdiag.TLSExpired:       "a certificate is not valid at this time",
	raftdiag.TLSAuthority:     "a certificate is signed by an authority that is not trusted",
	raftdiag.TLSHost:          "a certificate is for another host",
	raftdiag.ClusterMismatch:  "it belongs to another cluster",
	raftdiag.PeerMismatch:     "it is another node than the one meant",
	raftdiag.PeerRemoved:      "it was removed from the members",
	raftdiag.VersionMismatch:  "the versions do not fit",
	raftdiag.AddressUnknown:   "no address is known",
	raftdiag.BufferFull:       "a queue is full",
	raftdiag.DiskFull:         "the disk is full",
	raftdiag.DiskBroken:       "the disk fails",
	raftdiag.Corrupted:        "the data cannot be right",
	raftdiag.PermissionDenied: "permission is denied",
	raftdiag.Cancelled:        "it was given up",
	raftdiag.TooLarge:         "too large",
	raftdiag.Unavailable:      "it cannot serve now",
}

// A telling is how a sign is told. What stands in brackets is told if its word in
// capitals is known, and else what stands behind the bar.
type telling struct {
	mood raftdiag.Mood
	text string
}

var roleTellings = map[raftdiag.Role]telling{
	raftdiag.Leader:       {raftdiag.Ruling, "leads[ in term TERM]"},
	raftdiag.Follower:     {raftdiag.Ruling, "follows[ PEER][ in term TERM]"},
	raftdiag.Candidate:    {raftdiag.Ruling, "is a candidate[ in term TERM]"},
	raftdiag.PreCandidate: {raftdiag.Ruling, "asks ahead whether it could be elected[ in term TERM]"},
}

var tellings = map[raftdiag.Sign]telling{
	raftdiag.StartedUp:    {raftdiag.Routine, "starts[ in term TERM]"},
	raftdiag.Serving:      {raftdiag.Routine, "is ready for clients"},
	raftdiag.ShuttingDown: {raftdiag.Routine, "stops in order[: TEXT]"},
	raftdiag.Died:         {raftdiag.Ailing, "dies[: TEXT]"},

	raftdiag.CampaignBegun:    {raftdiag.Ruling, "campaigns[ in term TERM]"},
	raftdiag.LeaderKnown:      {raftdiag.Ruling, "knows [PEER as ]the leader[ of term TERM]"},
	raftdiag.LeaderLost:       {raftdiag.Ruling, "has lost its leader[ PEER][ in term TERM]"},
	raftdiag.QuorumLost:       {raftdiag.Ailing, "has lost its quorum[ in term TERM]"},
	raftdiag.VoteAsked:        {raftdiag.Ruling, "asks [PEER ]for a vote[ in term TERM]"},
	raftdiag.VoteGranted:      {raftdiag.Ruling, "votes[ for PEER][ in term TERM]"},
	raftdiag.VoteRefused:      {raftdiag.Ruling, "refuses its vote[ to PEER][ in term TERM]"},
	raftdiag.VoteIgnored:      {raftdiag.Ruling, "hears a leader and does not answer the request for a vote[ of PEER]"},
	raftdiag.VoteGot:          {raftdiag.Ruling, "has the vote[ of PEER][ in term TERM]"},
	raftdiag.VoteDenied:       {raftdiag.Ruling, "is refused a vote[ by PEER][ in term TERM]"},
	raftdiag.HigherTermSeen:   {raftdiag.Ruling, "hears of the higher term[ TERM][ from PEER]"},
	raftdiag.LowerTermIgnored: {raftdiag.Ruling, "ignores an old term[ of PEER]"},
	raftdiag.TransferBegun:    {raftdiag.Ruling, "gives leadership away[ to PEER]"},
	raftdiag.TransferDone:     {raftdiag.Ruling, "has given leadership away[ to PEER]"},
	raftdiag.TransferFailed:   {raftdiag.Ailing, "could not give leadership away[ to PEER]"},
	raftdiag.CampaignBarred:   {raftdiag.Ruling, "may not campaign[: TEXT]"},
	raftdiag.NoLeaderKnown:    {raftdiag.Ailing, "can do nothing: no leader is known"},

	raftdiag.LinkUp:        {raftdiag.Routine, "has a connection[ with PEER]"},
	raftdiag.LinkDown:      {raftdiag.Ailing, "has no connection[ with PEER][: TROUBLE]"},
	raftdiag.ContactLost:   {raftdiag.Ailing, "does not hear [PEER|its peer]"},
	raftdiag.SendDropped:   {raftdiag.Ailing, "drops what it has to send[ to PEER][: TROUBLE]"},
	raftdiag.PeerRefuses:   {raftdiag.Ailing, "is turned away[ by PEER][: TROUBLE]"},
	raftdiag.PeerRefused:   {raftdiag.Ailing, "turns [PEER|a peer] away[: TROUBLE]"},
	raftdiag.LinkSlow:      {raftdiag.Ailing, "has a slow way[ to PEER]"},
	raftdiag.ClockSkew:     {raftdiag.Ailing, "finds another time[ at PEER]"},
	raftdiag.HeartbeatLate: {raftdiag.Ailing, "is late with its own heartbeats"},

	raftdiag.DiskSlow:      {raftdiag.Ailing, "waits for its disk"},
	raftdiag.AppendSlow:    {raftdiag.Ailing, "waits for an append"},
	raftdiag.ApplySlow:     {raftdiag.Ailing, "applies slowly"},
	raftdiag.ReadSlow:      {raftdiag.Ailing, "lets a read wait"},
	raftdiag.RequestSlow:   {raftdiag.Ailing, "serves a request slowly"},
	raftdiag.LoopSlow:      {raftdiag.Ailing, "is slow in its Raft loop"},
	raftdiag.Overload:      {raftdiag.Ailing, "is overloaded"},
	raftdiag.StorageBroken: {raftdiag.Ailing, "cannot use its storage[: TROUBLE]"},
	raftdiag.EntriesLost:   {raftdiag.Ailing, "misses entries[: it has them up to LAST]"},
	raftdiag.QuotaExceeded: {raftdiag.Ailing, "has used up its quota of space"},
	raftdiag.QuotaCleared:  {raftdiag.Routine, "has space again"},
	raftdiag.LogRecovered:  {raftdiag.Routine, "has read its log back[ up to LAST]"},
	raftdiag.ApplyBroken:   {raftdiag.Ailing, "cannot apply[: TEXT]"},
	raftdiag.ApplyBehind:   {raftdiag.Ailing, "applies far behind commit"},

	raftdiag.MemberAdded:       {raftdiag.Routine, "takes [PEER|a node] in as a member"},
	raftdiag.MemberRemoved:     {raftdiag.Routine, "strikes [PEER|a node] off the members"},
	raftdiag.MemberPromoted:    {raftdiag.Routine, "gives [PEER|a learner] a vote"},
	raftdiag.SelfRemoved:       {raftdiag.Ailing, "learns that it is no member any more"},
	raftdiag.MembershipRefused: {raftdiag.Ailing, "refuses to change the members[: TEXT]"},
	raftdiag.JoinFailed:        {raftdiag.Ailing, "could not join[: TEXT]"},
	raftdiag.IDConflict:        {raftdiag.Ailing, "meets an id or name twice"},

	raftdiag.SnapshotMade:       {raftdiag.Routine, "makes a snapshot[ at INDEX]"},
	raftdiag.SnapshotSent:       {raftdiag.Routine, "sends a snapshot[ to PEER]"},
	raftdiag.SnapshotSendFailed: {raftdiag.Ailing, "could not send a snapshot[ to PEER][: TROUBLE]"},
	raftdiag.SnapshotArrived:    {raftdiag.Routine, "gets a snapshot[ from PEER]"},
	raftdiag.SnapshotApplied:    {raftdiag.Routine, "has installed a snapshot[ up to INDEX]"},

	raftdiag.AppendRefused: {raftdiag.Ailing, "entries do not fit the log[ of PEER][ at INDEX]"},
	raftdiag.LogConflict:   {raftdiag.Routine, "replaces entries by the leader's[ from INDEX on]"},
	raftdiag.CommitStuck:   {raftdiag.Ailing, "waits for a commit"},
	raftdiag.RequestFailed: {raftdiag.Ailing, "fails a client's request[: TROUBLE]"},
}
