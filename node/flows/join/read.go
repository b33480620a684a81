package join

import (
	"errors"
	"time"

	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/tree/invitation"
)

// Read parses an invitation; its error tells a person what is wrong with the text. Read does not
// check whether the invitation has ended. The parent decides that, because a child that redeemed it
// in time may come again.
func Read(line string) (invitation.Token, error) {
	t, err := invitation.Parse(line)
	if err == nil {
		return t, nil
	}
	switch {
	case errors.Is(err, invitation.ErrNewer):
		return t, text.Fail(text.InvitationNewer, text.Args{"reads": invitation.Version}, err)
	case errors.Is(err, invitation.ErrOtherKind):
		return t, text.Fail(text.InvitationOfReplica, nil, err)
	}
	return t, text.Fail(text.InvitationMalformed, text.Args{"reason": invitation.Reason(err)}, err)
}

// Complete reports whether a text is an invitation, of whatever kind, as far as its end, so that
// nothing is to come: mail folds the line. What was mistyped is not complete.
func Complete(line string) bool {
	_, err := invitation.Parse(line)
	if errors.Is(err, invitation.ErrOtherKind) {
		_, err = invitation.ParseReplica(line)
	}
	return !errors.Is(err, invitation.ErrMistyped) && !errors.Is(err, invitation.ErrNotToken)
}

// Begun reports whether an invitation begins in a text: what stands before it is for people.
func Begun(text string) bool { return invitation.Begun(text) }

// RequestFor returns the form that an administrator hands to the network office: one outbound rule
// for the parent that an invitation names.
func RequestFor(l text.Lang, line string, now time.Time) (string, error) {
	t, err := Read(line)
	if err != nil {
		return "", err
	}
	return FirewallRequest(l, Firewall{
		Child: t.DisplayName, Name: t.Child, Parent: roster.ShippedOf(t.Parent.Name()).DisplayName(t.Parent.Name()), ParentName: t.Parent.Name(),
		Addresses: t.Addresses, Date: now,
	}), nil
}
