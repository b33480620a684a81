package catalog

import (
	"bytes"
	"encoding/json"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// derivation derives the agencies and the catalogue from the entries.
type derivation struct {
	r                    *state.Reader
	agencies             map[string]*saidAgency // by their codes
	datasets, standards  map[string]book.Said   // the entry that published each last, by the code
	ended, endedDatasets book.Last              // by the key of endings
}

// saidAgency is what the entries say of an agency.
type saidAgency struct {
	added ledger.Ref // the first
	back  ledger.Ref // that brought it back last; None: none did
	title string     // "": nobody can read it
}

// Derive begins a derivation of the catalogue of a state.
func Derive(r *state.Reader) book.Derivation {
	return &derivation{
		r: r, agencies: map[string]*saidAgency{}, datasets: map[string]book.Said{}, standards: map[string]book.Said{},
		ended: book.Last{}, endedDatasets: book.Last{},
	}
}

// Entry implements book.Derivation.
func (d *derivation) Entry(e book.Said) {
	code := e.Head.Code
	switch e.Head.Kind {
	case ledger.KindAgency, ledger.KindAgencyRenamed:
		d.agency(e)
	case ledger.KindAgencyEnded:
		d.ended[string(endingKey(endedAgency, e.Head.Agency))] = e.Ref()
	case ledger.KindCatalogueEntry:
		d.datasets[code.String()] = e
	case ledger.KindDatasetEnded:
		d.endedDatasets[string(endingKey(endedDataset, code))] = e.Ref()
	case ledger.KindStandard:
		d.standards[code.String()] = e
	case ledger.KindStandardEnded:
		d.endedDatasets[string(endingKey(endedStandard, code))] = e.Ref()
	}
}

func (d *derivation) agency(e book.Said) {
	code := e.Head.Agency
	a := d.agencies[code.String()]
	switch {
	case a == nil:
		a = &saidAgency{added: e.Ref()}
		d.agencies[code.String()] = a
	case e.Head.Kind == ledger.KindAgency:
		a.back = e.Ref()
	}
	if e.Head.Kind == ledger.KindAgency { // it is new, or comes back
		delete(d.ended, string(endingKey(endedAgency, code)))
	}
	var said Agency
	if a.title = ""; json.Unmarshal(e.Payload, &said) == nil {
		a.title = said.Title
	}
}

// Compare implements book.Derivation.
func (d *derivation) Compare(tell func(book.Contradiction)) {
	d.compareAgencies(tell)
	comparePublished(d.r, catalogue, d.datasets, func(k keptEntry) published { return published{k.Entry, k.Agency, k.Document} }, tell)
	comparePublished(d.r, setStandards, d.standards, func(k keptStandard) published { return published{k.Entry, k.Agency, k.Document} }, tell)
	d.compareEndings(tell)
}

// published is what is kept of the version of a dataset or a standard that is in force.
type published struct {
	entry    ledger.Ref
	agency   identity.Label
	document []byte
}

// comparePublished compares what a bucket keeps by the codes with the entries that published it.
func comparePublished[V any](r *state.Reader, in book.Bucket[V], said map[string]book.Said, of func(V) published, tell func(book.Contradiction)) {
	entries, kept := book.Last{}, book.Last{}
	for code, e := range said {
		entries[code] = e.Ref()
	}
	for key, v := range in.All(r, nil) {
		code, p := string(key), of(v)
		kept[code] = p.entry
		compareDocument(in.Name, said[code], p.entry, p.agency, p.document, tell)
	}
	entries.Compare(in.Name, kept, tell)
}

// compareDocument compares what is kept of a dataset or a standard with the entry that published
// it, where that is the one that counts: else the comparison of the entries tells it.
func compareDocument(bucket string, said book.Said, at ledger.Ref, agency identity.Label, document []byte, tell func(book.Contradiction)) {
	if said.Ref() == at && (said.Head.Agency != agency || said.Payload != nil && !bytes.Equal(said.Payload, document)) {
		tell(book.Contradiction{Bucket: bucket, Entry: at, How: book.Other})
	}
}

func (d *derivation) compareAgencies(tell func(book.Contradiction)) {
	added, kept := book.Last{}, book.Last{}
	for code, a := range d.agencies {
		added[code] = a.added
	}
	for key, k := range agencies.All(d.r, nil) {
		kept[string(key)] = k.Entry
		if a := d.agencies[string(key)]; a != nil && a.added == k.Entry && (a.back != k.Back || a.title != "" && a.title != k.Title) {
			tell(book.Contradiction{Bucket: agencies.Name, Entry: k.Entry, How: book.Other})
		}
	}
	added.Compare(agencies.Name, kept, tell)
}

// compareEndings compares what ended. That a dataset or a standard is there again an entry says
// that follows; but so does one by which it only moved, and then it stays withdrawn: so either may
// be kept.
func (d *derivation) compareEndings(tell func(book.Contradiction)) {
	said, kept := d.ended, book.Last{}
	for key, k := range endings.All(d.r, nil) {
		kept[string(key)] = k.Entry
	}
	again := map[string]book.Said{}
	for code, e := range d.datasets {
		again[string(book.Joined(endedDataset, code))] = e
	}
	for code, e := range d.standards {
		again[string(book.Joined(endedStandard, code))] = e
	}
	for key, ended := range d.endedDatasets {
		if kept[key] != ledger.None || again[key].Ref() < ended {
			said[key] = ended
		}
	}
	said.Compare(endings.Name, kept, tell)
}
