package raftdiag

import (
	"encoding/json"
	"fmt"
	"strings"
)

// A Symptom is what a system's own log gives away in a line that shows no
// Raft message: who campaigned, who could not be reached, what was slow.
// Terms, indexes, durations, roles, configurations and texts stand in the
// event itself; the event's Node is not used, since such logs name nodes by
// ids, names and addresses at will.
type Symptom struct {
	Sign    Sign
	Trouble Trouble
	Level   Level
	Way     Way
	// Self and Peer are what the line calls the node that wrote it and the
	// other node of the matter: all its words for the node, the best first.
	// That they stand in one list says that they mean one node.
	Self []string
	Peer []string
	// Members are the other nodes that a line names at once, as a list of
	// members does.
	Members []Member
	What    string // the link, file or step of which the line speaks, as it names it
}

// A Member is one of the nodes in a line that lists several.
type Member struct {
	Words   []string `json:"words"`             // as in Self and Peer
	Learner bool     `json:"learner,omitempty"` // it has no vote
}

// EndsSilently is the What of a StartedUp whose program says nothing when it is
// stopped in order: then a new start does not tell a crash from a restart.
const EndsSilently = "ends silently"

// A Sign says what a symptom is a symptom of.
type Sign uint8

// The signs. Their meanings stand in the table below.
const (
	NoSign Sign = iota
	OtherLine
	NoiseLine

	StartedUp
	Serving
	ShuttingDown
	Died
	NamesItself
	NamesPeer

	CampaignBegun
	RoleTaken
	LeaderKnown
	LeaderLost
	QuorumLost
	VoteAsked
	VoteGranted
	VoteRefused
	VoteIgnored
	VoteGot
	VoteDenied
	HigherTermSeen
	LowerTermIgnored
	TransferBegun
	TransferDone
	TransferFailed
	CampaignBarred
	NoLeaderKnown

	LinkUp
	LinkDown
	ContactLost
	SendDropped
	PeerRefuses
	PeerRefused
	LinkSlow
	ClockSkew
	HeartbeatLate

	DiskSlow
	AppendSlow
	ApplySlow
	ReadSlow
	RequestSlow
	LoopSlow
	Overload
	StorageBroken
	EntriesLost
	QuotaExceeded
	QuotaCleared
	LogRecovered
	ApplyBroken
	ApplyBehind

	MemberAdded
	MemberRemoved
	MemberPromoted
	SelfRemoved
	Membership
	MembershipRefused
	JoinFailed
	IDConflict

	SnapshotMade
	SnapshotSent
	SnapshotSendFailed
	SnapshotArrived
	SnapshotApplied

	AppendRefused
	LogConflict
	CommitStuck
	RequestFailed
	numSigns
)

// A SignInfo describes a sign.
type SignInfo struct {
	Sign Sign
	Name string // in JSON
	Doc  string
}

