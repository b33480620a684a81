package records

import (
	"bytes"
	"slices"

	"xietong/certs/identity"
	"xietong/exchange/gather"
)

// Rows that are told without their key, to somebody else than the provider, are told apart: in an
// order that this question alone has. In the order of the records, which all questions share, two
// answers with fields that were granted apart would be joined row by row.
//
// The rows come in batches of MaxLimit, or as many as fit into an answer, and within a batch in the
// order of a MAC of their keys and of the question. So another answer tells no more of a row than
// its batch.

// isApart reports whether the rows of the answer are told apart.
func (p plan) isApart(consumer identity.Agency, in identity.Jurisdiction) bool {
	return p.q.Measure.Function == gather.None && p.key == nil && consumer != identity.NewAgency(in, p.set.Agency) &&
		!slices.Contains(p.columns(), p.set.Key)
}

// apartRow is a row of a batch, at its place in the order of the question.
type apartRow struct {
	place MAC
	row   []byte
	key   MAC
}

// tellApart puts the next rows of the batch that was read into the answer, and returns the cursor
// of what follows them. What was left out of the batch is told with its first rows.
func (s *search) tellApart() (next cursor) {
	batch := make([]apartRow, len(s.keys))
	for i, key := range s.keys {
		batch[i] = apartRow{s.desk.apartPlace(s.p, key), s.answer.Rows[i], key}
	}
	slices.SortFunc(batch, func(a, b apartRow) int { return bytes.Compare(a.place[:], b.place[:]) })
	told := func(r apartRow) bool { return bytes.Compare(r.place[:], s.from.Told) <= 0 }
	if len(s.from.Told) > 0 {
		batch = slices.DeleteFunc(batch, told)
		s.answer.Incomparable, s.answer.Unreadable, s.answer.Unfit = 0, 0, 0
	}
	end := s.from.End
	if len(end) == 0 {
		end = s.last
	}
	next.After = end
	if len(batch) > s.p.q.Limit {
		batch = batch[:s.p.q.Limit]
		last := batch[len(batch)-1].place
		next = cursor{After: s.from.After, End: end, Told: last[:]}
	}
	s.answer.Rows, s.keys = nil, nil
	for _, r := range batch {
		s.answer.Rows, s.keys = append(s.answer.Rows, r.row), append(s.keys, r.key)
	}
	s.answer.Count = uint64(len(batch))
	return next
}

// apartPlace returns the place of a record in the order of the question.
func (d *Desk) apartPlace(p plan, key MAC) MAC {
	return d.ledger.MAC("order of rows", p.digest[:], key[:])
}
