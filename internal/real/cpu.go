package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// starve lets the nodes' processes have only a part of one processor, together,
// and share it with so many busy neighbours. It needs root and cgroups of
// version 1.
func (c *Cluster) starve(part float64, neighbours int, nodes ...int) error {
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
	var pids []int
	for _, i := range nodes {
		pids = append(pids, c.Nodes[i].cmd.Process.Pid)
	}
	for range neighbours {
		busy := exec.Command("sh", "-c", "while :; do :; done")
		busy.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := onForker(busy.Start); err != nil {
			return err
		}
		c.busy = append(c.busy, busy)
		pids = append(pids, busy.Process.Pid)
	}
	for _, pid := range pids {
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), fmt.Append(nil, pid), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// feed takes back what starve has done.
func (c *Cluster) feed() {
	for _, busy := range c.busy {
		busy.Process.Kill()
		busy.Wait()
	}
	c.busy = nil
	for _, dir := range c.cgroups {
		os.WriteFile(filepath.Join(dir, "cpu.cfs_quota_us"), []byte("-1"), 0o644)
	}
}