var signTable = [numSigns]SignInfo{
	NoSign:    {NoSign, "none", "no sign; never emitted"},
	OtherLine: {OtherLine, "other", "a line that says nothing of Raft and shows that its process lives"},
	NoiseLine: {NoiseLine, "noise", "a line about Raft that is known to be harmless"},

	StartedUp:    {StartedUp, "started", "a process, or one group on it, came up; term, commit, applied and last where they are printed, config for the members that it knows"},
	Serving:      {Serving, "serving", "a process is ready for clients"},
	ShuttingDown: {ShuttingDown, "stopping", "a process ends in order: a signal, a command, a removal"},
	Died:         {Died, "died", "a process ends with a fatal error or a panic, in text; the numbers in it as in the kind panic"},
	NamesItself:  {NamesItself, "self", "a node says by which names it goes"},
	NamesPeer:    {NamesPeer, "peer", "a node says by which names another goes"},

	CampaignBegun:    {CampaignBegun, "campaign", "a node campaigns; term is its own before or in the election, type MsgPreVote where it only asks ahead"},
	RoleTaken:        {RoleTaken, "role", "a node takes a role in a term; peer is the leader where it is named"},
	LeaderKnown:      {LeaderKnown, "leader", "a node knows that peer leads"},
	LeaderLost:       {LeaderLost, "leader_lost", "a node knows no leader any more, or has not heard it for an election timeout; peer is the old one"},
	QuorumLost:       {QuorumLost, "quorum_lost", "a leader, or a group, says that a majority does not answer"},
	VoteAsked:        {VoteAsked, "vote_asked", "a candidate asks peer for its vote; index and log_term are the candidate's last"},
	VoteGranted:      {VoteGranted, "vote_granted", "a node votes for peer"},
	VoteRefused:      {VoteRefused, "vote_refused", "a node refuses peer its vote; index and log_term are the candidate's, last is its own"},
	VoteIgnored:      {VoteIgnored, "vote_ignored", "a node does not answer peer's vote request, since it hears from a leader"},
	VoteGot:          {VoteGot, "vote_got", "a candidate received peer's vote"},
	VoteDenied:       {VoteDenied, "vote_denied", "a candidate was refused by peer"},
	HigherTermSeen:   {HigherTermSeen, "higher_term", "a message of peer brought a higher term"},
	LowerTermIgnored: {LowerTermIgnored, "lower_term", "a message of peer was of an old term"},
	TransferBegun:    {TransferBegun, "transfer", "leadership is being given to peer"},
	TransferDone:     {TransferDone, "transferred", "leadership was given to peer"},
	TransferFailed:   {TransferFailed, "transfer_failed", "leadership could not be given to peer"},
	CampaignBarred:   {CampaignBarred, "campaign_barred", "a node may not campaign, because of text"},
	NoLeaderKnown:    {NoLeaderKnown, "no_leader", "work was refused or waits, because no leader is known"},

	LinkUp:        {LinkUp, "link_up", "a connection to or from peer works"},
	LinkDown:      {LinkDown, "link_down", "a connection to or from peer does not work; trouble and text say why"},
	ContactLost:   {ContactLost, "contact_lost", "peer was not heard, for duration where it is printed"},
	SendDropped:   {SendDropped, "send_dropped", "a message to peer was dropped before the network"},
	PeerRefuses:   {PeerRefuses, "peer_refuses", "peer refused this node's connection or message for a reason of its own: trouble says which"},
	PeerRefused:   {PeerRefused, "peer_refused", "this node refused peer's connection or message: trouble says why"},
	LinkSlow:      {LinkSlow, "link_slow", "the way to peer takes duration"},
	ClockSkew:     {ClockSkew, "clock_skew", "peer's clock differs by duration"},
	HeartbeatLate: {HeartbeatLate, "heartbeat_late", "this node's own heartbeats or ticks came late by duration: disk, processor or pause"},

	DiskSlow:      {DiskSlow, "disk_slow", "a write or sync of the log took duration"},
	AppendSlow:    {AppendSlow, "append_slow", "an append took duration; disk, processor and lock are not told apart"},
	ApplySlow:     {ApplySlow, "apply_slow", "applying took duration"},
	ReadSlow:      {ReadSlow, "read_slow", "a linearizable read waited for duration"},
	RequestSlow:   {RequestSlow, "request_slow", "a request took duration"},
	LoopSlow:      {LoopSlow, "loop_slow", "a step of the Raft loop took duration"},
	Overload:      {Overload, "overload", "the process cannot keep up, or refuses work because of it"},
	StorageBroken: {StorageBroken, "storage_broken", "storage failed: trouble says how"},
	EntriesLost:   {EntriesLost, "entries_lost", "entries that must be there are not: commit (or index) is asked for, last is there"},
	QuotaExceeded: {QuotaExceeded, "quota_exceeded", "writes are refused, since a quota of space is exceeded"},
	QuotaCleared:  {QuotaCleared, "quota_cleared", "the quota's alarm is over"},
	LogRecovered:  {LogRecovered, "recovered", "a log was read back at start, up to last where it is printed"},
	ApplyBroken:   {ApplyBroken, "apply_broken", "the state machine failed, because of text"},
	ApplyBehind:   {ApplyBehind, "apply_behind", "applied is far behind commit"},

	MemberAdded:       {MemberAdded, "member_added", "peer became a member"},
	MemberRemoved:     {MemberRemoved, "member_removed", "peer is no member any more"},
	MemberPromoted:    {MemberPromoted, "member_promoted", "peer got a vote"},
	SelfRemoved:       {SelfRemoved, "self_removed", "this node learned that it is no member any more"},
	Membership:        {Membership, "membership", "the members that are in force, in members, text or config; peer where a line names one"},
	MembershipRefused: {MembershipRefused, "membership_refused", "a change of members was refused, because of text"},
	JoinFailed:        {JoinFailed, "join_failed", "this node could not join, because of text"},
	IDConflict:        {IDConflict, "id_conflict", "an id or a name is used twice"},

	SnapshotMade:       {SnapshotMade, "snapshot_made", "a snapshot was made"},
	SnapshotSent:       {SnapshotSent, "snapshot_sent", "a snapshot goes, or went, to peer"},
	SnapshotSendFailed: {SnapshotSendFailed, "snapshot_send_failed", "a snapshot did not reach peer"},
	SnapshotArrived:    {SnapshotArrived, "snapshot_arrived", "a snapshot comes from peer"},
	SnapshotApplied:    {SnapshotApplied, "snapshot_applied", "a snapshot replaced this node's state up to index"},

	AppendRefused: {AppendRefused, "append_refused", "entries do not fit peer's log: the sender says that it was refused, or the receiver that it refuses"},
	LogConflict:   {LogConflict, "log_conflict", "entries of this node's log are replaced by a leader's"},
	CommitStuck:   {CommitStuck, "commit_stuck", "entries wait for their commit, for duration where it is printed"},
	RequestFailed: {RequestFailed, "request_failed", "a client's request failed or timed out"},
}

