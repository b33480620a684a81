package client

import "context"

// The states of a key set.
const (
	KeysInUse    = "in-use"   // its keys sign
	KeysPending  = "pending"  // published; used once the parent has endorsed it and the neighbours know it
	KeysCounting = "counting" // replaced, and still believed until a time
	KeysFormer   = "former"   // replaced: only what it signed in its time counts
	KeysRevoked  = "revoked"  // nothing that it signed in messages counts
)

// Keys are the key sets of a jurisdiction, newest first, and what its parent endorsed.
type Keys struct {
	Name        string       `json:"name" doc:"The jurisdiction"`
	DisplayName string       `json:"display_name" doc:"As people call it"`
	KeySets     []KeySet     `json:"key_sets" doc:"Newest first; the latest 16"`
	Recovery    RecoveryKey  `json:"recovery_key" doc:"The one that the newest key set names"`
	Endorsement *Endorsement `json:"endorsement,omitempty" doc:"By the parent, as seen last; absent at a root"`
	Check       Check        `json:"check" doc:"What others believe of the keys"`
}

// RecoveryKey tells which paper counts. The private part is on it alone.
type RecoveryKey struct {
	Fingerprint string `json:"fingerprint" doc:"It stands on the paper too"`
	Number      uint64 `json:"number" doc:"The key set that named it first"`
	Since       string `json:"since" doc:"RFC 3339: when that was published"`
}

// KeySet is one of the numbered key sets.
type KeySet struct {
	Number      uint64 `json:"number"`
	Hash        string `json:"hash" doc:"Lower-case hex"`
	State       string `json:"state" enum:"in-use,pending,counting,former,revoked"`
	Published   string `json:"published" doc:"RFC 3339"`
	Until       string `json:"until,omitempty" doc:"RFC 3339: until when calls under it count; absent: until a later one is endorsed, or for a revoked one not at all"`
	Revokes     bool   `json:"revokes,omitempty" doc:"It revokes the one before"`
	SigningEnds string `json:"signing_ends" doc:"RFC 3339: end of the signing certificate"`
}

// Endorsement is what the parent says of the jurisdiction's keys.
type Endorsement struct {
	Number uint64 `json:"number" doc:"The key set that is endorsed"`
	Since  string `json:"since" doc:"RFC 3339: when it was first endorsed"`
	Issued string `json:"issued" doc:"RFC 3339: when it was renewed last"`
	Until  string `json:"until" doc:"RFC 3339"`
	Denied string `json:"denied,omitempty" doc:"Code of what the parent said since: it does not endorse these keys any more, whatever stands beside"`
}

// NewKeys asks for the next key set.
type NewKeys struct {
	Revoke      bool   `json:"revoke,omitempty" doc:"Nothing of the key set before counts any more, from its endorsement on; all keys but the log key are made anew"`
	RecoveryKey string `json:"recovery_key,omitempty" pattern:"^[0-9a-f]{64}$" doc:"Public part of a new recovery key (Ed25519), lower-case hex: the key set names it from then on"`
	Try         bool   `json:"try,omitempty" doc:"Make nothing: say only whether it would be made now, and its number"`
}

// NewKeySet is a key set that was published.
type NewKeySet struct {
	Number uint64 `json:"number"`
	Counts bool   `json:"counts,omitempty" doc:"It counts already: there is no parent that must endorse it"`
}

// Keys returns the key sets of the jurisdiction.
func (c *Client) Keys(ctx context.Context) (Keys, error) { return get[Keys](ctx, c, "/v1/keys") }

// NewKeys makes and publishes the next key set.
func (c *Client) NewKeys(ctx context.Context, n NewKeys) (NewKeySet, error) {
	return post[NewKeySet](ctx, c, "/v1/keys", n)
}
