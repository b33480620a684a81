package node

import (
	"time"

	"xietong/certs/identity"
)

// says tells every hosted jurisdiction what the clock of a neighbour says. One that is hosted here
// has the same clock, and says nothing.
func (n *Node) says(neighbour identity.Jurisdiction, at time.Time) {
	if _, here := n.of(neighbour); here {
		return
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	for _, h := range n.hosted {
		h.host.Hear(neighbour, at)
	}
}