var signByName = func() map[string]Sign {
	m := make(map[string]Sign, numSigns)
	for _, s := range signTable[1:] {
		m[s.Name] = s.Sign
	}
	return m
}()

// Signs lists the signs in a fixed order.
func Signs() []SignInfo { return append([]SignInfo(nil), signTable[1:]...) }

// Info describes the sign.
func (s Sign) Info() SignInfo {
	if s >= numSigns {
		return SignInfo{Sign: s, Name: fmt.Sprintf("sign(%d)", uint8(s))}
	}
	return signTable[s]
}

// String is the sign's name in JSON.
func (s Sign) String() string { return s.Info().Name }

// SignByName finds a sign by its name in JSON.
func SignByName(name string) (Sign, bool) {
	s, ok := signByName[name]
	return s, ok
}

// A Trouble is a class of errors, whatever the words.
type Trouble uint8

// The troubles.
const (
	NoTrouble        Trouble = iota
	Refused                  // nobody listens
	TimedOut                 // no answer in time
	Reset                    // the connection broke
	Closed                   // the other side ended the connection
	NoRoute                  // the network does not lead there
	NameUnknown              // the host's name does not resolve
	TLSExpired               // a certificate is not valid at this time
	TLSAuthority             // a certificate is signed by an authority that is not trusted
	TLSHost                  // a certificate is for another host
	TLSOther                 // another error of TLS, or one side speaks TLS and the other does not
	ClusterMismatch          // the other side belongs to another cluster
	PeerMismatch             // the other side is another node than the one meant
	PeerRemoved              // the other side, or this one, was removed from the members
	VersionMismatch          // the other side's version does not fit
	AddressUnknown           // no address is known for the peer
	BufferFull               // a queue is full
	DiskFull                 // no space left
	DiskBroken               // an I/O error
	Corrupted                // data that cannot be right
	PermissionDenied         // the operating system or the peer denies
	Cancelled                // given up by this side, mostly at its own end
	TooLarge                 // beyond a limit of size
	Unavailable              // the other side says that it cannot serve now
	UnclearTrouble           // an error of no known class
	numTroubles
)

var troubleNames = [numTroubles]string{"", "refused", "timed_out", "reset", "closed", "no_route", "name_unknown", "tls_expired", "tls_authority",
	"tls_host", "tls_other", "cluster_mismatch", "peer_mismatch", "peer_removed", "version_mismatch", "address_unknown", "buffer_full", "disk_full",
	"disk_broken", "corrupted", "permission_denied", "cancelled", "too_large", "unavailable", "unclear"}

// String is the trouble's name in JSON, empty for none.
func (t Trouble) String() string {
	if t < numTroubles {
		return troubleNames[t]
	}
	return fmt.Sprintf("trouble(%d)", uint8(t))
}

// Troubles are the names of the troubles.
func Troubles() []string { return append([]string(nil), troubleNames[1:]...) }

// TroubleByName finds a trouble by its name in JSON.
func TroubleByName(name string) (Trouble, bool) {
	for i, n := range troubleNames {
		if n == name {
			return Trouble(i), true
		}
	}
	return NoTrouble, false
}

// A Level is how important a logger took a line to be.
type Level uint8

// The levels, UnknownLevel where none was printed.
const (
	UnknownLevel Level = iota
	Trace
	Debug
	Info
	Warn
	Error
	Fatal
)

var levelNames = [...]string{"", "trace", "debug", "info", "warn", "error", "fatal"}

// String is the level's name in JSON, empty for UnknownLevel.
func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return fmt.Sprintf("level(%d)", uint8(l))
}

