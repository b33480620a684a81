// Package route says where a message goes next, and which way it may have come.
//
// The tree of names is the map: whoever a name lies under is reached through the child that it lies under too, and everybody
// else through the parent. So a message goes up to the lowest jurisdiction that both ends lie under, and down from there; it
// meets nobody twice. Where the child on the way is not there, the message goes nowhere: the parent would only send it back.
//
// The package is pure. It knows names and nothing of links, and whether what is claimed is true is not for it to say: the way
// that a message may come is only what keeps a neighbour from speaking for those whom it does not lead to. Example, seen from
// guiyang.guizhou with its child nanming.guiyang.guizhou and its parent guizhou:
//
//	to nanming.guiyang.guizhou      down to nanming.guiyang.guizhou
//	to zunyi.guizhou                up to guizhou
//	to baiyun.guiyang.guizhou       nowhere, for want of baiyun.guiyang.guizhou
package route

import (
	"slices"

	"xietong/certs/identity"
)

// Way is a direction.
type Way uint8

// The ways.
const (
	Nowhere Way = iota // nobody leads there
	Here               // it has arrived
	Down               // to a child
	Up                 // to the parent
)

// Step is where a message goes next.
type Step struct {
	Way Way
	// To is the neighbour; Here: oneself. Nowhere: the child that it would take, zero at a root that is not above it.
	To identity.Jurisdiction
}

// Neighbours are whom a jurisdiction exchanges messages with.
type Neighbours struct {
	Parent identity.Jurisdiction            // zero: none, or not joined
	Child  func(identity.Jurisdiction) bool // whether the direct child is there
}

// Next returns where a message goes from self: down the longest name among self and its children that the destination lies
// under, else up.
func Next(self identity.Jurisdiction, n Neighbours, destination identity.Jurisdiction) Step {
	switch {
	case destination == self:
		return Step{Here, self}
	case destination.Under(self):
		child := toward(self, destination)
		if n.Child(child) {
			return Step{Down, child}
		}
		return Step{Nowhere, child}
	case n.Parent.IsZero():
		return Step{}
	}
	return Step{Up, n.Parent}
}

// toward returns the child of self that the destination, which lies under self, lies under too.
func toward(self, destination identity.Jurisdiction) identity.Jurisdiction {
	for {
		parent, ok := destination.Parent()
		if !ok || parent == self {
			return destination
		}
		destination = parent
	}
}

// Path returns whom a message from one jurisdiction to another meets, both included: up to the lowest that both lie under, and
// down. It is nil where they lie under nothing together.
func Path(from, to identity.Jurisdiction) []identity.Jurisdiction {
	path, top, ok := []identity.Jurisdiction{from}, from, true
	for !to.Under(top) { // a name lies under itself
		if top, ok = top.Parent(); !ok {
			return nil
		}
		path = append(path, top)
	}
	turn := len(path)
	for below := to; below != top; below, _ = below.Parent() {
		path = append(path, below)
	}
	slices.Reverse(path[turn:])
	return path
}

// Allowed reports whether the peer may bring self a message of the origin: a child those of its own subtree, the parent
// (zero: none) those from outside one's own, and nobody else any.
func Allowed(self, parent, peer, origin identity.Jurisdiction) bool {
	above, below := peer.Parent()
	switch {
	case peer.IsZero() || origin.IsZero():
		return false
	case below && above == self:
		return origin.Under(peer)
	case peer == parent:
		return !origin.Under(self)
	}
	return false
}
