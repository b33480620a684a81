package client

import "context"

// Status is what a node says of itself.
type Status struct {
	Version       string               `json:"version" doc:"The program's version"`
	Jurisdictions []JurisdictionStatus `json:"jurisdictions" doc:"The jurisdictions that the node hosts"`
}

// JurisdictionStatus is the state of one hosted jurisdiction.
type JurisdictionStatus struct {
	Name           string `json:"name" doc:"Name in the tree, such as nanming.guiyang.guizhou"`
	DisplayName    string `json:"display_name" doc:"Full name for people"`
	Code           string `json:"code" doc:"Division code (GB/T 2260 or any)"`
	Level          string `json:"level" doc:"Level of the division"`
	Replica        string `json:"replica" doc:"This node's replica of the jurisdiction: r1, r2, …"`
	Pin            string `json:"pin" doc:"Pin of the newest key set: NAME/keys/NUMBER/HASH"`
	Log            string `json:"log" doc:"Origin of the ledger: NAME/log/EPOCH"`
	TreeSize       uint64 `json:"tree_size" doc:"Entries in the ledger"`
	Root           string `json:"root" doc:"Root hash of the tree, lower-case hex"`
	CheckpointSize uint64 `json:"checkpoint_size" doc:"Entries under the newest signed checkpoint"`
	Leader         bool   `json:"leader" doc:"Whether this replica leads the group"`
	Agencies       int    `json:"agencies" doc:"Number of agencies"`
	Datasets       int    `json:"datasets" doc:"Number of published datasets"`
	Check          Check  `json:"check" doc:"What others believe of the jurisdiction's keys"`
	// Alarms are what is wrong with this machine.
	Alarms []Trouble `json:"alarms" doc:"What is wrong with the node's disk or files, which a person must mend"`
}

// Trouble is what is wrong with a node's disk or files now.
type Trouble struct {
	Code string            `json:"code" doc:"Of the problem"`
	Args map[string]string `json:"args" doc:"The values of its sentence"`
}

// Stop asks a node to stop, with every jurisdiction that it hosts.
type Stop struct{}

// Stopping is a node that stops, as it was asked to.
type Stopping struct {
	PID int `json:"pid" doc:"Of its process, which ends once all requests under way have ended"`
}

// Stop has the node stop: it answers, and ends as on SIGTERM.
func (c *Client) Stop(ctx context.Context) (Stopping, error) {
	return post[Stopping](ctx, c, "/v1/stop", Stop{})
}

// Health says that the process of the node lives.
type Health struct {
	Alive   bool   `json:"alive" doc:"Always true: who does not live does not answer"`
	Version string `json:"version" doc:"Version of the program"`
}

// Ready says that the node serves every request. One that does not answers with the problem
// not-serving.
type Ready struct {
	Ready         bool     `json:"ready" doc:"Always true: what is not ready is told as a problem"`
	Jurisdictions []string `json:"jurisdictions" doc:"Names of the jurisdictions that the node hosts"`
}
