package client

import "context"

// Continuation is the word of a person on a ledger in question: its data directory is the newest,
// or it is older and nothing newer is left.
type Continuation struct {
	Reason  string `json:"reason" minLength:"1" maxLength:"2000" doc:"How it is known that the one before is out of use, and that this one is the newest or that nothing newer is left"`
	Newest  bool   `json:"newest,omitempty" doc:"Nothing is lost: the data directory was moved, and is the newest. Without it, it is older: the ledger goes on in a new epoch"`
	Checked bool   `json:"checked,omitempty" doc:"Where entries are lost and no neighbour tells what ended in them: somebody looked through what may have ended in them"`
}

// ContinueLedger has a ledger in question go on.
func (c *Client) ContinueLedger(ctx context.Context, a Continuation) (Entered, error) {
	return post[Entered](ctx, c, "/v1/ledger/continuation", a)
}
