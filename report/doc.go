// Package report draws findings: as text for a terminal, as JSON, as Markdown
// and as JUnit XML, one file for each, and the transcript of a group as text.
//
// Everything that a report holds may have come from a log, so nothing in it is
// trusted: all text passes through [Safe] and then through the escaping of the
// form that it is written in.
package report
