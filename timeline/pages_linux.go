package timeline

import "syscall"

// preferLargePages asks the system to back the slab with large pages. It need
// not listen.
func preferLargePages(slab []byte) {
	_ = syscall.Madvise(slab, syscall.MADV_HUGEPAGE)
}
