package client

import "context"

// The faults of a drill.
const (
	FaultAltered  = "altered"
	FaultStranger = "stranger"
)

// NewDrill asks the node to send a faulty message to a jurisdiction that must refuse it.
type NewDrill struct {
	At    string `json:"at" minLength:"1" maxLength:"200" doc:"The jurisdiction that must refuse it: full, short or English name, code, label or whole name, also after the name of the place above it"`
	Fault string `json:"fault" enum:"altered,stranger" doc:"It is not what was signed, or is signed with a key that nobody endorsed"`
}

// Drill tells how the message was refused. If it was not refused, the answer is a Problem.
type Drill struct {
	At    string `json:"at"`
	Fault string `json:"fault" enum:"altered,stranger"`
	By    string `json:"by" doc:"Who refused it, as people call it"`
	Says  string `json:"says" doc:"Why, for people"`
}

// Drills are the messages that a jurisdiction was sent, one for each fault, as --json prints them.
type Drills struct {
	Drills []Drill `json:"drills"`
}

// Drill sends a jurisdiction a message that it must refuse, and tells how it was refused.
func (c *Client) Drill(ctx context.Context, d NewDrill) (Drill, error) {
	return post[Drill](ctx, c, "/v1/drills", d)
}
