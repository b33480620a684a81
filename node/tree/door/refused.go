package door

import "xietong/node/ground/text"

// Refused is what whoever was asked refuses with: its word, and its values, which nobody checked.
type Refused struct {
	said text.Failure
	With []byte // what it shows beside; see tree.ProvenError
}

func (r *Refused) Error() string { return "refused: " + r.said.Error() }

func (r *Refused) Unwrap() error { return &r.said }
