package client

import "encoding/json"

// The sharing categories of a dataset (国令809 art 14).
const (
	Unconditional = "unconditional" // 无条件共享
	Conditional   = "conditional"   // 有条件共享
	NotShared     = "not-shared"    // 不予共享, with the citation of the law
)

// Purpose is one use that a dataset is offered for.
type Purpose struct {
	Code  string `json:"code" doc:"A label"`
	Title string `json:"title" doc:"The purpose for people"`
}

// NewDataset is a catalogue entry to publish; publishing the same code again replaces it.
type NewDataset struct {
	Code        string          `json:"code" doc:"A label, such as villages"`
	Title       string          `json:"title" doc:"Name for people, at most 200 bytes"`
	Agency      string          `json:"agency,omitempty" doc:"Code of the providing agency; empty: the one that acts"`
	Category    string          `json:"category" enum:"unconditional,conditional,not-shared" doc:"Sharing category"`
	Citation    string          `json:"citation,omitempty" doc:"The law that forbids sharing; required when not shared"`
	Purposes    []Purpose       `json:"purposes" doc:"The purposes it may be used for, at least one"`
	Schema      json.RawMessage `json:"schema" doc:"JSON Schema (an object) of a record"`
	Key         string          `json:"key" doc:"The field that identifies a record"`
	Indexed     []string        `json:"indexed,omitempty" doc:"Fields that queries may match without a scan, at most 16"`
	NotSecret   bool            `json:"not_secret" doc:"Declared free of state and work secrets; must be true"`
	UpdateCycle string          `json:"update_cycle,omitempty" doc:"How often it is brought up to date"`
	Standard    string          `json:"standard,omitempty" doc:"Name of the entry that set the standard which it adopts"`
	Counts      []string        `json:"counts,omitempty" doc:"Purposes for which those above may measure all records without applying"`
	GroupBy     []string        `json:"group_by,omitempty" doc:"Fields by whose values a measure may be told"`
	// SmallestCell is left out where any group is told.
	SmallestCell int `json:"smallest_cell,omitempty" minimum:"0" maximum:"1000" doc:"Records that a group must have to be told to others than the provider"`
	// Measures is left out where only the number of records is told.
	Measures map[string][]string `json:"measures,omitempty" doc:"What may be asked of which field: sum, average, minimum, maximum"`
}

// Dataset is a published catalogue entry.
type Dataset struct {
	NewDataset
	Version   uint64 `json:"version" doc:"Counted from 1, raised each time the entry is published, moved or withdrawn"`
	Entry     string `json:"entry" doc:"Name of the entry that published it last"`
	Withdrawn *Ended `json:"withdrawn,omitempty" doc:"How it was taken out of the catalogue; absent: it was not"`
	Held      string `json:"held,omitempty" doc:"Name of an entry that is lost, in which it was changed: it answers nobody until its provider publishes it again"`
}

// Datasets lists the published datasets, by code.
type Datasets struct {
	Datasets []Dataset `json:"datasets"`
	Cursor   string    `json:"cursor,omitempty" doc:"Where the next page begins; absent at the end"`
}
