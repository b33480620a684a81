package client

import "context"

// Status is what a node says of itself.
type Status struct {
	Version       string               `json:"version" doc:"The program's version"`
	PID           int                  `json:"pid" doc:"Of the process that serves the node"`
	Since         string               `json:"since" doc:"RFC 3339: since when the process has the node open"`
	Now           string               `json:"now" doc:"RFC 3339: this machine's clock"`
	Data          string               `json:"data" doc:"The data directory"`
	Listen        string               `json:"listen,omitempty" doc:"The UDP address that the node listens on; none: it only dials"`
	Settings      Settings             `json:"settings" doc:"The configuration that the node uses"`
	Disk          Disk                 `json:"disk" doc:"The disk of the data directory"`
	Jurisdictions []JurisdictionStatus `json:"jurisdictions" doc:"The jurisdictions that the node hosts"`
	Ended         []EndedJurisdiction  `json:"ended,omitempty" doc:"Those that the configuration names and that ended, while the others are served"`
}

// EndedJurisdiction is one that cannot go on. The next start of the node tries it again.
type EndedJurisdiction struct {
	Name        string  `json:"name"`
	DisplayName string  `json:"display_name"`
	Why         Trouble `json:"why"`
}

// Disk is the room that a node takes, and has.
type Disk struct {
	Used    uint64 `json:"used" doc:"Bytes that the data directory takes"`
	Free    uint64 `json:"free" doc:"Bytes that are free"`
	Reserve uint64 `json:"reserve" doc:"Bytes that must be free, or nothing is written"`
}

// What ends at a time.
const (
	EndsSigning     = "signing-key" // the certificate of the signing key; the next is made by itself
	EndsEndorsement = "endorsement" // of the parent, which renews it daily
	EndsStanding    = "standing"    // when the parent's last word grows old; it is asked every few minutes
)

// Ending is something that ends, unless it is renewed before.
type Ending struct {
	What   string `json:"what" enum:"signing-key,endorsement,standing"`
	At     string `json:"at" doc:"RFC 3339"`
	Renews string `json:"renews,omitempty" doc:"RFC 3339: when it is renewed by itself, if all goes well"`
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
	Lost           []Lost `json:"lost,omitempty" doc:"What the ledger lost, by the epochs that were begun for it"`
	TreeSize       uint64 `json:"tree_size" doc:"Entries in the ledger"`
	Root           string `json:"root" doc:"Root hash of the tree, lower-case hex"`
	LastEntry      string `json:"last_entry,omitempty" doc:"RFC 3339: time of the newest entry"`
	CheckpointSize uint64 `json:"checkpoint_size" doc:"Entries under the newest signed checkpoint"`
	Uncovered      string `json:"uncovered_since,omitempty" doc:"RFC 3339: time of the oldest entry that no checkpoint covers"`
	Leader         bool   `json:"leader" doc:"Whether this replica leads the group"`
	// Replicas is absent where there is one replica only.
	Replicas *Strength `json:"replicas,omitempty" doc:"How many replicas there are"`
	Members  []Replica `json:"members,omitempty" doc:"The replicas, where there are several"`
	Agencies int       `json:"agencies" doc:"Number of agencies"`
	Datasets int       `json:"datasets" doc:"Number of published datasets"`
	// Parent and Children are the neighbours, with their links.
	Parent          *Neighbour  `json:"parent,omitempty"`
	ParentAddresses []string    `json:"parent_addresses,omitempty" doc:"Where the parent is dialled"`
	Children        []Neighbour `json:"children"`
	Ends            []Ending    `json:"ends" doc:"What ends when"`
	Check           Check       `json:"check" doc:"What others believe of the jurisdiction's keys"`
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
