package cluster

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
)

// A command is what a client proposes: add a number to a counter. The id finds
// the client that waits; padding makes it as large as asked.
type command struct {
	id    uint64
	key   string
	delta int64
}

func (c command) encode(size int) []byte {
	b := binary.BigEndian.AppendUint64(nil, c.id)
	b = fmt.Appendf(b, "add %s %d\n", c.key, c.delta)
	if n := size - len(b); n > 0 {
		b = append(b, bytes.Repeat([]byte{'.'}, n)...)
	}
	return b
}

func decodeCommand(b []byte) (command, bool) {
	if len(b) < 8 {
		return command{}, false
	}
	text, _, ok := bytes.Cut(b[8:], []byte("\n"))
	words := bytes.Fields(text)
	if !ok || len(words) != 3 || string(words[0]) != "add" {
		return command{}, false
	}
	delta, err := strconv.ParseInt(string(words[2]), 10, 64)
	return command{binary.BigEndian.Uint64(b), string(words[1]), delta}, err == nil
}

// A machine is the replicated state: named counters.
type machine map[string]int64

func (m machine) apply(c command) { m[c.key] += c.delta }

func (m machine) snapshot() []byte {
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // a map of strings to numbers has a JSON form
	}
	return b
}

func restore(b []byte) (machine, error) {
	m := machine{}
	if len(b) == 0 {
		return m, nil
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("restore state: %w", err)
	}
	return m, nil
}
