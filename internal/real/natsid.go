package main

import (
	"crypto/sha256"
)

// natsID is the name of a server within NATS's Raft groups: the beginning of a
// hash of the server's name, in letters and digits.
func natsID(name string) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	sum := sha256.Sum256([]byte(name))
	id := make([]byte, 8)
	for i := range id {
		id[i] = digits[int(sum[i])%len(digits)]
	}
	return string(id)
}
