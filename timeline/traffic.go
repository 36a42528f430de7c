package timeline

import (
	"cmp"
	"iter"

	"github.com/raftdiag/raftdiag"
)

// A Channel is one message type from one node to another.
type Channel struct {
	From, To raftdiag.NodeID
	Type     raftdiag.MessageType
}

func compareChannels(a, b Channel) int {
	return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Type, b.Type))
}

// before reports whether the channel stands before another one in order.
func (c *Channel) before(o *Channel) bool {
	if c.From != o.From {
		return c.From < o.From
	}
	if c.To != o.To {
		return c.To < o.To
	}
	return c.Type < o.Type
}

// A traffic is the messages of a lane in one direction: where those of each
// channel stand. Channels are few, so that a search among them is quicker than a
// map.
type traffic struct {
	channels []Channel // in order
	places   [][]int32 // of each of them
}

// of are the places of a channel's messages.
func (x *traffic) of(c Channel) []int32 {
	lo, hi := 0, len(x.channels)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); x.channels[mid].before(&c) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(x.channels) && x.channels[lo] == c {
		return x.places[lo]
	}
	return nil
}

// all are the channels in order, with their places.
func (x *traffic) all() iter.Seq2[Channel, []int32] {
	return func(yield func(Channel, []int32) bool) {
		for k, c := range x.channels {
			if !yield(c, x.places[k]) {
				return
			}
		}
	}
}
