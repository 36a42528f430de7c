package timeline

import (
	"syscall"
	"unsafe"
)

// preferLargePages asks the system to back the slab with large pages. It need
// not listen.
func preferLargePages(slab []record) {
	b := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(slab))), len(slab)*int(unsafe.Sizeof(record{})))
	_ = syscall.Madvise(b, syscall.MADV_HUGEPAGE)
}
