package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// common are the faults that can be done to any system from outside. Small
// differences in names and times keep one recording from being the other's
// copy.
func common(prefix string) (list []*Scenario) {
	add := func(s *Scenario) { list = append(list, s) }
	names := func(suffix string) string { return prefix + suffix }
	oneWay := []string{"partition"}

	add(&Scenario{Fault: "healthy", Variant: "plain", Healthy: true, Hold: 25 * sec, Options: Options{Names: names("-%d")}})
	add(&Scenario{Fault: "healthy", Variant: "rolling-restart", Healthy: true, Also: []string{"node-restart", "node-down"}, Options: Options{Names: names("%d")}, Hold: 5 * sec, Graceful: true,
		Break: func(r *Run) error {
			for i := range r.Nodes {
				if err := r.restart(i, syscall.SIGTERM, time.Second); err != nil {
					return err
				}
				r.sleep(7 * sec)
			}
			return nil
		}})
	add(&Scenario{Fault: "healthy", Variant: "bursts", Healthy: true, Options: Options{Names: names("%d"), Size: 400}, Hold: 3 * sec,
		Break: func(r *Run) error {
			for range 4 {
				r.load.setBurst(100)
				r.sleep(2 * sec)
				r.load.setBurst(1)
				r.sleep(3 * sec)
			}
			return nil
		}})
	add(&Scenario{Fault: "follower-killed", Cause: "node-down", Break: each(follower, kill)})
	add(&Scenario{Fault: "follower-killed", Variant: "healed", Cause: "node-down", Also: []string{"node-restart"}, Options: Options{Net: "ns", Names: names("-%d")}, Hold: 12 * sec, Break: each(follower2, kill), Heal: again(start)})
	add(&Scenario{Fault: "leader-killed", Cause: "node-down", Also: []string{"node-restart"}, Options: Options{Names: names("-%d")}, Break: each(leader, kill), Heal: again(start)})
	add(&Scenario{Fault: "leader-killed", Variant: "for-good", Cause: "node-down", Options: Options{Net: "ns", Heartbeat: 200 * ms, Election: 2 * sec}, Hold: 20 * sec, Break: each(leader, kill)})
	add(&Scenario{Fault: "two-killed", Cause: "node-down", Also: []string{"dead-voters", "quorum-lost"}, Options: Options{Names: names("%d")}, Hold: 18 * sec, Break: each(bothOthers, kill)})
	add(&Scenario{Fault: "two-killed", Variant: "healed", Cause: "node-down", Also: []string{"dead-voters", "quorum-lost", "node-restart"}, Options: Options{Names: names("-%d")}, Hold: 12 * sec,
		Break: each(func(r *Run) []int { return []int{r.Leading, r.follower(0)} }, kill), Heal: again(start)})
	add(&Scenario{Fault: "crash-loop", Cause: "node-restart", Also: []string{"node-down"}, Options: Options{Names: names("%d")}, Hold: 22 * sec,
		Break: onAndOff(each(follower, kill), 2*sec, again(start), 3*sec), Heal: steps(endLoops, again(start))})
	add(&Scenario{Fault: "restart-of-all", Cause: "node-restart", Also: []string{"node-down"}, Hold: 4 * sec, Tail: 15 * sec, Break: each(everyNode, kill), Heal: again(start)})
	add(&Scenario{Fault: "leader-paused", Cause: "process-paused", Options: Options{Names: names("%d")}, Break: each(leader, pause), Heal: again(unpause)})
	add(&Scenario{Fault: "follower-paused", Cause: "process-paused", Options: Options{Names: names("-%d")}, Hold: 13 * sec, Break: each(follower, pause), Heal: again(unpause)})
	add(&Scenario{Fault: "leader-partitioned", Cause: "partition", Options: Options{Net: "ns", Names: names("-%d")}, Hold: 18 * sec, Break: each(leader, cut(dropped)), Heal: again(cut(Policy{}))})
	add(&Scenario{Fault: "leader-partitioned", Variant: "reset", Cause: "partition", Also: []string{"connection-refused"}, Options: Options{Net: "proxy"}, Hold: 15 * sec, Break: each(leader, cut(Policy{Refuse: true})), Heal: again(cut(Policy{}))})
	add(&Scenario{Fault: "follower-partitioned", Cause: "partition", Options: Options{Net: "ns", Names: names("%d")}, Hold: 20 * sec, Break: each(follower, cut(dropped)), Heal: again(cut(Policy{}))})
	add(&Scenario{Fault: "all-partitioned", Cause: "partition", Also: []string{"quorum-lost"}, Options: Options{Net: "ns"}, Hold: 16 * sec, Break: each(everyNode, cut(dropped)), Heal: whole(Policy{})})
	add(&Scenario{Fault: "one-way-from-leader", Cause: "one-way-partition", Also: oneWay, Options: Options{Net: "ns", Names: names("%d")}, Hold: 18 * sec, Break: each(leader, fromNode(dropped)), Heal: again(fromNode(Policy{}))})
	add(&Scenario{Fault: "one-way-to-leader", Cause: "one-way-partition", Also: oneWay, Options: Options{Net: "ns"}, Hold: 18 * sec, Break: each(leader, toNode(dropped)), Heal: again(toNode(Policy{}))})
	add(&Scenario{Fault: "one-way-to-follower", Cause: "one-way-partition", Also: oneWay, Options: Options{Net: "proxy", Names: names("-%d")}, Hold: 18 * sec, Break: each(follower, toNode(dropped))})
	add(&Scenario{Fault: "slow-network", Cause: "slow-network", Also: []string{"election-storm"}, Options: Options{Net: "ns", Names: names("%d")}, Hold: 20 * sec, Break: whole(Policy{Delay: 700 * ms, Jitter: 300 * ms}), Heal: whole(Policy{})})
	add(&Scenario{Fault: "packet-loss", Cause: "packet-loss", Also: []string{"slow-network", "flapping-link"}, Options: Options{Net: "ns", Rate: 8}, Hold: 22 * sec, Break: whole(Policy{Loss: 0.4}), Heal: whole(Policy{})})
	add(&Scenario{Fault: "flapping-link", Cause: "flapping-link", Also: []string{"partition"}, Options: Options{Net: "proxy", Names: names("-%d")}, Hold: 24 * sec,
		Break: onAndOff(each(follower, cut(Policy{Refuse: true})), 1500*ms, again(cut(Policy{})), 1500*ms), Heal: steps(endLoops, again(cut(Policy{})))})
	add(&Scenario{Fault: "slow-disk", Cause: "slow-disk", Options: Options{Disk: "fuse", Names: names("%d")}, Hold: 22 * sec, Break: each(leader, slowSync(1500*ms)), Heal: again(slowSync(0))})
	add(&Scenario{Fault: "disk-full", Cause: "disk-full", Options: Options{Disk: "small", Rate: 20, Size: 20000}, Hold: 18 * sec, Break: each(follower, fillDisk)})
	add(&Scenario{Fault: "disk-full", Variant: "leader", Cause: "disk-full", Options: Options{Disk: "fuse", Names: names("-%d")}, Hold: 18 * sec, Break: each(leader, failWrites(syscall.ENOSPC)), Heal: again(failWrites(0))})
	add(&Scenario{Fault: "overloaded", Cause: "overloaded", Also: []string{"election-storm"}, Options: Options{Names: names("%d"), Rate: 15}, Hold: 20 * sec,
		Break: each(leader, func(r *Run, i int) error { return r.starve(0.06, 6, i) }), Heal: func(r *Run) error { r.feed(); return nil }})
	add(&Scenario{Fault: "log-lost", Variant: "wiped", Cause: "log-lost", Also: []string{"node-restart", "node-down"}, Options: Options{Names: names("-%d")}, Hold: 14 * sec, Break: each(follower, wipe())})
	return list
}

