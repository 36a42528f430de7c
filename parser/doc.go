// Package parser turns logs into events.
//
//	bytes -> lines -> events -> lanes -> timelines -> findings -> report
//	^^^^^^^^^^^^^^^^^^^^^^^^
//
// [Read] takes files, directories, globs and pipes, compressed or rotated, and
// hands every event to the caller in the order of its lines. A line is an
// envelope (when, who, where) around the words of a dialect (what happened);
// each dialect is one file.
//
// Three sorts of dialects: those that print messages and are read by code
// (readyloop.go, describe.go, statetrace.go, eventjson.go); those of systems'
// own logs, which are tables of rules (foreign.go, dialect_*.go) that say what a
// line is a sign of; and those that a user describes in a file, which become
// such tables (formatfile.go). Envelopes (envelope*.go) are taken off one after
// the other until words of a dialect are left: a container's around journald's
// around zap's. [Formats] lists them, [Cover] tells how much of a log they
// recognise.
//
// The work has two halves. A [reader] makes an item of one line, so blocks of one
// file parse side by side. It remembers how lines were spelt, which makes it fast
// (eventkeys.go, steps.go, groupname.go) and changes nothing of what a line
// means: TestRemembering holds it to that. A [resolver] sees the
// items in order and knows what the lines before said: it gives rows the group
// of their head, and lines the node that wrote them. Where blocks are cut
// therefore changes nothing.
//
// A bad line is data: it becomes a Garbled event and reading goes on. What the
// log gives no proof of stays open: a node that cannot be told is 0, and is
// counted.
package parser