// LevelByName reads a level in any of the loggers' spellings.
func LevelByName(s string) (Level, bool) {
	var lower [12]byte
	if len(s) > len(lower) {
		return UnknownLevel, false
	}
	for i := range len(s) {
		lower[i] = s[i]
		if c := s[i]; c >= 'A' && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	switch string(lower[:len(s)]) {
	case "t", "trace", "trc", "finest", "finer":
		return Trace, true
	case "d", "debug", "dbg", "debg", "fine":
		return Debug, true
	case "i", "info", "inf", "information", "notice", "n", "ntc", "note":
		return Info, true
	case "w", "warn", "warning", "wrn":
		return Warn, true
	case "e", "error", "err", "eror", "erro":
		return Error, true
	case "f", "fatal", "ftl", "p", "panic", "dpanic", "c", "crit", "critical", "emerg", "alert":
		return Fatal, true
	}
	return UnknownLevel, false
}

// A Way is the direction of a link, seen from the node that speaks.
type Way uint8

// The ways.
const (
	AnyWay   Way = iota
	Outbound     // towards the peer
	Inbound      // from the peer
)

var wayNames = [...]string{"", "out", "in"}

// String is the way's name in JSON, empty for AnyWay.
func (w Way) String() string {
	if int(w) < len(wayNames) {
		return wayNames[w]
	}
	return fmt.Sprintf("way(%d)", uint8(w))
}

// wireSymptom is a symptom in JSON.
type wireSymptom struct {
	Sign    string   `json:"sign"`
	Trouble string   `json:"trouble,omitempty"`
	Level   string   `json:"level,omitempty"`
	Way     string   `json:"way,omitempty"`
	Self    []string `json:"self,omitempty"`
	Peer    []string `json:"peer,omitempty"`
	Members []Member `json:"members,omitempty"`
	What    string   `json:"what,omitempty"`
}

func appendSymptom(b []byte, e *Event) []byte {
	s := e.Symptom
	if s == nil {
		s = &Symptom{}
	}
	list := func(b []byte, key string, words []string) []byte {
		for i, w := range words {
			if i == 0 {
				b = append(append(append(b, `,"`...), key...), `":[`...)
			} else {
				b = append(b, ',')
			}
			b = appendString(b, w)
		}
		if len(words) > 0 {
			b = append(b, ']')
		}
		return b
	}
	b = append(append(append(b, `{"sign":"`...), s.Sign.String()...), '"')
	for _, f := range [...]struct{ key, value string }{{"trouble", s.Trouble.String()}, {"level", s.Level.String()}, {"way", s.Way.String()}} {
		if f.value != "" {
			b = append(append(append(append(append(b, `,"`...), f.key...), `":"`...), f.value...), '"')
		}
	}
	b = list(b, "self", s.Self)
	b = list(b, "peer", s.Peer)
	for i, m := range s.Members {
		if i == 0 {
			b = append(b, `,"members":[{"words":[`...)
		} else {
			b = append(b, `,{"words":[`...)
		}
		for k, w := range m.Words {
			if k > 0 {
				b = append(b, ',')
			}
			b = appendString(b, w)
		}
		b = append(b, ']')
		if m.Learner {
			b = append(b, `,"learner":true`...)
		}
		b = append(b, '}')
	}
	if len(s.Members) > 0 {
		b = append(b, ']')
	}
	if s.What != "" {
		b = appendString(append(b, `,"what":`...), s.What)
	}
	return append(b, '}')
}

func readSymptom(e *Event, raw json.RawMessage) error {
	var w wireSymptom
	if err := json.Unmarshal(raw, &w); err != nil {
		return err
	}
	s := &Symptom{Self: w.Self, Peer: w.Peer, Members: w.Members, What: w.What}
	var ok bool
	if s.Sign, ok = SignByName(w.Sign); !ok {
		return fmt.Errorf("unknown sign %q", w.Sign)
	}
	if s.Trouble, ok = TroubleByName(w.Trouble); !ok {
		return fmt.Errorf("unknown trouble %q", w.Trouble)
	}
	for i, n := range levelNames {
		if n == w.Level {
			s.Level = Level(i)
		}
	}
	for i, n := range wayNames {
		if n == w.Way {
			s.Way = Way(i)
		}
	}
	e.Symptom = s
	return nil
}

// String says the symptom as raftdiag events and its errors show it.
func (s *Symptom) String() string {
	if s == nil {
		return "none"
	}
	var w words
	w.add(s.Sign.String())
	for _, part := range [...]string{s.Trouble.String(), s.Way.String()} {
		if part != "" {
			w.add(part)
		}
	}
	if len(s.Self) > 0 {
		w.add("Self:" + strings.Join(s.Self, "="))
	}
	if len(s.Peer) > 0 {
		w.add("Peer:" + strings.Join(s.Peer, "="))
	}
	for i, m := range s.Members {
		word := strings.Join(m.Words, "=")
		if m.Learner {
			word += "(learner)"
		}
		if i == 0 {
			word = "Members:" + word
		}
		w.add(word)
	}
	if s.What != "" {
		w.add("What:" + s.What)
	}
	return w.String()
}
