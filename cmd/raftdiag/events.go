package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/spf13/cobra"

	"github.com/raftdiag/raftdiag"
	"github.com/raftdiag/raftdiag/parser"
)

func newEvents() *cobra.Command {
	var (
		inputs  []string
		formats []string
		jobs    int
		quiet   bool
	)
	cmd := &cobra.Command{
		Use:   "events [INPUT...]",
		Short: "what the logs say, as canonical JSON lines",
		Long: `events prints each fact that the logs state as one line of JSON
(docs/event.schema.json), in the order of the sources and of their lines, with
the node filled in where the log as a whole gives it away. raftdiag reads these
lines back as a log. They come when the whole input is read.`,
		Example: `  raftdiag events node1.log
  raftdiag events logs/ | jq -c 'select(.kind == "role")'
  raftdiag events app.log.gz > events.jsonl && raftdiag analyze events.jsonl`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if inputs, err = inputsOr(cmd, args); err != nil {
				return err
			}
			described, err := formatFiles(formats)
			if err != nil {
				return err
			}
			stderr := cmd.ErrOrStderr()
			m := newMeter(stderr, quiet)
			if quiet {
				stderr = io.Discard
			}
			o := parser.Options{Stdin: cmd.InOrStdin(), Workers: jobs, Formats: described, Progress: m.progress()}
			return events(cmd.Context(), inputs, o, m, cmd.OutOrStdout(), stderr)
		},
	}
	formatFileFlag(cmd, &formats)
	cmd.Flags().IntVar(&jobs, "jobs", 0, "how many processors to use (default all)")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "no progress and no warnings on stderr")
	return cmd
}

func events(ctx context.Context, inputs []string, o parser.Options, m *meter, stdout, stderr io.Writer) (err error) {
	var (
		mu     sync.Mutex
		spools []*spool
	)
	defer func() {
		for _, s := range spools {
			err = errors.Join(err, s.close())
		}
	}()
	o.Open = func(source string, order int) func(*raftdiag.Event) {
		mu.Lock()
		defer mu.Unlock()
		s := &spool{source: source, order: order, voices: map[voice]uint64{}}
		spools = append(spools, s)
		return s.add
	}
	r, err := parser.Read(ctx, inputs, o)
	m.clear()
	if err != nil {
		return err
	}
	defer r.Close()
	warn(stderr, r.Inputs, r.Notes)
	slices.SortStableFunc(spools, func(a, b *spool) int { return a.order - b.order })
	var count int64
	err = buffered(stdout, func(w io.Writer) error {
		for _, s := range spools {
			count += s.count
			if err := s.writeTo(w, r.Node); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case isClosed(err):
		return nil
	case err != nil:
		return fmt.Errorf("write events: %w", err)
	case count == 0:
		return noEvent()
	}
	return nil
}

// A voice is who speaks in a source, when the line names no node.
type voice struct{ writer, group string }

// A spool keeps the events of one source as JSON until the whole input is read:
// only then is it known which node wrote the lines that name none. A record is
// the number of its voice (0: the line names its node), the length of the JSON
// and the JSON. Large spools go to a temporary file.
type spool struct {
	source string
	order  int
	count  int64
	voices map[voice]uint64
	list   []voice
	buf    bytes.Buffer
	file   *os.File
	line   []byte
	err    error
}

const spoolInMemory = 4 << 20

func (s *spool) add(e *raftdiag.Event) {
	if s.err != nil || e.Kind == raftdiag.SymptomSeen && e.Symptom.Sign == raftdiag.OtherLine {
		return
	}
	s.count++
	var who uint64
	if e.Node == 0 {
		v := voice{e.Writer, e.Group}
		if who = s.voices[v]; who == 0 {
			s.list = append(s.list, v)
			who = uint64(len(s.list))
			s.voices[v] = who
		}
	}
	s.line = e.AppendJSON(s.line[:0])
	var head [2 * binary.MaxVarintLen64]byte
	n := binary.PutUvarint(head[:], who)
	n += binary.PutUvarint(head[n:], uint64(len(s.line)))
	s.buf.Write(head[:n])
	s.buf.Write(s.line)
	if s.buf.Len() >= spoolInMemory {
		s.err = s.spill()
	}
}

func (s *spool) spill() (err error) {
	if s.file == nil {
		if s.file, err = os.CreateTemp("", "raftdiag-events-*"); err != nil {
			return err
		}
	}
	_, err = s.buf.WriteTo(s.file)
	return err
}

// writeTo writes the events as lines, with the nodes that node knows.
func (s *spool) writeTo(w io.Writer, node func(source, writer, group string) raftdiag.NodeID) error {
	if s.err != nil {
		return s.err
	}
	var from io.Reader = &s.buf
	if s.file != nil {
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		from = io.MultiReader(s.file, &s.buf)
	}
	nodes := make([]raftdiag.NodeID, len(s.list)+1)
	for i, v := range s.list {
		nodes[i+1] = node(s.source, v.writer, v.group)
	}
	in := bufio.NewReaderSize(from, 64<<10)
	for range s.count {
		who, err := binary.ReadUvarint(in)
		if err != nil {
			return err
		}
		size, err := binary.ReadUvarint(in)
		if err != nil {
			return err
		}
		s.line = append(s.line[:0], make([]byte, size)...)
		if _, err := io.ReadFull(in, s.line); err != nil {
			return err
		}
		if _, err := w.Write(append(named(s.line, nodes[who]), '\n')); err != nil {
			return err
		}
	}
	return nil
}

// named puts the node where AppendJSON has it: after the time, which holds no
// comma and comes first.
func named(line []byte, n raftdiag.NodeID) []byte {
	if n == 0 {
		return line
	}
	at := 1
	if bytes.HasPrefix(line, []byte(`{"time":`)) {
		at = bytes.IndexByte(line, ',') + 1
	}
	return slices.Insert(line, at, fmt.Appendf(nil, `"node":"%d",`, uint64(n))...)
}

func (s *spool) close() error {
	if s.file == nil {
		return nil
	}
	return errors.Join(s.file.Close(), os.Remove(s.file.Name()))
}
