package cluster

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/raftdiag/raftdiag"
	"go.etcd.io/raft/v3"
)

// A LibraryLine is a line that the Raft library prints through its Logger.
type LibraryLine struct {
	Time  raftdiag.Stamp // by the node's clock
	Group string
	Level slog.Level
	Text  string
}

// quiet is a raft.Logger that writes nothing: the facts go through raftlog.
// Panics stay panics.
type quiet struct{}

func (quiet) Debug(...any)              {}
func (quiet) Debugf(string, ...any)     {}
func (quiet) Error(...any)              {}
func (quiet) Errorf(string, ...any)     {}
func (quiet) Info(...any)               {}
func (quiet) Infof(string, ...any)      {}
func (quiet) Warning(...any)            {}
func (quiet) Warningf(string, ...any)   {}
func (quiet) Fatal(v ...any)            { panic(fmt.Sprint(v...)) }
func (quiet) Fatalf(f string, v ...any) { panic(fmt.Sprintf(f, v...)) }
func (quiet) Panic(v ...any)            { panic(fmt.Sprint(v...)) }
func (quiet) Panicf(f string, v ...any) { panic(fmt.Sprintf(f, v...)) }

// library is what the replicas of a node give to Raft as its Logger.
func (n *node) library(group string) raft.Logger {
	if n.c.o.Library == nil {
		return quiet{}
	}
	return overhead{n, group}
}

// overhead is a raft.Logger whose lines go to Config.Library.
type overhead struct {
	node  *node
	group string
}

func (o overhead) say(level slog.Level, text string) {
	b := o.node.box
	o.node.pen.mu.Lock()
	over := o.node.pen.dry
	o.node.pen.mu.Unlock()
	if over {
		return
	}
	at := o.node.now()
	if v := o.node.c.o.Virtual; v != nil {
		at = time.Unix(0, max(b.told, at.UnixNano())).UTC()
		if v.Clock != nil {
			at = v.Clock(b.id, at)
		}
	}
	o.node.c.o.Library(b.id, LibraryLine{raftdiag.Stamp(at.UnixNano() + b.skew.Load()), o.group, level, text})
}

func (o overhead) Debug(v ...any)              { o.say(slog.LevelDebug, fmt.Sprint(v...)) }
func (o overhead) Debugf(f string, v ...any)   { o.say(slog.LevelDebug, fmt.Sprintf(f, v...)) }
func (o overhead) Info(v ...any)               { o.say(slog.LevelInfo, fmt.Sprint(v...)) }
func (o overhead) Infof(f string, v ...any)    { o.say(slog.LevelInfo, fmt.Sprintf(f, v...)) }
func (o overhead) Warning(v ...any)            { o.say(slog.LevelWarn, fmt.Sprint(v...)) }
func (o overhead) Warningf(f string, v ...any) { o.say(slog.LevelWarn, fmt.Sprintf(f, v...)) }
func (o overhead) Error(v ...any)              { o.say(slog.LevelError, fmt.Sprint(v...)) }
func (o overhead) Errorf(f string, v ...any)   { o.say(slog.LevelError, fmt.Sprintf(f, v...)) }
func (o overhead) Fatal(v ...any)              { quiet{}.Fatal(v...) }
func (o overhead) Fatalf(f string, v ...any)   { quiet{}.Fatalf(f, v...) }
func (o overhead) Panic(v ...any)              { quiet{}.Panic(v...) }
func (o overhead) Panicf(f string, v ...any)   { quiet{}.Panicf(f, v...) }
