package main

import (
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"
)

const (
	ms  = time.Millisecond
	sec = time.Second
)

// etcdScenarios are what is recorded of the release that is looked at closely.
func etcdScenarios(version string) (list []*Scenario) {
	add := func(s *Scenario) {
		s.System, s.Version = "etcd", version
		list = append(list, s)
	}

	// Nodes that are not there.
	add(&Scenario{Fault: "healthy", Variant: "plain", Healthy: true, Hold: 25 * sec, Options: Options{Names: "infra%d"}})
	add(&Scenario{Fault: "follower-killed", Cause: "node-down", Break: each(follower, kill)})
	add(&Scenario{Fault: "leader-killed", Cause: "node-down", Also: []string{"node-restart"}, Options: Options{Names: "etcd-%d"},
		Break: each(leader, kill), Heal: again(start)})
	add(&Scenario{Fault: "two-killed", Cause: "node-down", Also: []string{"dead-voters", "quorum-lost"},
		Options: Options{Names: "m%d", First: 1, Heartbeat: 50 * ms, Election: 500 * ms},
		Break:   each(bothOthers, func(r *Run, i int) error { defer r.sleep(2 * sec); return r.kill(i) })})
	add(&Scenario{Fault: "leader-paused", Cause: "process-paused", Options: Options{Names: "etcd%d"},
		Break: each(leader, pause), Heal: again(unpause)})
	add(&Scenario{Fault: "follower-partitioned", Cause: "partition", Options: Options{Net: "proxy", Names: "n%d"},
		Break: each(follower, cut(dropped)), Heal: again(cut(Policy{}))})
	add(&Scenario{Fault: "leader-partitioned", Cause: "partition", Options: Options{Net: "ns", Names: "etcd-%d"}, Hold: 20 * sec,
		Break: each(leader, cut(dropped)), Heal: again(cut(Policy{}))})
	oneWay := []string{"partition"}
	add(&Scenario{Fault: "one-way-from-leader", Cause: "one-way-partition", Also: oneWay, Options: Options{Net: "ns"}, Hold: 20 * sec,
		Break: each(leader, fromNode(dropped)), Notes: "What the leader sends to its followers is lost."})
	add(&Scenario{Fault: "one-way-to-leader", Cause: "one-way-partition", Also: oneWay, Options: Options{Net: "ns", Names: "db%d"}, Hold: 20 * sec,
		Break: each(leader, toNode(dropped)), Notes: "What the followers send to the leader is lost."})
	moved := "The member's peer URL is changed to one where nobody listens; the others cannot send to it any more."
	add(&Scenario{Fault: "wrong-peer-address", Cause: "wrong-peer-address", Also: []string{"connection-refused"}, Hold: 20 * sec,
		Break: each(follower2, func(r *Run, i int) error { return r.System.(*etcd).updatePeer(r, i, "http://127.0.0.1:1") }), Notes: moved})
	add(&Scenario{Fault: "disk-full", Cause: "disk-full", Options: Options{Disk: "small", Rate: 20, Size: 20000}, Hold: 20 * sec,
		Break: each(follower, fillDisk)})
	add(&Scenario{Fault: "slow-disk", Cause: "slow-disk", Options: Options{Disk: "fuse", Names: "etcd%d"}, Hold: 25 * sec,
		Break: each(leader, slowSync(1500*ms)), Heal: again(slowSync(0))})
	add(&Scenario{Fault: "restart-of-all", Cause: "node-restart", Also: []string{"node-down"}, Graceful: true,
		Break: steps(each(everyNode, kill), wait(4*sec)), Heal: again(start)})

	// More of nodes that are not there.
	add(&Scenario{Fault: "follower-killed", Variant: "healed", Cause: "node-down", Also: []string{"node-restart"}, Options: Options{Names: "srv-%d", Rate: 10}, Hold: 12 * sec,
		Break: each(follower2, kill), Heal: again(start), Graceful: true})
	add(&Scenario{Fault: "follower-stopped", Cause: "node-down", Options: Options{Names: "s%d"}, Hold: 20 * sec,
		Break: each(follower, stop), Notes: "An orderly stop (SIGTERM), and no start."})
	add(&Scenario{Fault: "leader-killed", Variant: "for-good", Cause: "node-down", Options: Options{Heartbeat: 200 * ms, Election: 2 * sec}, Hold: 20 * sec,
		Break: each(leader, kill)})
	add(&Scenario{Fault: "two-killed", Variant: "healed", Cause: "node-down", Also: []string{"dead-voters", "quorum-lost", "node-restart"}, Options: Options{Names: "etcd-%d"}, Hold: 12 * sec,
		Break: each(func(r *Run) []int { return []int{r.Leading, r.follower(0)} }, kill), Heal: again(start)})
	add(&Scenario{Fault: "dead-voters", Cause: "dead-voters", Also: []string{"node-down", "member-added", "quorum-lost"}, Hold: 20 * sec,
		Notes: "A fourth voter is added and never started; then one of the three is killed, so that two of four are left.",
		Break: func(r *Run) error {
			e := r.System.(*etcd)
			if err := r.addNode(len(r.Nodes)); err != nil {
				return err
			}
			if _, err := e.addMember(r, len(r.Nodes)-1, false); err != nil {
				return err
			}
			r.sleep(3 * sec)
			r.blame(r.follower(0), len(r.Nodes)-1)
			return r.kill(r.Culprits[0])
		}})
	add(&Scenario{Fault: "crash-loop", Cause: "node-restart", Also: []string{"node-down"}, Options: Options{Names: "etcd%d"}, Hold: 25 * sec,
		Break: onAndOff(each(follower, kill), 2*sec, again(start), 3*sec), Heal: steps(endLoops, again(start)), Notes: "A follower is killed and started again and again."})

	// Pauses.
	add(&Scenario{Fault: "follower-paused", Cause: "process-paused", Hold: 12 * sec, Break: each(follower, pause), Heal: again(unpause)})
	add(&Scenario{Fault: "leader-paused", Variant: "flapping", Cause: "process-paused", Also: []string{"leader-flapping", "overloaded"}, Options: Options{Names: "n%d", First: 1}, Hold: 25 * sec,
		Break: onAndOff(func(r *Run) error {
			if l := r.System.Leader(r.ctx, r.Cluster); l >= 0 {
				r.Culprits = []int{l}
			}
			return again(pause)(r)
		}, 2500*ms, again(unpause), 4*sec), Heal: steps(endLoops, again(unpause)),
		Notes: "Whoever leads is stopped for two seconds and a half, again and again; the last one is named."})
	add(&Scenario{Fault: "two-paused", Cause: "process-paused", Also: []string{"quorum-lost"}, Hold: 12 * sec,
		Break: each(bothOthers, pause), Heal: again(unpause)})

	// The network.
	add(&Scenario{Fault: "follower-partitioned", Variant: "packets", Cause: "partition", Options: Options{Net: "ns", Names: "kv%d"}, Hold: 25 * sec,
		Break: each(follower, cut(dropped))})
	add(&Scenario{Fault: "follower-partitioned", Variant: "unreachable", Cause: "partition", Also: []string{"connection-refused"}, Options: Options{Net: "ns"}, Hold: 15 * sec,
		Break: each(follower, cut(Policy{Refuse: true})), Heal: again(cut(Policy{})), Notes: "A router answers host unreachable."})
	add(&Scenario{Fault: "leader-partitioned", Variant: "proxy", Cause: "partition", Options: Options{Net: "proxy"}, Hold: 20 * sec, Break: each(leader, cut(dropped))})
	add(&Scenario{Fault: "leader-partitioned", Variant: "reset", Cause: "partition", Also: []string{"connection-refused"}, Options: Options{Net: "proxy", Names: "a%d"}, Hold: 15 * sec,
		Break: each(leader, cut(Policy{Refuse: true})), Heal: again(cut(Policy{})), Notes: "Connections are reset instead of held."})
	add(&Scenario{Fault: "all-partitioned", Cause: "partition", Also: []string{"quorum-lost"}, Options: Options{Net: "ns"}, Hold: 18 * sec,
		Break: steps(each(everyNode, cut(dropped))), Heal: whole(Policy{})})
	add(&Scenario{Fault: "two-of-five-partitioned", Cause: "partition", Options: Options{Nodes: 5, Net: "ns", Names: "e%d", First: 1}, Hold: 15 * sec,
		Break: func(r *Run) error {
			r.blame(r.Leading, r.follower(0))
			for _, i := range r.Culprits {
				r.isolate(i, dropped)
			}
			r.Net.Set(r.Culprits[0], r.Culprits[1], Policy{})
			r.Net.Set(r.Culprits[1], r.Culprits[0], Policy{})
			return nil
		}, Heal: whole(Policy{}), Notes: "The leader and one follower are on the smaller side."})
	add(&Scenario{Fault: "one-way-from-leader", Variant: "proxy", Cause: "one-way-partition", Also: oneWay, Options: Options{Net: "proxy", Names: "p%d"}, Hold: 15 * sec,
		Break: each(leader, fromNode(dropped)), Heal: again(fromNode(Policy{}))})
	add(&Scenario{Fault: "one-way-to-leader", Variant: "proxy", Cause: "one-way-partition", Also: oneWay, Options: Options{Net: "proxy"}, Hold: 15 * sec,
		Break: each(leader, toNode(dropped)), Heal: again(toNode(Policy{}))})
	add(&Scenario{Fault: "one-way-to-follower", Cause: "one-way-partition", Also: oneWay, Options: Options{Net: "ns", Names: "etcd%d"}, Hold: 18 * sec,
		Break: each(follower, toNode(dropped)), Heal: again(toNode(Policy{})), Notes: "One follower hears nobody and can send."})
	add(&Scenario{Fault: "one-way-from-follower", Cause: "one-way-partition", Also: oneWay, Options: Options{Net: "ns"}, Hold: 18 * sec,
		Break: each(follower2, fromNode(dropped)), Heal: again(fromNode(Policy{})), Notes: "One follower hears all and cannot send."})
	add(&Scenario{Fault: "slow-network", Cause: "slow-network", Also: []string{"election-storm"}, Options: Options{Net: "ns", Names: "infra%d"}, Hold: 20 * sec,
		Break: whole(Policy{Delay: 700 * ms, Jitter: 300 * ms}), Heal: whole(Policy{})})
	add(&Scenario{Fault: "slow-network", Variant: "leader", Cause: "slow-network", Also: []string{"election-storm"}, Options: Options{Net: "proxy", Heartbeat: 50 * ms, Election: 500 * ms}, Hold: 20 * sec,
		Break: each(leader, cut(Policy{Delay: 400 * ms, Jitter: 200 * ms})), Heal: again(cut(Policy{}))})
	add(&Scenario{Fault: "packet-loss", Cause: "packet-loss", Also: []string{"slow-network", "flapping-link"}, Options: Options{Net: "ns", Names: "z%d", Rate: 8}, Hold: 25 * sec,
		Break: whole(Policy{Loss: 0.4}), Heal: whole(Policy{})})
	add(&Scenario{Fault: "packet-loss", Variant: "leader", Cause: "packet-loss", Also: []string{"slow-network", "flapping-link"}, Options: Options{Net: "ns", Rate: 8}, Hold: 25 * sec,
		Break: each(leader, cut(Policy{Loss: 0.55}))})
	add(&Scenario{Fault: "flapping-link", Cause: "flapping-link", Also: []string{"partition"}, Options: Options{Net: "proxy", Names: "etcd-%d"}, Hold: 26 * sec,
		Break: onAndOff(each(follower, cut(Policy{Refuse: true})), 1500*ms, again(cut(Policy{})), 1500*ms), Heal: steps(endLoops, again(cut(Policy{})))})
	add(&Scenario{Fault: "flapping-link", Variant: "leader", Cause: "flapping-link", Also: []string{"partition", "leader-flapping"}, Options: Options{Net: "ns"}, Hold: 28 * sec,
		Break: onAndOff(each(leader, cut(dropped)), 3*sec, again(cut(Policy{})), 3*sec), Heal: steps(endLoops, again(cut(Policy{})))})
	add(&Scenario{Fault: "disruptive-rejoin", Cause: "disruptive-node", Also: []string{"partition"}, Options: Options{Net: "proxy", Names: "old%d", Args: []string{"--pre-vote=false"}}, Hold: 12 * sec, Tail: 12 * sec,
		Break: each(follower, cut(dropped)), Heal: again(cut(Policy{})), Points: []string{"no-leader", "no-delivery"},
		Notes: "Without pre-votes: a follower that was cut off campaigned at ever higher terms, and deposes the leader when it comes back."})

	// Addresses and identities.
	add(&Scenario{Fault: "wrong-peer-address", Variant: "silent", Cause: "wrong-peer-address", Also: []string{"partition"}, Options: Options{Net: "ns"}, Hold: 20 * sec,
		Break: each(follower2, func(r *Run, i int) error {
			host, _, _ := net.SplitHostPort(r.Nodes[i].Peer)
			return r.System.(*etcd).updatePeer(r, i, "http://"+host[:strings.LastIndex(host, ".")]+".99:2380")
		}), Notes: "The member's peer URL is changed to an address that nobody has; the packets are lost."})
	add(&Scenario{Fault: "wrong-peer-address", Variant: "both", Cause: "wrong-peer-address", Also: []string{"connection-refused", "quorum-lost"}, Options: Options{Names: "x%d"}, Warm: 2 * sec, Hold: 30 * sec,
		Before: func(r *Run) error {
			for _, i := range []int{1, 2} {
				r.blame(i)
				a, err := freeAddr()
				if err != nil {
					return err
				}
				r.Nodes[i].Listen = a
			}
			return nil
		}, Notes: "From the start, two of three listen elsewhere than they and the others say."})
	add(&Scenario{Fault: "cluster-id-mismatch", Cause: "cluster-id-mismatch", Options: Options{Names: "etcd-%d"}, Warm: 2 * sec, Hold: 30 * sec,
		Before: func(r *Run) error {
			r.blame(2)
			r.Nodes[2].Extra = []string{"--initial-cluster-token", "staging"}
			return nil
		}, Notes: "One of three was started with another token."})
	add(&Scenario{Fault: "cluster-id-mismatch", Variant: "rejoin", Cause: "cluster-id-mismatch", Options: Options{Names: "e%d"}, Hold: 20 * sec,
		Break: each(follower, func(r *Run, i int) error {
			n := r.Nodes[i]
			if err := r.kill(i); err != nil {
				return err
			}
			if err := emptyDir(n.Dir); err != nil {
				return err
			}
			n.Extra = []string{"--initial-cluster", n.Name + "=http://" + n.Peer, "--initial-cluster-token", "new-cluster"}
			return r.start(i)
		}), Notes: "A follower lost its data and was started as a new cluster of one, at the same address."})
	add(&Scenario{Fault: "duplicate-id", Cause: "duplicate-id", Options: Options{Names: "etcd%d"}, Hold: 20 * sec,
		Break: each(follower, func(r *Run, i int) error {
			if err := r.stop(i); err != nil {
				return err
			}
			if err := r.addNode(len(r.Nodes)); err != nil {
				return err
			}
			twin := len(r.Nodes) - 1
			r.Nodes[twin].Name = r.Nodes[i].Name
			if err := copyDir(r.Nodes[i].Dir, r.Nodes[twin].Dir); err != nil {
				return err
			}
			if err := r.start(i); err != nil {
				return err
			}
			r.blame(twin)
			return r.start(twin)
		}), Notes: "A copy of a follower's data directory is started beside it."})
	tlsRestart := func(special func(r *Run, i int) (*authority, identity, error)) func(r *Run, i int) error {
		return func(r *Run, i int) error {
			if err := r.stop(i); err != nil {
				return err
			}
			a, id, err := special(r, i)
			if err != nil {
				return err
			}
			if len(id.hosts) == 0 {
				host, _, _ := net.SplitHostPort(r.Nodes[i].Peer)
				id.hosts = []string{host}
			}
			if err := a.issue(r.Dir, r.Nodes[i].Name, id); err != nil {
				return err
			}
			return r.start(i)
		}
	}
	add(&Scenario{Fault: "tls-expired", Cause: "tls-failure", Options: Options{TLS: true}, Hold: 20 * sec,
		Break: each(follower, tlsRestart(func(r *Run, i int) (*authority, identity, error) {
			return r.state.(*authority), identity{until: time.Now().Add(-time.Hour)}, nil
		})), Notes: "A follower is restarted with a certificate that ended an hour ago."})
	add(&Scenario{Fault: "tls-other-authority", Cause: "tls-failure", Options: Options{TLS: true, Net: "ns", Names: "etcd-%d"}, Hold: 20 * sec,
		Break: each(follower2, tlsRestart(func(r *Run, i int) (*authority, identity, error) {
			a, err := newAuthority("other")
			return a, identity{}, err
		}))})
	add(&Scenario{Fault: "tls-wrong-host", Cause: "tls-failure", Options: Options{TLS: true, Names: "t%d"}, Hold: 20 * sec,
		Break: each(follower, tlsRestart(func(r *Run, i int) (*authority, identity, error) {
			return r.state.(*authority), identity{hosts: []string{"10.1.2.3", "etcd.example.org"}}, nil
		}))})
	add(&Scenario{Fault: "tls-expired", Variant: "leader-and-follower", Cause: "tls-failure", Also: []string{"quorum-lost"}, Options: Options{TLS: true, Names: "q%d"}, Hold: 20 * sec,
		Break: each(func(r *Run) []int { return []int{r.Leading, r.follower(0)} }, tlsRestart(func(r *Run, i int) (*authority, identity, error) {
			return r.state.(*authority), identity{until: time.Now().Add(-30 * time.Minute)}, nil
		}))})
	add(&Scenario{Fault: "member-removed", Cause: "member-removed", Options: Options{Names: "infra%d"}, Hold: 12 * sec,
		Break: each(follower, func(r *Run, i int) error { return r.System.(*etcd).remove(r, i) })})
	add(&Scenario{Fault: "member-removed", Variant: "leader", Cause: "member-removed", Hold: 15 * sec,
		Break: each(leader, func(r *Run, i int) error { return r.System.(*etcd).remove(r, i) })})
	add(&Scenario{Fault: "member-removed", Variant: "came-back", Cause: "member-removed", Options: Options{Names: "etcd%d"}, Hold: 12 * sec,
		Break: each(follower, func(r *Run, i int) error {
			if err := r.stop(i); err != nil {
				return err
			}
			r.sleep(sec)
			if err := r.System.(*etcd).remove(r, i); err != nil {
				return err
			}
			r.sleep(2 * sec)
			return r.start(i)
		}), Notes: "Removed while it was stopped; then started."})

	// Disks and data.
	add(&Scenario{Fault: "disk-full", Variant: "leader", Cause: "disk-full", Options: Options{Disk: "small", Rate: 20, Size: 20000, Names: "etcd-%d"}, Hold: 20 * sec,
		Break: each(leader, fillDisk), Heal: func(r *Run) error { again(freeDisk)(r); return again(start)(r) }})
	add(&Scenario{Fault: "disk-full", Variant: "write-errors", Cause: "disk-full", Options: Options{Disk: "fuse"}, Hold: 15 * sec,
		Break: each(leader, failWrites(syscall.ENOSPC)), Notes: "Every write to the disk fails with ENOSPC."})
	add(&Scenario{Fault: "disk-error", Cause: "disk-failed", Also: []string{"node-down"}, Options: Options{Disk: "fuse", Names: "s%d"}, Hold: 15 * sec,
		Break: each(follower, failSyncs(syscall.EIO)), Notes: "Every fsync fails with EIO. There is no name for it among the causes; the node ends."})
	add(&Scenario{Fault: "slow-disk", Variant: "follower", Cause: "slow-disk", Options: Options{Disk: "fuse", Rate: 8}, Hold: 22 * sec,
		Break: each(follower, slowSync(2*sec))})
	add(&Scenario{Fault: "slow-disk", Variant: "all", Cause: "slow-disk", Options: Options{Disk: "fuse", Names: "etcd%d"}, Hold: 22 * sec,
		Break: each(everyNode, slowSync(1200*ms)), Heal: again(slowSync(0))})
	add(&Scenario{Fault: "slow-disk", Variant: "mild", Cause: "slow-disk", Also: []string{"overloaded"}, Options: Options{Disk: "fuse", Rate: 10}, Hold: 22 * sec,
		Break: each(leader, slowSync(250*ms)), Heal: again(slowSync(0)), Notes: "Below the time at which etcd speaks of a slow fdatasync."})
	add(&Scenario{Fault: "slow-disk", Variant: "hung", Cause: "slow-disk", Also: []string{"process-paused"}, Options: Options{Disk: "fuse", Names: "n%d"}, Hold: 18 * sec,
		Break: each(leader, slowSync(17*sec)), Heal: again(slowSync(0)), Notes: "The disk hangs for seventeen seconds."})
	add(&Scenario{Fault: "log-lost", Variant: "wiped", Cause: "log-lost", Also: []string{"node-down"}, Options: Options{Names: "etcd-%d"}, Hold: 15 * sec,
		Break: each(follower, wipe("--initial-cluster-state", "existing")), Notes: "The data directory was emptied, and the node started as an existing member."})
	add(&Scenario{Fault: "log-lost", Variant: "wiped-new", Cause: "log-lost", Also: []string{"node-down"}, Hold: 15 * sec,
		Break: each(follower2, wipe()), Notes: "The data directory was emptied, and the node started as at first."})
	add(&Scenario{Fault: "log-lost", Variant: "wal-cut", Cause: "log-lost", Also: []string{"log-corrupt", "node-down"}, Options: Options{Names: "w%d"}, Hold: 15 * sec,
		Break: each(follower, damage("*.wal", func(f string) error { return cutTail(f, 0.6) })), Notes: "The last part of the WAL is cut off."})
	add(&Scenario{Fault: "log-corrupt", Cause: "log-corrupt", Also: []string{"node-down"}, Options: Options{Names: "etcd%d"}, Hold: 15 * sec,
		Break: each(follower, damage("*.wal", func(f string) error { return scribble(f, 0.5, 64) }))})
	add(&Scenario{Fault: "log-corrupt", Variant: "leader", Cause: "log-corrupt", Also: []string{"node-down"}, Hold: 15 * sec,
		Break: each(leader, damage("*.wal", func(f string) error { return scribble(f, 0.8, 8) }))})
	add(&Scenario{Fault: "log-corrupt", Variant: "database", Cause: "log-corrupt", Also: []string{"node-down", "log-lost"}, Hold: 15 * sec,
		Break: each(follower2, damage("db", func(f string) error {
			if err := scribble(f, 0, 4096); err != nil {
				return err
			}
			return scribble(f, 0.3, 8192)
		}))})
	add(&Scenario{Fault: "snapshot-loop", Cause: "snapshot-loop", Also: []string{"flapping-link", "slow-network"}, Options: Options{Net: "proxy", Names: "s%d", Rate: 40, Size: 6000, Args: []string{"--snapshot-count=40", "--snapshot-catchup-entries=5"}}, Warm: 15 * sec, Hold: 30 * sec,
		Break: func(r *Run) error {
			i := r.blame(r.follower(0))
			r.isolate(i, Policy{Refuse: true})
			r.sleep(4 * sec)
			thin := Policy{Rate: 300 << 10}
			r.loop(func(stopped <-chan struct{}) {
				r.isolate(i, Policy{Refuse: true})
				r.isolate(i, thin)
				waitFor(stopped, 4*sec)
			})
			return nil
		}, Notes: "A follower fell behind, and its line is too thin for a snapshot: every four seconds connections are reset, and no snapshot comes to its end."})
	add(&Scenario{Fault: "quota-exceeded", Cause: "quota-exceeded", Options: Options{Rate: 10, Size: 20000, Args: []string{"--quota-backend-bytes=6000000"}}, Warm: 3 * sec, Hold: 25 * sec,
		Break: func(r *Run) error { return nil }, Notes: "The database grows over its quota some seconds after the start given."})

	// Processors.
	add(&Scenario{Fault: "overloaded", Cause: "overloaded", Also: []string{"slow-disk", "election-storm"}, Options: Options{Names: "etcd%d", Rate: 15}, Hold: 22 * sec,
		Break: each(leader, func(r *Run, i int) error { return r.starve(0.06, 6, i) }), Heal: func(r *Run) error { r.feed(); return nil }, Notes: "The leader has a share of six percent of a processor, with six busy neighbours."})
	add(&Scenario{Fault: "overloaded", Variant: "all", Cause: "overloaded", Also: []string{"election-storm"}, Options: Options{Rate: 15}, Hold: 22 * sec,
		Break: func(r *Run) error { r.blame(0, 1, 2); return r.starve(0.12, 10, 0, 1, 2) }, Heal: func(r *Run) error { r.feed(); return nil }})
	add(&Scenario{Fault: "election-storm", Cause: "election-storm", Also: []string{"slow-network"}, Options: Options{Net: "ns", Heartbeat: 20 * ms, Election: 110 * ms, Names: "f%d", Args: []string{"--pre-vote=false"}}, Hold: 20 * sec,
		Break: whole(Policy{Delay: 90 * ms, Jitter: 60 * ms}), Heal: whole(Policy{}), Notes: "The election timeout is shorter than the network's round trip."})
	add(&Scenario{Fault: "leader-flapping", Cause: "leader-flapping", Options: Options{Names: "etcd-%d"}, Hold: 24 * sec,
		Break: func(r *Run) error {
			r.loop(func(stopped <-chan struct{}) {
				r.System.(*etcd).transfer(r, r.follower(0))
				waitFor(stopped, 1500*ms)
			})
			return nil
		}, Heal: endLoops, Points: []string{"no-leader"}, Notes: "Something moves the leadership every second and a half, by the API."})

	// Nothing wrong.
	add(&Scenario{Fault: "healthy", Variant: "rolling-restart", Healthy: true, Also: []string{"node-restart", "node-down"}, Options: Options{Names: "etcd-%d"}, Hold: 5 * sec, Graceful: true,
		Break: func(r *Run) error {
			for i := range r.Nodes {
				if err := r.restart(i, syscall.SIGTERM, time.Second); err != nil {
					return err
				}
				r.sleep(6 * sec)
			}
			return nil
		}})
	add(&Scenario{Fault: "healthy", Variant: "transfer", Healthy: true, Options: Options{Names: "n%d"}, Hold: 12 * sec,
		Break: func(r *Run) error {
			if err := r.System.(*etcd).transfer(r, r.follower(0)); err != nil {
				return err
			}
			r.sleep(8 * sec)
			return r.System.(*etcd).transfer(r, r.follower(1))
		}})
	add(&Scenario{Fault: "healthy", Variant: "member-added", Healthy: true, Also: []string{"member-added"}, Hold: 12 * sec,
		Break: func(r *Run) error {
			e := r.System.(*etcd)
			if err := r.addNode(len(r.Nodes)); err != nil {
				return err
			}
			i := len(r.Nodes) - 1
			id, err := e.addMember(r, i, true)
			if err != nil {
				return err
			}
			var list []string
			for _, n := range r.Nodes {
				list = append(list, n.Name+"=http://"+n.Peer)
			}
			r.Nodes[i].Extra = []string{"--initial-cluster", strings.Join(list, ","), "--initial-cluster-state", "existing"}
			r.sleep(sec)
			if err := r.start(i); err != nil {
				return err
			}
			r.sleep(6 * sec)
			return e.promote(r, id)
		}, Notes: "A learner is added, started and promoted."})
	add(&Scenario{Fault: "healthy", Variant: "tls", Healthy: true, Options: Options{TLS: true, Net: "ns", Names: "infra%d"}, Hold: 18 * sec})
	add(&Scenario{Fault: "healthy", Variant: "bursts", Healthy: true, Options: Options{Rate: 4, Size: 400, Names: "b%d"}, Hold: 3 * sec,
		Break: func(r *Run) error {
			for range 4 {
				r.load.setBurst(200)
				r.sleep(2 * sec)
				r.load.setBurst(1)
				r.sleep(3 * sec)
			}
			return nil
		}})
	add(&Scenario{Fault: "healthy", Variant: "compact-defrag", Healthy: true, Options: Options{Rate: 20, Size: 2000}, Hold: 12 * sec,
		Break: func(r *Run) error {
			e := r.System.(*etcd)
			if err := e.call(r.ctx, r.Cluster, 0, "kv/compaction", map[string]any{"revision": "300"}, nil); err != nil {
				return err
			}
			r.sleep(2 * sec)
			for i := range r.Nodes {
				if err := e.call(r.ctx, r.Cluster, i, "maintenance/defragment", struct{}{}, nil); err != nil {
					return err
				}
				r.sleep(2 * sec)
			}
			return nil
		}})
	add(&Scenario{Fault: "healthy", Variant: "snapshots", Healthy: true, Also: []string{"node-restart", "node-down"}, Options: Options{Rate: 30, Size: 1000, Names: "etcd%d", Args: []string{"--snapshot-count=100", "--snapshot-catchup-entries=20"}}, Hold: 12 * sec,
		Break: func(r *Run) error { return r.restart(r.follower(0), syscall.SIGTERM, 3*sec) }, Notes: "A follower is restarted and gets a snapshot."})
	add(&Scenario{Fault: "healthy", Variant: "five-nodes", Healthy: true, Options: Options{Nodes: 5, Net: "ns", Names: "etcd-%d", Rate: 3}, Hold: 15 * sec, Graceful: true})
	add(&Scenario{Fault: "healthy", Variant: "late-start", Healthy: true, Also: []string{"node-down"}, Options: Options{Names: "etcd-%d"}, Hold: 25 * sec,
		Before: func(r *Run) error {
			r.late = map[int]time.Duration{2: 6 * sec}
			return nil
		}, Notes: "The third node is started six seconds after the others."})

	// The same, printed in other ways.
	add(&Scenario{Fault: "leader-killed", Variant: "console", Cause: "node-down", Also: []string{"node-restart"}, Options: Options{Names: "etcd-%d", Format: "console"}, Break: each(leader, kill), Heal: again(start)})
	add(&Scenario{Fault: "follower-partitioned", Variant: "debug", Cause: "partition", Options: Options{Net: "ns", Level: "debug"}, Break: each(follower, cut(dropped)), Heal: again(cut(Policy{}))})
	add(&Scenario{Fault: "healthy", Variant: "debug", Healthy: true, Options: Options{Level: "debug", Names: "d%d"}, Hold: 10 * sec})
	add(&Scenario{Fault: "two-killed", Variant: "compose", Cause: "node-down", Also: []string{"dead-voters", "quorum-lost"}, Options: Options{Names: "etcd-%d"}, Single: true, Break: each(bothOthers, kill)})
	add(&Scenario{Fault: "healthy", Variant: "compose", Healthy: true, Options: Options{Names: "etcd%d"}, Single: true, Hold: 12 * sec})
	add(&Scenario{Fault: "slow-disk", Variant: "console", Cause: "slow-disk", Options: Options{Disk: "fuse", Format: "console", Rate: 8}, Hold: 20 * sec, Break: each(leader, slowSync(1300*ms))})
	add(&Scenario{Fault: "leader-paused", Variant: "debug", Cause: "process-paused", Options: Options{Level: "debug", Names: "etcd%d"}, Hold: 12 * sec, Break: each(leader, pause), Heal: again(unpause)})
	for _, s := range list {
		if s.Notes == "" {
			s.Notes = fmt.Sprintf("%s.", strings.ReplaceAll(s.Fault, "-", " "))
		}
	}
	return list
}