// hraftScenarios are what is recorded of hashicorp/raft.
func hraftScenarios(version string) (list []*Scenario) {
	add := func(s *Scenario) { list = append(list, s) }
	for k, s := range common("srv") {
		// Every third in JSON; the text is what most programs print.
		if k%3 == 2 {
			s.Options.Format = "json"
		}
		add(s)
	}
	h := func(r *Run) *hraft { return r.System.(*hraft) }
	add(&Scenario{Fault: "healthy", Variant: "transfer", Healthy: true, Options: Options{Names: "consul-%d"}, Hold: 15 * sec,
		Break: func(r *Run) error { return h(r).ask(r, "transfer", r.follower(0)) }})
	add(&Scenario{Fault: "healthy", Variant: "member-added", Healthy: true, Also: []string{"member-added"}, Hold: 10 * sec,
		Break: func(r *Run) error {
			if err := r.addNode(len(r.Nodes)); err != nil {
				return err
			}
			i := len(r.Nodes) - 1
			r.Nodes[i].Extra = []string{"-bootstrap="}
			if err := r.start(i); err != nil {
				return err
			}
			r.sleep(2 * sec)
			if err := h(r).ask(r, "learner", i); err != nil {
				return err
			}
			r.sleep(5 * sec)
			return h(r).ask(r, "voter", i)
		}})
	add(&Scenario{Fault: "healthy", Variant: "snapshots", Healthy: true, Also: []string{"node-restart", "node-down"}, Options: Options{Rate: 20, Format: "json", Args: []string{"-snapshot-threshold", "100", "-snapshot-interval", "2s", "-trailing-logs", "20"}}, Hold: 12 * sec,
		Break: func(r *Run) error { return r.restart(r.follower(0), syscall.SIGTERM, 6*sec) }})
	add(&Scenario{Fault: "healthy", Variant: "debug", Healthy: true, Options: Options{Level: "debug"}, Hold: 12 * sec})
	add(&Scenario{Fault: "leader-killed", Variant: "debug", Cause: "node-down", Also: []string{"node-restart"}, Options: Options{Level: "debug", Names: "vault-%d"}, Break: each(leader, kill), Heal: again(start)})
	add(&Scenario{Fault: "member-removed", Cause: "member-removed", Hold: 14 * sec,
		Break: each(follower, func(r *Run, i int) error { return h(r).ask(r, "remove", i) })})
	add(&Scenario{Fault: "member-removed", Variant: "leader", Cause: "member-removed", Options: Options{Names: "nomad-%d"}, Hold: 14 * sec,
		Break: each(leader, func(r *Run, i int) error { return h(r).ask(r, "remove", i) })})
	add(&Scenario{Fault: "dead-voters", Cause: "dead-voters", Also: []string{"node-down", "member-added", "quorum-lost"}, Hold: 18 * sec,
		Break: func(r *Run) error {
			if err := r.addNode(len(r.Nodes)); err != nil {
				return err
			}
			if err := h(r).ask(r, "voter", len(r.Nodes)-1); err != nil {
				return err
			}
			r.sleep(3 * sec)
			r.blame(r.follower(0), len(r.Nodes)-1)
			return r.kill(r.Culprits[0])
		}, Notes: "A fourth voter is added and never started; then one of the three is killed."})
	add(&Scenario{Fault: "wrong-peer-address", Cause: "wrong-peer-address", Also: []string{"connection-refused"}, Options: Options{Names: "srv%d"}, Warm: 2 * sec, Hold: 25 * sec,
		Before: func(r *Run) error {
			r.blame(2)
			a, err := freeAddr()
			r.Nodes[2].Listen = a
			return err
		}, Notes: "From the start, one of three listens elsewhere than it and the others say."})
	add(&Scenario{Fault: "log-corrupt", Cause: "log-corrupt", Also: []string{"node-down"}, Hold: 14 * sec,
		Break: each(follower, damage("raft.db", func(f string) error { return scribble(f, 0, 8192) })), Notes: "The first pages of the log's database are turned over."})
	add(&Scenario{Fault: "log-corrupt", Variant: "truncated", Cause: "log-corrupt", Also: []string{"node-down", "log-lost"}, Options: Options{Names: "node-%d"}, Hold: 14 * sec,
		Break: each(follower2, damage("raft.db", func(f string) error { return os.Truncate(f, 12000) }))})
	add(&Scenario{Fault: "apply-slow", Cause: "slow-apply", Also: []string{"state-machine-blocked"}, Options: Options{Rate: 6, Args: []string{"-slow-apply", "2s"}}, Hold: 20 * sec, Points: []string{"apply-stalled"},
		Break: each(leader, func(r *Run, i int) error {
			return os.WriteFile(filepath.Join(r.Nodes[i].Dir, "slow"), nil, 0o644)
		}), Heal: again(func(r *Run, i int) error { return os.Remove(filepath.Join(r.Nodes[i].Dir, "slow")) }), Notes: "The leader's state machine takes two seconds for each entry."})
	add(&Scenario{Fault: "snapshot-loop", Cause: "snapshot-loop", Also: []string{"slow-network"}, Options: Options{Net: "ns", Rate: 60, Size: 6000, Args: []string{"-snapshot-threshold", "40", "-snapshot-interval", "1s", "-trailing-logs", "5"}}, Warm: 15 * sec, Hold: 25 * sec,
		Break: func(r *Run) error {
			i := r.blame(r.follower(0))
			r.isolate(i, dropped)
			r.sleep(4 * sec)
			for _, j := range r.followers(i) {
				r.Net.Set(j, i, Policy{Rate: 3 << 20})
				r.Net.Set(i, j, Policy{})
			}
			return nil
		}, Notes: "A follower fell behind, and its line is too thin."})
	add(&Scenario{Fault: "leader-flapping", Cause: "leader-flapping", Options: Options{Names: "srv-%d"}, Hold: 20 * sec, Points: []string{"no-leader"},
		Break: func(r *Run) error {
			r.loop(func(stopped <-chan struct{}) {
				if l := h(r).Leader(r.ctx, r.Cluster); l >= 0 {
					h(r).ask(r, "transfer", r.followers(l)[0])
				}
				waitFor(stopped, 1500*ms)
			})
			return nil
		}, Heal: endLoops})
	add(&Scenario{Fault: "duplicate-id", Cause: "duplicate-id", Hold: 20 * sec,
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
		}), Notes: "A copy of a follower's data is started beside it, at another address."})
	for _, s := range list {
		s.System, s.Version = "hraft", version
		if s.Options.Heartbeat == 0 { // the library's own choice is a second for both
			s.Options.Heartbeat, s.Options.Election = sec, sec
		}
	}
	return list
}

