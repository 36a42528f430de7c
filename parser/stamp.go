package parser

import (
	"encoding/binary"
	"time"

	"github.com/raftdiag/raftdiag"
)

// A clock reads stamps. It remembers the newest minute, since lines of one
// minute follow one another.
type clock struct {
	minute minute // as text
	base   int64  // nanoseconds of that minute
	valid  bool

	near    time.Time // when the source was last written, for stamps without a year
	guessed int64     // how many such stamps were read
}

// A minute is the text of one, 2025-10-20T12:00, as words.
type minute struct{ day, time uint64 }

// yearUnknown stands for the year where nothing tells it. It has a 29 February.
const yearUnknown = 2000

// dated makes a stamp of a date without a year, and the time since midnight.
// Nothing in a log is of later than its source.
func (c *clock) dated(month, day int, since time.Duration) raftdiag.Stamp {
	c.guessed++
	year := yearUnknown
	at := func() time.Time { return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Add(since) }
	if !c.near.IsZero() {
		year = c.near.UTC().Year()
		if at().After(c.near.Add(48 * time.Hour)) { // in any zone
			year--
		}
	}
	return raftdiag.Stamp(at().UnixNano())
}

// monthNamed is the month that s begins with, as in May, or 0.
func monthNamed(s []byte) int {
	if len(s) < 3 {
		return 0
	}
	switch string(s[:3]) {
	case "Jan":
		return 1
	case "Feb":
		return 2
	case "Mar":
		return 3
	case "Apr":
		return 4
	case "May":
		return 5
	case "Jun":
		return 6
	case "Jul":
		return 7
	case "Aug":
		return 8
	case "Sep":
		return 9
	case "Oct":
		return 10
	case "Nov":
		return 11
	case "Dec":
		return 12
	}
	return 0
}

// clockTime reads 10:11:12.123456 as time since midnight, and answers the
// bytes that it takes.
func clockTime(s []byte) (time.Duration, int) {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return 0, 0
	}
	for _, i := range [...]int{0, 1, 3, 4, 6, 7} {
		if !digit(s[i]) {
			return 0, 0
		}
	}
	t := time.Duration(two(s)*3600+two(s[3:])*60+two(s[6:])) * time.Second
	n := 8
	if n+1 < len(s) && (s[n] == '.' || s[n] == ',') && digit(s[n+1]) {
		unit := time.Second
		for n++; n < len(s) && digit(s[n]); n++ {
			unit /= 10
			t += time.Duration(s[n]-'0') * unit
		}
	}
	return t, n
}

func digit(c byte) bool { return c-'0' <= 9 }

func two(s []byte) int { return int(s[0]-'0')*10 + int(s[1]-'0') }

// stamp reads a date with time at the start of s, as in 2025-10-20T12:00:00.123Z,
// and answers the bytes that it takes. Day and time are parted by T or a
// space, the date by - or /. Without a zone it is UTC.
func (c *clock) stamp(s []byte) (raftdiag.Stamp, int) {
	if len(s) < 19 {
		return 0, 0
	}
	text := minute{binary.LittleEndian.Uint64(s), binary.LittleEndian.Uint64(s[8:])}
	if (text != c.minute || !c.valid) && !c.turn(s, text) || s[16] != ':' || !digit(s[17]) || !digit(s[18]) {
		return 0, 0
	}
	t := c.base + int64(two(s[17:]))*int64(time.Second)
	n := 19
	if n+1 < len(s) && (s[n] == '.' || s[n] == ',') && digit(s[n+1]) {
		n++
		var frac, digits int64
		if len(s)-n >= 8 { // most have six, or nine
			if v, w := eightDigits(binary.LittleEndian.Uint64(s[n:])); w >= 2 {
				frac, digits, n = int64(v), int64(w), n+w
			}
		}
		for ; n < len(s) && digit(s[n]); n++ {
			if digits < 9 {
				frac = frac*10 + int64(s[n]-'0')
				digits++
			}
		}
		t += frac * powers[9-digits]
	}
	if n < len(s) && s[n] == 'Z' {
		return raftdiag.Stamp(t), n + 1
	}
	offset, zone := zoneAt(s[n:])
	return raftdiag.Stamp(t - offset), n + zone
}

// turn makes the minute that s begins with the newest, and reports whether it is
// one. text is the same as words.
func (c *clock) turn(s []byte, text minute) bool {
	if s[4] != '-' && s[4] != '/' || s[7] != s[4] || s[10] != 'T' && s[10] != ' ' || s[13] != ':' {
		return false
	}
	for _, i := range [...]int{0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15} {
		if !digit(s[i]) {
			return false
		}
	}
	year, month, day, hour, mins := two(s)*100+two(s[2:]), two(s[5:]), two(s[8:]), two(s[11:]), two(s[14:])
	if year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || mins > 59 {
		return false
	}
	c.base = time.Date(year, time.Month(month), day, hour, mins, 0, 0, time.UTC).UnixNano()
	c.minute, c.valid = text, true
	return true
}

// zoneAt reads Z, +01:00, +0100 or " UTC", or nothing.
func zoneAt(s []byte) (offset int64, n int) {
	if len(s) == 0 {
		return 0, 0
	}
	switch s[0] {
	case 'Z':
		return 0, 1
	case '+', '-':
		if len(s) < 5 || !digit(s[1]) || !digit(s[2]) {
			return 0, 0
		}
		hours, rest, n := two(s[1:]), s[3:], 5
		if rest[0] == ':' {
			rest, n = rest[1:], 6
		}
		if len(rest) < 2 || !digit(rest[0]) || !digit(rest[1]) || hours > 14 {
			return 0, 0
		}
		offset = int64(hours*60+two(rest)) * int64(time.Minute)
		if s[0] == '-' {
			offset = -offset
		}
		return offset, n
	case ' ':
		if len(s) >= 4 && string(s[1:4]) == "UTC" {
			return 0, 4
		}
	}
	return 0, 0
}

// epoch reads seconds, milliseconds, microseconds or nanoseconds since 1970.
func epoch(f float64) raftdiag.Stamp {
	switch {
	case f <= 0:
		return raftdiag.NoStamp
	case f < 1e11:
		return raftdiag.Stamp(f * 1e9)
	case f < 1e14:
		return raftdiag.Stamp(f * 1e6)
	case f < 1e17:
		return raftdiag.Stamp(f * 1e3)
	case f < 9e18:
		return raftdiag.Stamp(f)
	}
	return raftdiag.NoStamp
}

// since1970 is epoch for whole numbers, without loss.
func since1970(n uint64) raftdiag.Stamp {
	switch {
	case n < 1e11:
		return raftdiag.Stamp(n * 1e9)
	case n < 1e14:
		return raftdiag.Stamp(n * 1e6)
	case n < 1e17:
		return raftdiag.Stamp(n * 1e3)
	case n < 9e18:
		return raftdiag.Stamp(n)
	}
	return raftdiag.NoStamp
}

// seconds reads 1715000000.1234 without loss.
func seconds(s string) (raftdiag.Stamp, bool) {
	whole, n := uintAt([]byte(s))
	if n < 9 || n > 10 {
		return 0, false
	}
	t := int64(whole) * int64(time.Second)
	if n < len(s) {
		if s[n] != '.' {
			return 0, false
		}
		unit := int64(time.Second)
		for _, c := range s[n+1:] {
			if c < '0' || c > '9' {
				return 0, false
			}
			unit /= 10
			t += int64(c-'0') * unit
		}
	}
	return raftdiag.Stamp(t), true
}
