package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// A disk is below a node's data directory.
type disk interface {
	close()
}

// diskKinds make a disk at an empty directory.
var diskKinds = map[string]func(dir string) (disk, error){
	"small": newSmallDisk,
	"fuse":  newFuseDisk,
}

// A smallDisk has a fixed size. It needs root.
type smallDisk struct{ dir string }

const smallDiskSize = 220 << 20

func newSmallDisk(dir string) (disk, error) {
	if err := syscall.Mount("raftdiag", dir, "tmpfs", 0, fmt.Sprintf("size=%d", smallDiskSize)); err != nil {
		return nil, fmt.Errorf("mount a tmpfs: %w", err)
	}
	return &smallDisk{dir}, os.Chmod(dir, 0o700)
}

// fill takes what is free but for the bytes to leave.
func (d *smallDisk) fill(leave int64) error {
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.dir, &s); err != nil {
		return err
	}
	free := int64(s.Bavail)*s.Bsize - leave
	if free <= 0 {
		return nil
	}
	f, err := os.Create(filepath.Join(d.dir, "core.dump"))
	if err != nil {
		return err
	}
	defer f.Close()
	return syscall.Fallocate(int(f.Fd()), 0, 0, free)
}

func (d *smallDisk) free() error { return os.Remove(filepath.Join(d.dir, "core.dump")) }

func (d *smallDisk) close() {
	if err := syscall.Unmount(d.dir, syscall.MNT_DETACH); err != nil {
		exec.Command("umount", "-l", d.dir).Run()
	}
}
