package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// A router gives each node a network namespace with one TUN device, and
// carries packets between the devices. It loses, delays and drops packets as
// wires do, so that dials time out and TCP repeats.
type router struct {
	names   []string
	subnet  [2]byte
	devices []*os.File

	mu       sync.Mutex
	policies map[[2]int]Policy
	closed   bool
	lines    map[[2]int]chan packet
}

type packet struct {
	data []byte
	due  time.Time
}

// newRouter needs root, ip(8) and /dev/net/tun.
func newRouter(n int) (*router, error) {
	r := &router{policies: map[[2]int]Policy{}, lines: map[[2]int]chan packet{}}
	r.subnet = [2]byte{byte(64 + rand.IntN(64)), byte(rand.IntN(250))}
	tag := fmt.Sprintf("rd%04x", rand.IntN(1<<16))
	for i := range n {
		name := fmt.Sprintf("%s-%d", tag, i+1)
		if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
			r.Close()
			return nil, fmt.Errorf("add namespace %s: %w: %s", name, err, strings.TrimSpace(string(out)))
		}
		r.names = append(r.names, name)
		dev, err := openTun(name)
		if err != nil {
			r.Close()
			return nil, fmt.Errorf("open a TUN device in %s: %w", name, err)
		}
		r.devices = append(r.devices, dev)
		for _, args := range []string{"link set lo up", "addr add " + r.ip(i) + "/24 dev eth0", "link set eth0 mtu 1500 up"} {
			if out, err := exec.Command("ip", append([]string{"-n", name}, strings.Fields(args)...)...).CombinedOutput(); err != nil {
				r.Close()
				return nil, fmt.Errorf("ip %s: %w: %s", args, err, strings.TrimSpace(string(out)))
			}
		}
	}
	for from := range n {
		for to := range n {
			if from != to {
				line := make(chan packet, 4096)
				r.lines[[2]int{from, to}] = line
				go r.deliver(to, line)
			}
		}
	}
	for from := range n {
		go r.carry(from)
	}
	return r, nil
}

func (r *router) ip(i int) string { return fmt.Sprintf("10.%d.%d.%d", r.subnet[0], r.subnet[1], 11+i) }

func (r *router) Listen(i int) (string, string) {
	a := net.JoinHostPort(r.ip(i), "2380")
	return a, a
}

func (r *router) Namespace(i int) string { return r.names[i] }

func (r *router) Set(from, to int, p Policy) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.policies[[2]int{from, to}] = p
}

func (r *router) Close() error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	for _, d := range r.devices {
		d.Close()
	}
	for _, name := range r.names {
		exec.Command("ip", "netns", "del", name).Run()
	}
	return nil
}

// carry reads what node i sends, and decides when each packet arrives.
func (r *router) carry(i int) {
	buf := make([]byte, 65536)
	free := map[int]time.Time{} // when the line to a node has sent what it was given
	for {
		n, err := r.devices[i].Read(buf)
		if err != nil {
			return
		}
		if n < 20 || buf[0]>>4 != 4 {
			continue
		}
		to := int(buf[19]) - 11
		line := r.lines[[2]int{i, to}]
		if line == nil || buf[17] != r.subnet[0] || buf[18] != r.subnet[1] {
			continue
		}
		r.mu.Lock()
		p := r.policies[[2]int{i, to}]
		r.mu.Unlock()
		if p.Drop || p.Loss > 0 && rand.Float64() < p.Loss {
			continue
		}
		if p.Refuse {
			// A router that says no: the sender's kernel hears it at once.
			r.devices[i].Write(unreachable(buf[:n]))
			continue
		}
		now := time.Now()
		due := now.Add(p.Delay)
		if p.Jitter > 0 {
			due = due.Add(rand.N(p.Jitter))
		}
		if p.Rate > 0 {
			start := free[to]
			if start.Before(now) {
				start = now
			}
			if start.Sub(now) > 2*time.Second {
				continue // the queue of a real line has an end
			}
			free[to] = start.Add(time.Duration(n) * time.Second / time.Duration(p.Rate))
			due = free[to].Add(p.Delay)
		}
		select {
		case line <- packet{append([]byte(nil), buf[:n]...), due}:
		default: // full: lost
		}
	}
}

// deliver keeps the order of a line: a late packet holds up those behind it.
func (r *router) deliver(to int, line chan packet) {
	for p := range line {
		if d := time.Until(p.due); d > 0 {
			time.Sleep(d)
		}
		r.mu.Lock()
		closed := r.closed
		r.mu.Unlock()
		if closed {
			return
		}
		r.devices[to].Write(p.data)
	}
}

// unreachable is the ICMP answer "host unreachable" to an IPv4 packet.
func unreachable(p []byte) []byte {
	head := int(p[0]&15) * 4
	quoted := p[:min(len(p), head+8)]
	out := make([]byte, 20+8+len(quoted))
	out[0], out[8], out[9] = 0x45, 64, 1
	binary.BigEndian.PutUint16(out[2:], uint16(len(out)))
	copy(out[12:16], p[16:20])
	copy(out[16:20], p[12:16])
	binary.BigEndian.PutUint16(out[10:], checksum(out[:20]))
	out[20], out[21] = 3, 1
	copy(out[28:], quoted)
	binary.BigEndian.PutUint16(out[22:], checksum(out[20:]))
	return out
}

func checksum(b []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(b[i])<<8 | uint32(b[i+1])
	}
	if len(b)%2 == 1 {
		sum += uint32(b[len(b)-1]) << 8
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}

const sysSetns = 308 // on amd64

// inNamespace runs f on a thread that is in the namespace, and gives the
// thread up afterwards.
func inNamespace(name string, f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		ns, err := os.Open("/var/run/netns/" + name)
		if err != nil {
			done <- err
			return
		}
		defer ns.Close()
		if _, _, errno := syscall.RawSyscall(sysSetns, ns.Fd(), syscall.CLONE_NEWNET, 0); errno != 0 {
			done <- fmt.Errorf("enter namespace %s: %w", name, errno)
			return
		}
		done <- f()
	}()
	return <-done
}

func openTun(namespace string) (*os.File, error) {
	var file *os.File
	err := inNamespace(namespace, func() error {
		fd, err := syscall.Open("/dev/net/tun", syscall.O_RDWR|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
		if err != nil {
			return err
		}
		var req struct {
			name  [16]byte
			flags uint16
			_     [22]byte
		}
		copy(req.name[:], "eth0")
		req.flags = 0x1001 // IFF_TUN | IFF_NO_PI
		const tunsetiff = 0x400454ca
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), tunsetiff, uintptr(unsafe.Pointer(&req))); errno != 0 {
			syscall.Close(fd)
			return errno
		}
		file = os.NewFile(uintptr(fd), "tun")
		return nil
	})
	return file, err
}
