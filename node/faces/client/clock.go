package client

import "context"

// Who vouches for the clock of a machine, as Clock tells it.
const (
	ClockByNobody    = "nobody"
	ClockByStart     = "start"
	ClockByReplica   = "replica"
	ClockByNeighbour = "neighbour"
	ClockBySystem    = "system"
	ClockByOperator  = "operator"
)

// Clock is what a node knows of the clock of its machine.
type Clock struct {
	Now         string        `json:"now" doc:"RFC 3339: what it says"`
	Ledger      string        `json:"ledger" doc:"RFC 3339: ledger time, the latest that was recorded"`
	By          string        `json:"by" doc:"Who vouches for it: nobody (nothing is written), start (it is near the last entry), replica (another one's, for which somebody vouches, agrees), neighbour, system, operator"`
	Neighbour   string        `json:"neighbour,omitempty" doc:"Of neighbour: which"`
	CorrectedAt string        `json:"corrected_at,omitempty" doc:"RFC 3339: ledger time ran ahead until then, and the clock has not caught up yet"`
	Wrong       *Trouble      `json:"wrong,omitempty" doc:"Why nothing is written"`
	Neighbours  []ClockOffset `json:"neighbours" doc:"What the clocks of the neighbours say"`
	Alarms      []Trouble     `json:"alarms" doc:"Neighbours to which there is no link because the clocks differ, and replicas whose clocks are apart"`
}

// ClockOffset is how far the clock of a neighbour is ahead.
type ClockOffset struct {
	Name        string  `json:"name"`
	DisplayName string  `json:"display_name"`
	Offset      float64 `json:"offset" doc:"Seconds that it is ahead of this machine's clock"`
}

// ClockAcceptance is the word of a person for the clock.
type ClockAcceptance struct {
	Reason string `json:"reason" minLength:"1" maxLength:"2000" doc:"How it is known that the clock is right"`
}

// Clock tells of the machine's clock.
func (c *Client) Clock(ctx context.Context) (Clock, error) {
	return get[Clock](ctx, c, "/v1/clock")
}

// AcceptClock vouches for the machine's clock.
func (c *Client) AcceptClock(ctx context.Context, a ClockAcceptance) (Entered, error) {
	return post[Entered](ctx, c, "/v1/clock", a)
}
