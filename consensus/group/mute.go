package group

import (
	"errors"

	"github.com/hashicorp/raft"
)

// errMute is what a replica is told that asks one for its vote that gives none.
var errMute = errors.New("this replica gives no vote until it is known that it has forgotten nothing")

// muted reports whether this replica gives no vote and asks for none.
func (t *transport) muted() bool {
	return t.mute != nil && t.mute() || t.ahead != nil && t.ahead.error() != nil
}

// asksVote reports whether a message asks for a vote, or tells this replica to ask for votes.
func asksVote(message any) bool {
	switch message.(type) {
	case *raft.RequestVoteRequest, *raft.RequestPreVoteRequest, *raft.TimeoutNowRequest:
		return true
	}
	return false
}
