package replicas

import (
	"errors"

	"xietong/node/ground/text"
	"xietong/node/tree/invitation"
)

// Read parses the invitation of a replica; its error tells a person what is wrong with the text.
func Read(line string) (invitation.Replica, error) {
	t, err := invitation.ParseReplica(line)
	switch {
	case err == nil:
		return t, nil
	case errors.Is(err, invitation.ErrOtherKind):
		return t, text.Fail(text.InvitationOfChild, nil, err)
	case errors.Is(err, invitation.ErrNewer):
		return t, text.Fail(text.InvitationNewer, text.Args{"reads": invitation.ReplicaVersion}, err)
	}
	return t, text.Fail(text.ReplicaNotInvitation, text.Args{"reason": invitation.Reason(err)}, err)
}
