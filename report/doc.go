// Package report draws findings: as text for a terminal, as JSON, as Markdown
// and as JUnit XML, one file for each; and as text the transcript of a group and
// the chronology of what logs say.
//
// The first lines of the text say the verdict, where, since when and what to
// do. Below stand the way of the stuck entry through the gates, or, where no
// entry can be followed, who led when; then the evidence, what was ruled out,
// what was missing. The text quotes a long line in brief; JSON has it whole.
//
// Everything that a report holds may have come from a log, so nothing in it is
// trusted: all text passes through [Safe] and then through the escaping of the
// form that it is written in.
package report
