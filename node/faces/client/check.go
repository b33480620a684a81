package client

import "context"

// What a jurisdiction that is asked which keys it believes is to the one that asks.
const (
	AskedGrandparent = "grandparent"
	AskedParent      = "parent"
	AskedOther       = "other" // drawn by chance
)

// What an asking came to.
const (
	BelievesOurs   = "ours"            // it names a key set of this jurisdiction that counts
	BelievesOthers = "others"          // it names another
	UnknownSigner  = "unknown-signer"  // it refused, signed, what this jurisdiction signed
	OtherRecipient = "other-recipient" // it encrypted its answer, signed, to a key that is not ours
	SaysNothing    = "nothing"
)

// Check is what others believe of a jurisdiction's keys, asked end to end.
type Check struct {
	Asked  []Asked `json:"asked" doc:"The last question to each, newest first"`
	Alarms []Alarm `json:"alarms" doc:"What a person must look at; alarms stand until they are acknowledged"`
	Alone  bool    `json:"alone,omitempty" doc:"Nobody but those above answers: there is nobody else to ask"`
	// Unvouched is told where the ledger is not the first and no paper of keys from before was
	// brought.
	Unvouched string `json:"unvouched,omitempty" doc:"RFC 3339: until when, at the earliest, those outside the parent's branch who knew earlier keys of this name do not believe these"`
	HostedBy  string `json:"hosted_by,omitempty" doc:"Of unvouched keys: the parent, where its node hosts this jurisdiction, so that the recovery statement is brought there"`
}

// Asked is one question, and what it came to.
type Asked struct {
	Name        string `json:"name"`
	DisplayName string `json:"display_name"`
	Relation    string `json:"relation" enum:"grandparent,parent,other"`
	At          string `json:"at" doc:"RFC 3339"`
	Outcome     string `json:"outcome" enum:"ours,others,unknown-signer,other-recipient,nothing"`
	Number      uint64 `json:"number,omitempty" doc:"Of the key set that it believes"`
	Fingerprint string `json:"fingerprint,omitempty" doc:"Of the key set that it believes"`
	AsOf        string `json:"as_of,omitempty" doc:"RFC 3339: as of when"`
	Why         string `json:"why,omitempty" doc:"Of nothing: the code of the problem"`
	Evidence    []byte `json:"evidence,omitempty" doc:"What it signed, for others to verify; told by keys status alone"`
}

// Alarm is something about the jurisdiction's own keys that a person must look at.
type Alarm struct {
	Code     string            `json:"code" doc:"Of the problem"`
	Args     map[string]string `json:"args" doc:"The values of its sentence"`
	By       string            `json:"by,omitempty" doc:"Whose word it is, or who is silent"`
	Relation string            `json:"relation,omitempty" doc:"What that is to this jurisdiction: grandparent, parent, other"`
	Lead     bool              `json:"lead,omitempty" doc:"The word of one alone that stands on no way of ours"`
	Since    string            `json:"since" doc:"RFC 3339"`
	Last     string            `json:"last" doc:"RFC 3339"`
	Evidence []byte            `json:"evidence,omitempty" doc:"What was signed, for others to verify; told by keys status alone"`
}

// Acknowledge ends the alarms about what others believe; what goes on is found again.
type Acknowledge struct{}

// Acknowledged says that the alarms have ended.
type Acknowledged struct {
	Ended int `json:"ended" doc:"How many there were; 0: none stood"`
}

// AcknowledgeKeys ends the alarms about what others believe of the keys.
func (c *Client) AcknowledgeKeys(ctx context.Context) (Acknowledged, error) {
	return post[Acknowledged](ctx, c, "/v1/keys/acknowledgment", Acknowledge{})
}
