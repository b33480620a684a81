package catalog

import (
	"strconv"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// What is spent of the list of changes is spent for ever, and whoever fills it would keep the
// jurisdiction from ending an agency that must end. So of the list a place is kept for the end of
// every agency that lives, and two for every one that may still be added. What is left is for
// renames and returns, of which there are maxRenames a day at most.
const (
	maxRenames = 100
	nearlyFull = 500 // places that are left for renames and returns, from which on an alarm tells
)

// keptRenames is the value that the agencyrenames bucket has under listKey: how many agencies were
// renamed or brought back on the day, which is counted by the clock.
type keptRenames struct {
	_   struct{} `cbor:",toarray"`
	Day uint64
	N   uint64
}

var renames = book.Bucket[keptRenames]{Name: "agencyrenames", Max: 32}

const dayMs = uint64(24 * time.Hour / time.Millisecond)

// countRename counts a rename or return, and refuses one too many on a day.
func countRename(tx *state.Tx) error {
	today := tx.Clock() / dayMs
	r, _ := renames.Load(tx, listKey)
	if r.Day != today {
		r = keptRenames{Day: today}
	}
	if r.N++; r.N > maxRenames {
		again := time.UnixMilli(int64((today + 1) * dayMs)).UTC().Format(time.RFC3339)
		return book.Refuse(text.AgencyRenames, tx.Log().Jurisdiction().String(), strconv.Itoa(maxRenames), again)
	}
	return renames.Save(tx, listKey, r)
}

// spare returns how many changes of the list are left for renames and returns; negative: a part of
// what is kept for ends is spent.
func spare(r book.Reads, of identity.Jurisdiction) int {
	ended, prefix := 0, book.Joined(endedAgency)
	r.Scan(endings.Name, prefix, prefix, func([]byte, []byte) bool {
		ended++
		return true
	})
	all := added(r)
	return MaxChanges - int(listAt(r, of).Number) - (all - ended) - 2*(MaxAgencies-all)
}

// noRoom refuses a change for which the list has no room.
func noRoom(of identity.Jurisdiction) error {
	return book.Refuse(text.AgencyListFull, of.String(), strconv.Itoa(MaxChanges))
}

// EndFits refuses the end of an agency where the list of changes has no room even for that.
func EndFits(r position) error {
	if of := r.Log().Jurisdiction(); listAt(r, of).Number >= MaxChanges {
		return noRoom(of)
	}
	return nil
}

// NearlyFull returns what an alarm tells when few changes of agencies are left; nil: many are.
func NearlyFull(r *state.Reader) *text.Failure {
	of := r.Log().Jurisdiction()
	left := spare(r, of)
	if left >= nearlyFull {
		return nil
	}
	return &text.Failure{Code: text.AgencyListNear, Args: text.Args{"jurisdiction": of.String(), "left": strconv.Itoa(max(left, 0))}}
}
