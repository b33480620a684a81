package client

import "context"

// NewRepair asks a node to make what is damaged on its disk whole from its other replicas.
type NewRepair struct{}

// Repair is what came of it.
type Repair struct {
	Replica string    `json:"replica" doc:"The replica of this node"`
	Found   []Trouble `json:"found" doc:"What was damaged; empty: nothing that is known of"`
	Files   int       `json:"files" doc:"Files of old entries that are whole again"`
	From    string    `json:"from,omitempty" doc:"The replica from which all data were taken anew; absent: they were not"`
	Left    []Trouble `json:"left" doc:"What is damaged still, and why"`
}

// RepairLedger has the node make what is damaged whole at once, and waits for it.
func (c *Client) RepairLedger(ctx context.Context) (Repair, error) {
	return post[Repair](ctx, c, "/v1/ledger/repair", NewRepair{})
}
