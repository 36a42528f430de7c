package main

import (
	"errors"
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

// fill takes what is free. The node writes at the same time, so that what was
// free may not be so any more.
func (d *smallDisk) fill() error {
	f, err := os.Create(filepath.Join(d.dir, "core.dump"))
	if err != nil {
		return err
	}
	defer f.Close()
	var taken int64
	for range 50 {
		var s syscall.Statfs_t
		if err := syscall.Statfs(d.dir, &s); err != nil {
			return err
		}
		free := int64(s.Bavail) * s.Bsize
		if free == 0 {
			return nil
		}
		err := syscall.Fallocate(int(f.Fd()), 0, taken, free)
		if err == nil {
			taken += free
		} else if !errors.Is(err, syscall.ENOSPC) {
			return err
		}
	}
	return nil
}

func (d *smallDisk) free() error { return os.Remove(filepath.Join(d.dir, "core.dump")) }

func (d *smallDisk) close() {
	if err := syscall.Unmount(d.dir, syscall.MNT_DETACH); err != nil {
		exec.Command("umount", "-l", d.dir).Run()
	}
}
