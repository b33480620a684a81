package records

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// stated is the payload of the entries that open and publish an import.
type stated struct {
	Dataset string      `json:"dataset"`
	Version uint64      `json:"version"`
	Entry   string      `json:"entry_sha256,omitempty"` // of the document of that version, where it was to come
	File    string      `json:"file_sha256"`
	Rows    uint64      `json:"rows"`
	Skipped uint64      `json:"skipped"`
	Replace bool        `json:"replaces_all,omitempty"` // it takes the place of all records
	Left    uint64      `json:"left,omitempty"`         // records that left because they are not in the file
	Root    string      `json:"root,omitempty"`         // of the RFC 9162 tree over the leaves of the rows, in their order
	Ranges  [][2]uint64 `json:"ranges,omitempty"`       // index of the first and number of the rows' entries
}

func (l *loader) stated() stated {
	s := stated{
		Dataset: l.set.Code.String(), Version: l.set.Version, File: hex.EncodeToString(l.file.Hash[:]),
		Rows: l.file.Good, Skipped: l.file.Rows - l.file.Good, Replace: l.file.Replace,
	}
	if l.file.For != nil {
		s.Entry = l.file.For.hex()
	}
	return s
}

// publish makes the import visible by the act of the provider, which states the file and the root
// of the leaves of its rows.
func (l *loader) publish(ctx context.Context) (identity.Entry, error) {
	s := l.stated()
	if l.file.Replace {
		s.Left = l.plan.Left
	}
	body, err := l.desk.publication(ctx, l.set, l.opened, s)
	if err != nil {
		return identity.Entry{}, err
	}
	body.Since = l.plan.Since
	return book.Enter(ctx, l.desk.ledger, commandImportPublish, book.Request{}, body)
}

// publication makes the act that publishes a staged import, of which s is stated.
func (d *Desk) publication(ctx context.Context, set dataset, opened uint64, s stated) (body publishBody, err error) {
	body = publishBody{Import: opened, Left: s.Left}
	err = d.ledger.View(ctx, func(r *state.Reader) error {
		now, _ := importAt(r, opened)
		s.Ranges, body.Root = stagedRanges(r, opened, now.Done), rootOf(now.Frontier)
		return nil
	})
	if err != nil {
		return body, err
	}
	s.Root = hex.EncodeToString(body.Root[:])
	payload, err := json.Marshal(s)
	if err == nil {
		body.Statement, err = d.ledger.Act(publicationHead(opened, s.Left, set.Agency, set.Code), RecordType, payload)
	}
	if err != nil {
		return body, fmt.Errorf("publish import: %w", err)
	}
	return body, nil
}

// stagedRanges returns the places of the rows of an import in the log, each as the index of its
// first entry and the number of entries. Adjacent chunks are one range.
func stagedRanges(r book.Reads, opened, done uint64) (ranges [][2]uint64) {
	var firsts, starts []uint64
	prefix := book.Be64(opened)
	r.Scan(bucketRanges, prefix, prefix, func(k, v []byte) bool {
		firsts, starts = append(firsts, number(k[8:])), append(starts, number(v))
		return true
	})
	firsts = append(firsts, done)
	for i, start := range starts {
		count := firsts[i+1] - firsts[i]
		if last := len(ranges) - 1; last >= 0 && ranges[last][0]+ranges[last][1] == start {
			ranges[last][1] += count
			continue
		}
		ranges = append(ranges, [2]uint64{start, count})
	}
	return ranges
}
