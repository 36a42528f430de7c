// Package hypotheses weighs what the timelines show.
//
// For each group it looks for impossible states first (violations.go), then for
// stalls, and follows the stuck entry of each stall through the gates with each
// voter (stall.go). The failure point is the first gate at which the vote of
// the voters is lost, by the quorum arithmetic of etcd raft; a vote that hangs
// on what the logs do not show is unknown. Then come times without a leader
// (noleader.go), proposals that get no index (proposaldropped.go), commits that
// are not applied (applystalled.go), and what cost no write (degraded.go).
// describe.go files consequences under the states that they follow from and
// sums the group up. There is one file for each hypothesis; the list stands in
// list.go, and the names of causes with their documentation in catalogue.go.
//
// Most systems' logs print no messages. They are judged by what they give away
// (timeline.Speakers): the events' symptoms.
//
//	symptomnodes.go   who is who: ids, names and addresses that mean one node, its
//	                  logs, and the lives of its process
//	symptombooks.go   the books: who led in which term, who could reach whom and by
//	                  whose word, when nobody led
//	symptomcauses.go  suspicions: one cause each, with its time, its nodes, and how
//	                  sure it is
//	chronology.go     what the logs say, told in words, for the timeline command
//	symptoms.go       what hurt clients, the causes around it, the failure point; where
//	                  messages speak of the same group, they decide
//
// What went wrong first and explains the rest is the cause. Such a log confirms
// nothing by what it lacks: that no append is printed says nothing about appends.
//
// A verdict is confirmed only by what lines show, or by the absence of lines
// that the log would have shown. Everything else is unknown, and says which
// line or which node's log would settle it.
package hypotheses
