package main

import (
	"slices"
	"strings"
	"time"
)

// scenarios are all that can be recorded, in the order in which they are.
func scenarios() []*Scenario {
	var list []*Scenario
	list = append(list, etcdScenarios("3.6.16")...)
	list = append(list, hraftScenarios("1.7.3")...)
	list = append(list, natsScenarios("2.15.2")...)
	for _, version := range []string{"3.5.35", "3.4.15", "3.7.3"} {
		list = append(list, someOf(etcdScenarios("3.6.16"), version, "healthy-plain", "healthy-rolling-restart", "healthy-transfer", "follower-killed-healed",
			"leader-killed", "two-killed-healed", "leader-paused", "follower-paused", "leader-partitioned", "follower-partitioned-packets", "one-way-from-leader", "one-way-to-leader",
			"packet-loss", "slow-network", "slow-disk", "wrong-peer-address", "cluster-id-mismatch", "tls-expired", "log-lost-wiped", "log-corrupt", "member-removed", "disk-full", "quota-exceeded", "overloaded")...)
	}
	list = append(list, someOf(hraftScenarios("1.7.3"), "1.6.0", "healthy-plain", "leader-killed", "leader-partitioned", "one-way-to-leader", "log-lost-wiped")...)
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

// someOf are the named ones of a list of scenarios, for another version.
func someOf(all []*Scenario, version string, names ...string) (list []*Scenario) {
	for _, s := range all {
		if slices.Contains(names, s.Name()) {
			s.Version = version
			if strings.HasPrefix(version, "3.4") || strings.HasPrefix(version, "3.5") {
				s.Options.Args = olderFlags(s.Options.Args)
			}
			if strings.HasPrefix(version, "3.4") && len(list)%2 == 1 {
				s.Options.Args = append(s.Options.Args, "--logger=zap") // its own choice is text
			}
			list = append(list, s)
		}
	}
	return list
}

// olderFlags are the names that flags had before etcd 3.6.
func olderFlags(args []string) []string {
	args = slices.Clone(args)
	for i := range args {
		args[i] = strings.Replace(args[i], "--snapshot-catchup-entries", "--experimental-snapshot-catchup-entries", 1)
	}
	return args
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
