package client

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// Checkpoint is the newest signed tree head of the ledger.
type Checkpoint struct {
	Log  string `json:"log" doc:"Origin of the ledger: NAME/log/EPOCH"`
	Size uint64 `json:"size" doc:"Entries under the checkpoint"`
	Root string `json:"root" doc:"Root hash, lower-case hex"`
	Note string `json:"note" doc:"The C2SP signed note, with all its signature lines"`
	// Keys are those of the key set now in force.
	Keys        []VerifierKey `json:"keys" doc:"The keys that sign checkpoints of this ledger"`
	Since       uint64        `json:"since" doc:"The older size that was asked about"`
	Witnesses   []WitnessKey  `json:"witnesses,omitempty" doc:"Who cosigned it, where the witnessed one was asked for"`
	Consistency [][]byte      `json:"consistency" doc:"Hashes of the RFC 9162 proof that the ledger goes on from the older size, base64; empty where that is 0 or the size"`
}

// WitnessKey is the key by which a cosignature is verified.
type WitnessKey struct {
	Name string `json:"name" doc:"The jurisdiction that cosigned"`
	Key  string `json:"key,omitempty" doc:"Its verifier key, as C2SP tlog-policy has it: NAME+ID+KEY; absent where that key set is not known any more"`
	At   string `json:"at" doc:"RFC 3339: when, by its clock"`
}

// VerifierKey is the key with which a replica signs checkpoints.
type VerifierKey struct {
	Replica string `json:"replica" doc:"Name of the replica"`
	Key     string `json:"key" doc:"Its verifier key, as C2SP signed-note has it: NAME+ID+KEY"`
}

// Growth returns the checkpoint with its consistency proof, as the body of the request
// add-checkpoint of C2SP tlog-witness.
func (c Checkpoint) Growth() string {
	var b strings.Builder
	fmt.Fprintf(&b, "old %d\n", c.Since)
	for _, h := range c.Consistency {
		b.WriteString(base64.StdEncoding.EncodeToString(h) + "\n")
	}
	return b.String() + "\n" + c.Note
}

// Leaves are encoded leaves of the ledger, from an index on: heads and commitments, never payloads.
type Leaves struct {
	From   uint64   `json:"from" doc:"Index of the first"`
	Leaves [][]byte `json:"leaves" doc:"The leaves as they are hashed, base64; fewer than were asked for where they are long; none behind the end"`
}

// Entry is one entry of the ledger: its public head, never its payload.
type Entry struct {
	Entry      string `json:"entry" doc:"Name: NAME/log/EPOCH/INDEX"`
	Index      uint64 `json:"index" doc:"Place in the log, counted from 0"`
	Kind       uint64 `json:"kind" doc:"Number of the kind of entry (docs/protocol.md)"`
	KindName   string `json:"kind_name" doc:"Name of the kind"`
	Agency     string `json:"agency" doc:"Code of the agency that stated it; empty for the node itself"`
	Code       string `json:"code" doc:"Code of the dataset or matter; empty if none"`
	About      string `json:"about" doc:"Name of the entry that it refers to; empty if none"`
	Seq        uint64 `json:"seq" doc:"Number within the agency, counted from 1"`
	Time       string `json:"time" doc:"Ledger time, RFC 3339"`
	Signed     bool   `json:"signed" doc:"Whether it is a signed statement of an agency"`
	Commitment string `json:"commitment" doc:"SHA-256 of the payload's preimage, lower-case hex"`
	LeafHash   string `json:"leaf_hash" doc:"RFC 9162 hash of the leaf, lower-case hex"`
	Lost       bool   `json:"lost,omitempty" doc:"Of a ledger below: it stood in an epoch before, and is lost in the newest"`
}

// Receipt is the portable proof that an entry is in the ledger.
type Receipt struct {
	Entry    string `json:"entry" doc:"Name of the entry"`
	Receipt  []byte `json:"receipt" doc:"The receipt file, base64"`
	Payload  []byte `json:"payload,omitempty" doc:"The preimage of the commitment, base64; absent when erased or withheld"`
	Withheld bool   `json:"withheld,omitempty" doc:"The payload belongs to others, and was not given"`
}
