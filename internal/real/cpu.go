package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// starve lets the nodes' processes have only a part of one processor, together.
// It needs root and cgroups of version 1.
func (c *Cluster) starve(part float64, nodes ...int) error {
	dir, err := os.MkdirTemp("/sys/fs/cgroup/cpu", "raftdiag-")
	if err != nil {
		return err
	}
	c.cgroups = append(c.cgroups, dir)
	period := 100 * time.Millisecond
	if err := os.WriteFile(filepath.Join(dir, "cpu.cfs_period_us"), []byte(strconv.Itoa(int(period.Microseconds()))), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "cpu.cfs_quota_us"), []byte(strconv.Itoa(int(part*float64(period.Microseconds())))), 0o644); err != nil {
		return err
	}
	for _, i := range nodes {
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), fmt.Append(nil, c.Nodes[i].cmd.Process.Pid), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// feed takes back what starve has done.
func (c *Cluster) feed() {
	for _, dir := range c.cgroups {
		os.WriteFile(filepath.Join(dir, "cpu.cfs_quota_us"), []byte("-1"), 0o644)
	}
}
