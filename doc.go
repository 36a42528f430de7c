// Package raftdiag holds the words that all parts of the tool share.
//
// A Raft cluster is stuck: proposals go in and commit does not move. raftdiag
// reads the logs of its nodes and names the place where the proposal died.
// Data goes one way:
//
//	bytes -> lines -> events -> lanes -> timelines -> findings -> report
//	parser  . . . . . . . . .  timeline . . . . . .   hypotheses  report
//
// An [Event] is one fact that one node states, with its [Position]. Where a
// system prints no messages, the fact is a [Symptom]: what a line is a sign of
// (who campaigned, who was not reached, what was slow), and whom it names. A
// [Sign] says it in one word for all systems. A [Report]
// is what the hypotheses made of the events: per [Group] its [Episode]s, each
// with the [Finding]s, [Cause]s and the [Quote]d lines that prove them. A
// [Transcript] is the group's messages and proposals, paired across nodes.
//
// This package imports the standard library only. It knows no log format and
// judges nothing.
package raftdiag
