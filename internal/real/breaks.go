package main

import (
	"syscall"
	"time"
)

// A step does something to a run.
type step = func(*Run) error

// A pick chooses nodes.
type pick = func(*Run) []int

func leader(r *Run) []int     { return []int{r.Leading} }
func follower(r *Run) []int   { return []int{r.follower(0)} }
func follower2(r *Run) []int  { return []int{r.follower(1)} }
func bothOthers(r *Run) []int { return r.followers(r.Leading) }

func everyNode(r *Run) (list []int) {
	for i := range r.Nodes {
		list = append(list, i)
	}
	return list
}

// each blames the nodes and does f to each of them.
func each(nodes pick, f func(r *Run, i int) error) step {
	return func(r *Run) error {
		list := nodes(r)
		r.Culprits = append(r.Culprits, list...)
		for _, i := range list {
			if err := f(r, i); err != nil {
				return err
			}
		}
		return nil
	}
}

// again does f to the culprits.
func again(f func(r *Run, i int) error) step {
	return func(r *Run) error {
		for _, i := range r.Culprits {
			if err := f(r, i); err != nil {
				return err
			}
		}
		return nil
	}
}

func kill(r *Run, i int) error    { return r.kill(i) }
func stop(r *Run, i int) error    { return r.stop(i) }
func start(r *Run, i int) error   { return r.start(i) }
func pause(r *Run, i int) error   { return r.signal(i, syscall.SIGSTOP) }
func unpause(r *Run, i int) error { return r.signal(i, syscall.SIGCONT) }

// cut sets a policy between a node and all others, in both directions.
func cut(p Policy) func(r *Run, i int) error {
	return func(r *Run, i int) error { r.isolate(i, p); return nil }
}

// fromNode and toNode set a policy in one direction.
func fromNode(p Policy) func(r *Run, i int) error {
	return func(r *Run, i int) error {
		for j := range r.Nodes {
			if j != i {
				r.Net.Set(i, j, p)
			}
		}
		return nil
	}
}

func toNode(p Policy) func(r *Run, i int) error {
	return func(r *Run, i int) error {
		for j := range r.Nodes {
			if j != i {
				r.Net.Set(j, i, p)
			}
		}
		return nil
	}
}

// whole sets a policy on the whole network.
func whole(p Policy) step {
	return func(r *Run) error { r.everywhere(p); return nil }
}

var dropped = Policy{Drop: true}

// steps does one after the other.
func steps(list ...step) step {
	return func(r *Run) error {
		for _, f := range list {
			if err := f(r); err != nil {
				return err
			}
		}
		return nil
	}
}

func wait(d time.Duration) step {
	return func(r *Run) error { r.sleep(d); return nil }
}

// onAndOff does one thing and another by turns until the fault is healed.
func onAndOff(on step, forOn time.Duration, off step, forOff time.Duration) step {
	return func(r *Run) error {
		if err := on(r); err != nil { // the first time, which blames
			return err
		}
		blamed := len(r.Culprits)
		r.loop(func(stopped <-chan struct{}) {
			waitFor(stopped, forOn)
			off(r)
			waitFor(stopped, forOff)
			select {
			case <-stopped:
			default:
				on(r)
				r.Culprits = r.Culprits[:blamed]
			}
		})
		return nil
	}
}

func waitFor(stopped <-chan struct{}, d time.Duration) {
	select {
	case <-stopped:
	case <-time.After(d):
	}
}

// endLoops ends what onAndOff has begun.
func endLoops(r *Run) error { r.endLoops(); return nil }

// slow and its like set what a node's disk does.
func slowSync(d time.Duration) func(r *Run, i int) error {
	return func(r *Run, i int) error {
		r.disks[i].(*fuseDisk).syncDelay.Store(int64(d))
		return nil
	}
}

func failWrites(errno syscall.Errno) func(r *Run, i int) error {
	return func(r *Run, i int) error {
		d := r.disks[i].(*fuseDisk)
		d.writeError.Store(int32(errno))
		return nil
	}
}

func failSyncs(errno syscall.Errno) func(r *Run, i int) error {
	return func(r *Run, i int) error {
		r.disks[i].(*fuseDisk).syncError.Store(int32(errno))
		return nil
	}
}

func fillDisk(r *Run, i int) error { return r.disks[i].(*smallDisk).fill() }
func freeDisk(r *Run, i int) error { return r.disks[i].(*smallDisk).free() }

// damage stops a node, does something to a file of its data and starts it again.
func damage(pattern string, f func(file string) error) func(r *Run, i int) error {
	return func(r *Run, i int) error {
		if err := r.kill(i); err != nil {
			return err
		}
		r.sleep(time.Second)
		file, err := newest(r.Nodes[i].Dir, pattern)
		if err != nil {
			return err
		}
		if err := f(file); err != nil {
			return err
		}
		return r.start(i)
	}
}

// wipe stops a node, empties its data directory and starts it again.
func wipe(extra ...string) func(r *Run, i int) error {
	return func(r *Run, i int) error {
		if err := r.kill(i); err != nil {
			return err
		}
		r.sleep(time.Second)
		if err := emptyDir(r.Nodes[i].Dir); err != nil {
			return err
		}
		r.Nodes[i].Extra = append(r.Nodes[i].Extra, extra...)
		return r.start(i)
	}
}
