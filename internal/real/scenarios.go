package main

import (
	"syscall"
	"time"
)

// scenarios are all that can be recorded, in the order in which they are.
func scenarios() []*Scenario {
	var list []*Scenario
	list = append(list, etcdScenarios("3.6.16")...)
	for _, s := range list {
		if s.Warm == 0 {
			s.Warm = 10 * time.Second
		}
		if s.Hold == 0 {
			s.Hold = 15 * time.Second
		}
		if s.Tail == 0 {
			s.Tail = 10 * time.Second
		}
		if s.Points == nil && !s.Healthy {
			s.Points = pointsOf(s.Cause)
		}
	}
	return list
}

// pointsOf are the failure points that a cause can have.
func pointsOf(cause string) []string {
	switch cause {
	case "slow-disk", "disk-full", "overloaded", "process-paused":
		return []string{"no-leader", "no-broadcast", "no-delivery", "no-response", "no-quorum", "no-commit-advance", "apply-stalled", "proposal-dropped"}
	case "quota-exceeded":
		return []string{"proposal-dropped", "apply-stalled"}
	case "":
		return nil
	}
	return []string{"no-leader", "no-delivery", "no-quorum", "no-response", "proposal-dropped"}
}

func etcdScenarios(version string) (list []*Scenario) {
	add := func(s *Scenario) {
		s.System, s.Version = "etcd", version
		list = append(list, s)
	}
	ms := time.Millisecond
	sec := time.Second

	add(&Scenario{Fault: "healthy", Variant: "plain", Healthy: true, Hold: 25 * sec, Options: Options{Names: "infra%d"}})
	add(&Scenario{Fault: "follower-killed", Cause: "node-down",
		Break: func(r *Run) error { return r.kill(r.blame(r.follower(0))) }})
	add(&Scenario{Fault: "leader-killed", Cause: "node-down", Options: Options{Names: "etcd-%d"},
		Break: func(r *Run) error { return r.kill(r.blame(r.Leading)) },
		Heal:  func(r *Run) error { return r.start(r.Leading) }})
	add(&Scenario{Fault: "two-killed", Cause: "node-down", Also: []string{"dead-voters", "quorum-lost"}, Options: Options{Names: "m%d", First: 1, Heartbeat: 50 * ms, Election: 500 * ms},
		Break: func(r *Run) error {
			r.blame(r.follower(0), r.follower(1))
			r.kill(r.follower(0))
			r.sleep(2 * sec)
			return r.kill(r.follower(1))
		}})
	add(&Scenario{Fault: "leader-paused", Cause: "process-paused", Options: Options{Names: "etcd%d"},
		Break: func(r *Run) error { return r.signal(r.blame(r.Leading), syscall.SIGSTOP) },
		Heal:  func(r *Run) error { return r.signal(r.Leading, syscall.SIGCONT) }})
	add(&Scenario{Fault: "follower-partitioned", Cause: "partition", Options: Options{Net: "proxy", Names: "n%d"},
		Break: func(r *Run) error { r.isolate(r.blame(r.follower(0)), Policy{Drop: true}); return nil },
		Heal:  func(r *Run) error { r.isolate(r.Culprits[0], Policy{}); return nil }})
	add(&Scenario{Fault: "leader-partitioned", Cause: "partition", Options: Options{Net: "ns", Names: "etcd-%d"}, Hold: 20 * sec,
		Break: func(r *Run) error { r.isolate(r.blame(r.Leading), Policy{Drop: true}); return nil },
		Heal:  func(r *Run) error { r.isolate(r.Culprits[0], Policy{}); return nil }})
	oneWay := func(out bool, to func(r *Run) Policy) func(r *Run) error {
		return func(r *Run) error {
			l := r.blame(r.Leading)
			for _, f := range r.followers(l) {
				if out {
					r.Net.Set(l, f, to(r))
				} else {
					r.Net.Set(f, l, to(r))
				}
			}
			return nil
		}
	}
	drop := func(*Run) Policy { return Policy{Drop: true} }
	clear := func(*Run) Policy { return Policy{} }
	_ = clear
	add(&Scenario{Fault: "one-way-from-leader", Cause: "one-way-partition", Also: []string{"partition"}, Options: Options{Net: "ns"}, Hold: 20 * sec,
		Break: oneWay(true, drop), Notes: "What the leader sends to its followers is lost."})
	add(&Scenario{Fault: "one-way-to-leader", Cause: "one-way-partition", Also: []string{"partition"}, Options: Options{Net: "ns", Names: "db%d"}, Hold: 20 * sec,
		Break: oneWay(false, drop), Notes: "What the followers send to the leader is lost."})
	add(&Scenario{Fault: "wrong-peer-address", Cause: "wrong-peer-address", Also: []string{"connection-refused"}, Hold: 20 * sec,
		Break: func(r *Run) error {
			return r.System.(*etcd).updatePeer(r, r.blame(r.follower(1)), "http://127.0.0.1:1")
		},
		Notes: "The member's peer URL is changed to one where nobody listens; the others cannot send to it any more."})
	add(&Scenario{Fault: "disk-full", Cause: "disk-full", Options: Options{Disk: "small", Rate: 20, Size: 20000}, Hold: 20 * sec,
		Break: func(r *Run) error {
			i := r.blame(r.follower(0))
			return r.disks[i].(*smallDisk).fill(0)
		}})
	add(&Scenario{Fault: "slow-disk", Cause: "slow-disk", Options: Options{Disk: "fuse", Names: "etcd%d"}, Hold: 25 * sec,
		Break: func(r *Run) error {
			i := r.blame(r.Leading)
			r.disks[i].(*fuseDisk).syncDelay.Store(int64(1500 * ms))
			return nil
		},
		Heal: func(r *Run) error { r.disks[r.Culprits[0]].(*fuseDisk).syncDelay.Store(0); return nil }})
	add(&Scenario{Fault: "restart-of-all", Cause: "node-restart", Also: []string{"node-down"}, Graceful: true,
		Break: func(r *Run) error {
			for i := range r.Nodes {
				r.blame(i)
				r.kill(i)
			}
			r.sleep(4 * sec)
			return nil
		},
		Heal: func(r *Run) error { return r.startAll() }})
	return list
}
