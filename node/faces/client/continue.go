package client

import "context"

// Continuation is the word of a person that a data directory is the newest.
type Continuation struct {
	Reason  string `json:"reason" minLength:"1" maxLength:"2000" doc:"How it is known that the data directory is the newest, and that the one before is out of use"`
	Checked bool   `json:"checked,omitempty" doc:"Where entries are lost and no neighbour has their heads: somebody looked through what may have ended in them"`
}

// ContinueLedger vouches that the data directory is the newest.
func (c *Client) ContinueLedger(ctx context.Context, a Continuation) (Entered, error) {
	return post[Entered](ctx, c, "/v1/ledger/continuation", a)
}
