package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// emptyDir removes what is in a directory and leaves the directory.
func emptyDir(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func copyDir(from, to string) error { return os.CopyFS(to, os.DirFS(from)) }

// newest is the last file, by name, that fits a pattern below dir.
func newest(dir, pattern string) (string, error) {
	var list []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ok, _ := filepath.Match(pattern, d.Name()); ok && !d.IsDir() {
			list = append(list, path)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if len(list) == 0 {
		return "", fmt.Errorf("no %s below %s", pattern, dir)
	}
	return slices.Max(list), nil
}

// used is how long a file is without the zeros at its end.
func used(file string) (int64, error) {
	data, err := os.ReadFile(file)
	return int64(len(bytes.TrimRight(data, "\x00"))), err
}

// scribble turns over n bytes of a file, at a part of its used length.
func scribble(file string, part float64, n int64) error {
	length, err := used(file)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	buf := make([]byte, n)
	at := int64(part * float64(length-n))
	if _, err := f.ReadAt(buf, at); err != nil {
		return err
	}
	for i := range buf {
		buf[i] ^= 0xa5
	}
	_, err = f.WriteAt(buf, at)
	return err
}

// cutTail shortens a file to a part of its used length.
func cutTail(file string, part float64) error {
	length, err := used(file)
	if err != nil {
		return err
	}
	return os.Truncate(file, int64(part*float64(length)))
}
