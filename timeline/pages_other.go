//go:build !linux

package timeline

// preferLargePages is for systems that can be asked.
func preferLargePages([]byte) {}
