package parser

import (
	"bytes"
	"strconv"

	"github.com/raftdiag/raftdiag"
)

// eventText reads an event of our own that a logger wrote as key=value, as
// slog.TextHandler does:
//
//	level=INFO msg=raft node=1 group=db kind=sent type=MsgApp from=1 to=2
func (p *reader) eventText(s []byte, it *item) outcome {
	j := append(p.join[:0], '{')
	var config []byte
	for {
		key, val, rest := pair(s)
		if key == nil {
			break
		}
		s = rest
		switch string(key) {
		case "config": // "{Voters:[1 2 3] VotersOutgoing:[] ...}"
			config = val
			continue
		case "level", "msg", "time", "source", "line":
			continue
		}
		if len(j) > 1 {
			j = append(j, ',')
		}
		j = append(append(append(j, '"'), key...), '"', ':')
		_, isNumber := whole(val)
		switch {
		case isNumber, string(val) == "true", string(val) == "false", len(val) > 1 && val[0] == '"' && val[len(val)-1] == '"':
			j = append(j, val...)
		default:
			j = strconv.AppendQuote(j, string(val))
		}
	}
	j = append(j, '}')
	p.join = j
	stamp, writer := it.ev.Time, it.ev.Writer
	ok, err := decodeEvent(j, &it.ev, p.in)
	if !ok || err != nil {
		it.ev = raftdiag.Event{Time: stamp, Writer: writer}
		if err != nil {
			it.dialect = ownEvents
			return unreadable
		}
		return notRaft
	}
	if config != nil && kindFields[it.ev.Kind&63].Has(raftdiag.HasConfig) {
		it.ev.Config = &raftdiag.Config{Voters: listAfter(config, "Voters:"), VotersOutgoing: listAfter(config, "VotersOutgoing:"),
			Learners: listAfter(config, "Learners:"), LearnersNext: listAfter(config, "LearnersNext:"), AutoLeave: bytes.Contains(config, []byte("AutoLeave:true"))}
		it.ev.Set |= raftdiag.HasConfig
	}
	it.dialect, it.env = ownEvents, bare
	if it.ev.Time == raftdiag.NoStamp {
		it.ev.Time = stamp
	}
	if it.ev.Writer == "" {
		it.ev.Writer = writer
	}
	return raft
}

// hasKind reports whether a line may be such an event.
func hasKind(s []byte) bool {
	return bytes.Contains(s, []byte("kind=")) && bytes.Contains(s, []byte(" kind=")) // blanks are everywhere
}
