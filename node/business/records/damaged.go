package records

import (
	"maps"
	"slices"
	"strconv"

	"xietong/node/ground/text"
)

// Damaged returns text.RecordsDamaged where records could not be read since the desk was made.
func (d *Desk) Damaged() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.damaged) == 0 {
		return nil
	}
	first := slices.Min(slices.Collect(maps.Keys(d.damaged)))
	return text.Fail(text.RecordsDamaged, text.Args{
		"count": strconv.Itoa(len(d.damaged)), "entry": d.ledger.Names().Entry(first).String(),
	}, nil)
}
