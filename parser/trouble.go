package parser

import (
	"bytes"

	"github.com/raftdiag/raftdiag"
)

// troubleWords are the words of operating systems, Go, Rust, Java and of
// common libraries for the classes of errors; the first that an error holds
// decides. Words are in lower case.
var troubleWords = []struct {
	words   string
	trouble raftdiag.Trouble
}{
	{"certificate has expired", raftdiag.TLSExpired},
	{"certificate is not yet valid", raftdiag.TLSExpired},
	{"not yet valid", raftdiag.TLSExpired},
	{"expired certificate", raftdiag.TLSExpired},
	{"certificate expired", raftdiag.TLSExpired},
	{"certificate signed by unknown authority", raftdiag.TLSAuthority},
	{"unknown certificate authority", raftdiag.TLSAuthority},
	{"unknown authority", raftdiag.TLSAuthority},
	{"unknownissuer", raftdiag.TLSAuthority},
	{"unable to get local issuer", raftdiag.TLSAuthority},
	{"failed to verify certificate", raftdiag.TLSOther},
	{"certificate is valid for", raftdiag.TLSHost},
	{"doesn't contain any ip sans", raftdiag.TLSHost},
	{"does not match any of dnsnames", raftdiag.TLSHost},
	{"not valid for any names", raftdiag.TLSHost},
	{"certificate", raftdiag.TLSOther},
	{"tls:", raftdiag.TLSOther},
	{"tls handshake", raftdiag.TLSOther},
	{"server gave http response to https client", raftdiag.TLSOther},
	{"first record does not look like a tls", raftdiag.TLSOther},
	{"malformed http response", raftdiag.TLSOther},
	{"cluster id mismatch", raftdiag.ClusterMismatch},
	{"cluster id is mismatch", raftdiag.ClusterMismatch},
	{"cluster-id mismatch", raftdiag.ClusterMismatch},
	{"clusterid mismatch", raftdiag.ClusterMismatch},
	{"different cluster id", raftdiag.ClusterMismatch},
	{"member has been permanently removed", raftdiag.PeerRemoved},
	{"member has been removed", raftdiag.PeerRemoved},
	{"the member has been", raftdiag.PeerRemoved},
	{"doesn't match server cluster id", raftdiag.ClusterMismatch},
	{"doesn't match server node id", raftdiag.PeerMismatch},
	{"permanently removed from the cluster", raftdiag.PeerRemoved},
	{"was decommissioned", raftdiag.PeerRemoved},
	{"has been removed", raftdiag.PeerRemoved},
	{"a not a member of the etcd cluster", raftdiag.PeerRemoved}, // k3s
	{"not a member of the etcd cluster", raftdiag.PeerRemoved},
	{"store is tombstone", raftdiag.PeerRemoved},
	{"server id mismatch", raftdiag.PeerMismatch},
	{"unmatch", raftdiag.PeerMismatch},
	{"wrong node", raftdiag.PeerMismatch},
	{"incompatible", raftdiag.VersionMismatch},
	{"unsupported version", raftdiag.VersionMismatch},
	{"unsupported protocol", raftdiag.VersionMismatch},
	{"version mismatch", raftdiag.VersionMismatch},
	{"version compatibility check failed", raftdiag.VersionMismatch},
	{"no address for", raftdiag.AddressUnknown},
	{"unknown peer", raftdiag.AddressUnknown},
	{"connection refused", raftdiag.Refused},
	{"actively refused", raftdiag.Refused},
	{"econnrefused", raftdiag.Refused},
	{"connection reset", raftdiag.Reset},
	{"broken pipe", raftdiag.Reset},
	{"econnreset", raftdiag.Reset},
	{"connection aborted", raftdiag.Reset},
	{"no route to host", raftdiag.NoRoute},
	{"network is unreachable", raftdiag.NoRoute},
	{"host is unreachable", raftdiag.NoRoute},
	{"host is down", raftdiag.NoRoute},
	{"no such host", raftdiag.NameUnknown},
	{"name resolution", raftdiag.NameUnknown},
	{"server misbehaving", raftdiag.NameUnknown},
	{"name or service not known", raftdiag.NameUnknown},
	{"unknownhost", raftdiag.NameUnknown},
	{"no space left", raftdiag.DiskFull},
	{"disk full", raftdiag.DiskFull},
	{"disk quota", raftdiag.DiskFull},
	{"enospc", raftdiag.DiskFull},
	{"input/output error", raftdiag.DiskBroken},
	{"read-only file system", raftdiag.DiskBroken},
	{"stale file handle", raftdiag.DiskBroken},
	{"checksum", raftdiag.Corrupted},
	{"crc mismatch", raftdiag.Corrupted},
	{"crc32", raftdiag.Corrupted},
	{"corrupt", raftdiag.Corrupted},
	{"illegal tag", raftdiag.Corrupted},
	{"proto: ", raftdiag.Corrupted},
	{"unmarshal", raftdiag.Corrupted},
	{"permission denied", raftdiag.PermissionDenied},
	{"unauthorized", raftdiag.PermissionDenied},
	{"i/o timeout", raftdiag.TimedOut},
	{"io timeout", raftdiag.TimedOut},
	{"timeout", raftdiag.TimedOut},
	{"timed out", raftdiag.TimedOut},
	{"deadline exceeded", raftdiag.TimedOut},
	{"deadline has elapsed", raftdiag.TimedOut},
	{"deadlineexceeded", raftdiag.TimedOut},
	{"context canceled", raftdiag.Cancelled},
	{"cancelled", raftdiag.Cancelled},
	{"canceled", raftdiag.Cancelled},
	{"use of closed network connection", raftdiag.Closed},
	{"server closed", raftdiag.Closed},
	{"transport is closing", raftdiag.Closed},
	{"connection closed", raftdiag.Closed},
	{"socket closed", raftdiag.Closed},
	{"connection_closed", raftdiag.Closed},
	{"pipeline closed", raftdiag.Closed},
	{"already shutdown", raftdiag.Closed},
	{"transport shutdown", raftdiag.Cancelled},
	{"stream closed", raftdiag.Closed},
	{"unexpected eof", raftdiag.Closed},
	{"eof", raftdiag.Closed},
	{"too large", raftdiag.TooLarge},
	{"buffer is full", raftdiag.BufferFull},
	{"queue is full", raftdiag.BufferFull},
	{"buffer full", raftdiag.BufferFull},
	{"overloaded", raftdiag.BufferFull},
	{"failed to connect to all addresses", raftdiag.UnclearTrouble}, // whatever keeps gRPC from connecting
	{"unavailable", raftdiag.Unavailable},
}

var troubleIndex = newTroubleIndex()

func newTroubleIndex() *anchors {
	texts := make([]string, len(troubleWords))
	for i, t := range troubleWords {
		texts[i] = t.words
	}
	return newAnchors(texts)
}

// troubleOf is the class of an error by its words: UnclearTrouble for an error
// of no known class, NoTrouble for no words at all.
func troubleOf(text []byte) raftdiag.Trouble {
	if len(bytes.TrimSpace(text)) == 0 {
		return raftdiag.NoTrouble
	}
	var space [8]int32
	found := troubleIndex.in(bytes.ToLower(text), space[:0])
	if len(found) == 0 {
		return raftdiag.UnclearTrouble
	}
	return troubleWords[found[0]].trouble
}
