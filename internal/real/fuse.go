package main

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// A fuseDisk is a directory whose syncs and writes can be made slow, or fail.
type fuseDisk struct {
	dir, back string
	server    *fuse.Server

	syncDelay  atomic.Int64 // nanoseconds
	writeDelay atomic.Int64
	syncError  atomic.Int32 // an errno
	writeError atomic.Int32
}

// newFuseDisk needs root, or fusermount.
func newFuseDisk(dir string) (disk, error) {
	d := &fuseDisk{dir: dir, back: dir + ".back"}
	if err := os.Mkdir(d.back, 0o700); err != nil {
		return nil, err
	}
	root := &fs.LoopbackRoot{Path: d.back}
	node := d.node(root)
	root.RootNode = node
	long := time.Second
	server, err := fs.Mount(dir, node, &fs.Options{
		EntryTimeout: &long, AttrTimeout: &long,
		MountOptions: fuse.MountOptions{DirectMount: os.Geteuid() == 0, FsName: "raftdiag", Name: "raftdiag"},
	})
	if err != nil {
		return nil, fmt.Errorf("mount FUSE: %w", err)
	}
	d.server = server
	return d, nil
}

func (d *fuseDisk) close() {
	d.syncDelay.Store(0)
	d.writeDelay.Store(0)
	if d.server.Unmount() != nil {
		syscall.Unmount(d.dir, syscall.MNT_DETACH)
	}
}

type fuseNode struct {
	fs.LoopbackNode
	disk *fuseDisk
}

type fuseFile struct {
	fs.FileHandle
	disk *fuseDisk
}

var (
	_ fs.NodeOpener         = (*fuseNode)(nil)
	_ fs.NodeCreater        = (*fuseNode)(nil)
	_ fs.NodeFsyncer        = (*fuseNode)(nil)
	_ fs.FileWriter         = (*fuseFile)(nil)
	_ fs.FileReader         = (*fuseFile)(nil)
	_ fs.FileFlusher        = (*fuseFile)(nil)
	_ fs.FileReleaser       = (*fuseFile)(nil)
	_ fs.FileGetattrer      = (*fuseFile)(nil)
	_ fs.FileSetattrer      = (*fuseFile)(nil)
	_ fs.FileAllocater      = (*fuseFile)(nil)
	_ fs.FileLseeker        = (*fuseFile)(nil)
	_ fs.FileSetlkwer       = (*fuseFile)(nil)
	_ fs.FileSetlker        = (*fuseFile)(nil)
	_ fs.FileGetlker        = (*fuseFile)(nil)
	_ fs.NodeWrapChilder    = (*fuseNode)(nil)
	_ fs.NodeCopyFileRanger = (*fuseNode)(nil)
)

func (d *fuseDisk) node(root *fs.LoopbackRoot) *fuseNode {
	return &fuseNode{LoopbackNode: fs.LoopbackNode{RootData: root}, disk: d}
}

// WrapChild makes a child one of this kind.
func (n *fuseNode) WrapChild(context.Context, fs.InodeEmbedder) fs.InodeEmbedder {
	return n.disk.node(n.RootData)
}

// CopyFileRange is refused: the caller copies by reading and writing.
func (n *fuseNode) CopyFileRange(context.Context, fs.FileHandle, uint64, *fs.Inode, fs.FileHandle, uint64, uint64, uint64) (uint32, syscall.Errno) {
	return 0, syscall.EOPNOTSUPP
}

func (n *fuseNode) Open(ctx context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	h, f, errno := n.LoopbackNode.Open(ctx, flags)
	if errno != 0 {
		return nil, 0, errno
	}
	return &fuseFile{h, n.disk}, f, 0
}

func (n *fuseNode) Create(ctx context.Context, name string, flags, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	inode, h, f, errno := n.LoopbackNode.Create(ctx, name, flags, mode, out)
	if errno != 0 {
		return nil, nil, 0, errno
	}
	return inode, &fuseFile{h, n.disk}, f, 0
}

func (n *fuseNode) Fsync(ctx context.Context, h fs.FileHandle, flags uint32) syscall.Errno {
	time.Sleep(time.Duration(n.disk.syncDelay.Load()))
	if errno := n.disk.syncError.Load(); errno != 0 {
		return syscall.Errno(errno)
	}
	if f, ok := h.(*fuseFile); ok {
		return f.FileHandle.(fs.FileFsyncer).Fsync(ctx, flags)
	}
	return 0
}

func (f *fuseFile) Write(ctx context.Context, data []byte, off int64) (uint32, syscall.Errno) {
	time.Sleep(time.Duration(f.disk.writeDelay.Load()))
	if errno := f.disk.writeError.Load(); errno != 0 {
		return 0, syscall.Errno(errno)
	}
	return f.FileHandle.(fs.FileWriter).Write(ctx, data, off)
}

func (f *fuseFile) Read(ctx context.Context, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	return f.FileHandle.(fs.FileReader).Read(ctx, dest, off)
}

func (f *fuseFile) Flush(ctx context.Context) syscall.Errno {
	return f.FileHandle.(fs.FileFlusher).Flush(ctx)
}

func (f *fuseFile) Release(ctx context.Context) syscall.Errno {
	return f.FileHandle.(fs.FileReleaser).Release(ctx)
}

func (f *fuseFile) Getattr(ctx context.Context, out *fuse.AttrOut) syscall.Errno {
	return f.FileHandle.(fs.FileGetattrer).Getattr(ctx, out)
}

func (f *fuseFile) Setattr(ctx context.Context, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	return f.FileHandle.(fs.FileSetattrer).Setattr(ctx, in, out)
}

func (f *fuseFile) Allocate(ctx context.Context, off, size uint64, mode uint32) syscall.Errno {
	if errno := f.disk.writeError.Load(); errno != 0 {
		return syscall.Errno(errno)
	}
	return f.FileHandle.(fs.FileAllocater).Allocate(ctx, off, size, mode)
}

func (f *fuseFile) Lseek(ctx context.Context, off uint64, whence uint32) (uint64, syscall.Errno) {
	return f.FileHandle.(fs.FileLseeker).Lseek(ctx, off, whence)
}

func (f *fuseFile) Getlk(ctx context.Context, owner uint64, lk *fuse.FileLock, flags uint32, out *fuse.FileLock) syscall.Errno {
	return f.FileHandle.(fs.FileGetlker).Getlk(ctx, owner, lk, flags, out)
}

func (f *fuseFile) Setlk(ctx context.Context, owner uint64, lk *fuse.FileLock, flags uint32) syscall.Errno {
	return f.FileHandle.(fs.FileSetlker).Setlk(ctx, owner, lk, flags)
}

func (f *fuseFile) Setlkw(ctx context.Context, owner uint64, lk *fuse.FileLock, flags uint32) syscall.Errno {
	return f.FileHandle.(fs.FileSetlkwer).Setlkw(ctx, owner, lk, flags)
}
