package main

import (
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
