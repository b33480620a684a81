package catalog

import (
	"fmt"
	"strings"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// MaxReasonLen bounds the reason for which something of the catalogue ends, in bytes. It stands in
// refusals, whose values are as long at most.
const MaxReasonLen = 1000

// Ending says when and why a dataset, a standard or an agency ended. It names no person, and is
// told to everybody who asks for what ended.
type Ending struct {
	Entry  identity.Entry
	At     time.Time
	Reason string
	Into   identity.Label // the agency that took over; zero: none did
	Lost   identity.Entry // it is held for this entry, which is lost; zero: it ended
}

// Ended reports whether something ended, rather than being held.
func (e *Ending) Ended() bool { return e != nil && e.Lost.IsZero() }

// keptEnding is the value that the endings bucket has under what ended and its code. It is taken
// out when that comes back.
type keptEnding struct {
	_      struct{} `cbor:",toarray"`
	Entry  ledger.Ref
	At     uint64 // by the clock
	Reason string
	Into   string // code of an agency; "": none
}

var endings = book.Bucket[keptEnding]{Name: "endings", Max: MaxReasonLen + 128}

// What ends. They are the first part of the keys of endings.
const (
	endedDataset  = "dataset"
	endedStandard = "standard"
	endedAgency   = "agency"
)

func endingKey(what string, code identity.Label) []byte { return book.Joined(what, code.String()) }

// endingOf returns how something ended; ok is false while it lives.
func endingOf(r book.Reads, what string, code identity.Label) (keptEnding, bool) {
	return endings.Load(r, endingKey(what, code))
}

// end keeps that something ends with the next entry. What ended already is refused by the caller.
func end(tx *state.Tx, what string, code identity.Label, reason, into string) error {
	kept := keptEnding{Entry: book.Next(tx), At: tx.Clock(), Reason: reason, Into: into}
	return endings.Save(tx, endingKey(what, code), kept)
}

// endedOf returns how something ended, or is held; nil: it lives.
func endedOf(r position, what string, code identity.Label) *Ending {
	kept, ok := endingOf(r, what, code)
	if !ok {
		return heldOf(r, what, code)
	}
	e := Ending{Entry: kept.Entry.In(r.Names()), At: time.UnixMilli(int64(kept.At)), Reason: kept.Reason}
	e.Into, _ = identity.ParseLabel(kept.Into) // zero where there is none
	return &e
}

// Told returns the time as refusals carry it; it is told in the zone of whoever reads it.
func (e Ending) Told() string { return e.At.UTC().Format(time.RFC3339) }

// withdrawn refuses a dataset or a standard that ended, as the code, or is held.
func (e Ending) withdrawn(as text.Code, dataset identity.Label, of identity.Jurisdiction) error {
	if !e.Lost.IsZero() {
		held := text.DatasetHeld
		if as == text.StandardWithdrawn {
			held = text.StandardHeld
		}
		return book.Refuse(held, dataset.String(), of.String(), e.Lost.String())
	}
	return book.Refuse(as, dataset.String(), of.String(), e.Told(), e.Reason, e.Entry.String())
}

// agency refuses an agency that ended.
func (e Ending) agency(code identity.Label, title string, of identity.Jurisdiction) error {
	if e.Into.IsZero() {
		return book.Refuse(text.AgencyEnded, code.String(), title, of.String(), e.Told(), e.Reason)
	}
	return book.Refuse(text.AgencyMerged, code.String(), title, of.String(), e.Told(), e.Reason, e.Into.String())
}

// CheckReason refuses a reason that has not 1 to MaxReasonLen bytes, or that cannot be recorded.
func CheckReason(reason string) error {
	if strings.TrimSpace(reason) == "" || len(reason) > MaxReasonLen {
		return text.Fail(text.BadRequest, text.Args{"where": "reason", "reason": fmt.Sprintf("1..%d bytes", MaxReasonLen)}, nil)
	}
	return text.Recordable("reason", reason)
}

// LivingCodes returns the agencies, by their codes, and the datasets, each by its code and the
// entry of its version, that did not end, in the order of the codes. What cannot be read is left
// out.
func LivingCodes(r book.Reads) (ofAgencies, ofDatasets []string) {
	for key := range agencies.All(r, nil) {
		if code := string(key); !endings.Has(r, book.Joined(endedAgency, code)) {
			ofAgencies = append(ofAgencies, code)
		}
	}
	for key, kept := range catalogue.All(r, nil) {
		if code := string(key); !endings.Has(r, book.Joined(endedDataset, code)) {
			ofDatasets = append(ofDatasets, fmt.Sprint(code, " ", uint64(kept.Entry)))
		}
	}
	return ofAgencies, ofDatasets
}