// natsScenarios are what is recorded of NATS with JetStream.
func natsScenarios(version string) (list []*Scenario) {
	add := func(s *Scenario) { list = append(list, s) }
	skip := []string{"leader-killed-for-good", "crash-loop"}
	for k, s := range common("nats") {
		if strings.Contains(strings.Join(skip, " "), s.Name()) {
			continue
		}
		if s.Options.Names == "" {
			s.Options.Names, s.Options.First = "n%d-east", 1
		}
		if k%4 == 3 {
			s.Options.Level = "debug"
		}
		add(s)
	}
	n := func(r *Run) *natsSystem { return r.System.(*natsSystem) }
	add(&Scenario{Fault: "healthy", Variant: "transfer", Healthy: true, Options: Options{Names: "n%d", First: 1}, Hold: 14 * sec,
		Break: func(r *Run) error { return n(r).stepDown(r, "$JS.API.STREAM.LEADER.STEPDOWN."+natsStream) }})
	add(&Scenario{Fault: "wrong-peer-address", Cause: "wrong-peer-address", Also: []string{"connection-refused", "node-restart", "node-down"}, Options: Options{Names: "n%d"}, Hold: 20 * sec,
		Break: each(follower, func(r *Run, i int) error {
			if err := r.stop(i); err != nil {
				return err
			}
			routes := r.routes()
			for j := range routes {
				if j != i {
					routes[j] = "127.0.0.1:1"
				}
			}
			if err := n(r).configure(r.Cluster, i, routes); err != nil {
				return err
			}
			for j := range r.Nodes { // nor do the others find it
				if j != i {
					routes := r.routes()
					routes[i] = "127.0.0.1:2"
					if err := n(r).configure(r.Cluster, j, routes); err != nil {
						return err
					}
					if err := r.restart(j, syscall.SIGTERM, sec); err != nil {
						return err
					}
				}
			}
			return r.start(i)
		}), Notes: "All are restarted; a follower's routes lead nowhere, nor do the others' to it."})
	add(&Scenario{Fault: "cluster-id-mismatch", Cause: "cluster-id-mismatch", Options: Options{Names: "nats-%d"}, Hold: 20 * sec,
		Break: each(follower, func(r *Run, i int) error {
			if err := r.stop(i); err != nil {
				return err
			}
			r.Options.ClusterID = "staging"
			if err := n(r).configure(r.Cluster, i, r.routes()); err != nil {
				return err
			}
			return r.start(i)
		}), Notes: "A follower was restarted with another cluster's name."})
	add(&Scenario{Fault: "tls-expired", Cause: "tls-failure", Options: Options{TLS: true, Names: "n%d"}, Hold: 20 * sec,
		Break: each(follower, func(r *Run, i int) error {
			if err := r.stop(i); err != nil {
				return err
			}
			host, _, _ := net.SplitHostPort(r.Nodes[i].Peer)
			if err := r.state.(*authority).issue(r.Dir, r.Nodes[i].Name, identity{until: time.Now().Add(-time.Hour), hosts: []string{host}}); err != nil {
				return err
			}
			return r.start(i)
		})})
	add(&Scenario{Fault: "duplicate-id", Cause: "duplicate-id", Options: Options{Names: "n%d", First: 1}, Hold: 20 * sec,
		Break: each(follower, func(r *Run, i int) error {
			if err := r.addNode(len(r.Nodes)); err != nil {
				return err
			}
			twin := len(r.Nodes) - 1
			r.Nodes[twin].Name = r.Nodes[i].Name
			r.blame(twin)
			if err := n(r).configure(r.Cluster, twin, r.routes()); err != nil {
				return err
			}
			return r.start(twin)
		}), Notes: "Another server with a follower's name joins."})
	add(&Scenario{Fault: "log-corrupt", Cause: "log-corrupt", Also: []string{"node-down"}, Options: Options{Names: "nats-%d"}, Hold: 18 * sec,
		Break: each(follower, damage("*.blk", func(f string) error { return scribble(f, 0.4, 64) }))})
	for _, s := range list {
		s.System, s.Version = "nats", version
		if s.Warm == 0 {
			s.Warm = 14 * sec // its elections take their time
		}
	}
	return list
}
