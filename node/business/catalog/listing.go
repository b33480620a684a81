package catalog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/ground/book"
	"xietong/node/ground/operation"
)

// Limits of the agencies of a jurisdiction, and so of the list that others keep of them.
const (
	MaxAgencies = 1000
	MaxChanges  = 4 * MaxAgencies // agencies that were added, renamed, ended and brought back
)

// listContext stands before whatever the hash of a list is made over.
const listContext = "xietong/1 agencies\n"

// keptList is the value that the agencylist bucket has under listKey: number and hash of the list
// of all that became of agencies, in the order in which it did. Nothing is ever taken off, so list
// number n is the first n changes, and its hash commits to each list before it.
type keptList struct {
	_      struct{} `cbor:",toarray"`
	Number uint64
	Hash   []byte
}

var agencyList = book.Bucket[keptList]{Name: "agencylist", Max: 64}

var listKey = []byte("all")

// agencyChanges has the changes themselves, by be64(place on the list, counted from 0).
var agencyChanges = book.Bucket[listedAgency]{Name: "agencychanges", Max: 1 << 10, MaxKey: 8}

func listAt(r book.Reads, of identity.Jurisdiction) keptList {
	if kept, ok := agencyList.Load(r, listKey); ok {
		return kept
	}
	first := emptyList(of)
	return keptList{Hash: first[:]}
}

// emptyList returns the hash of the list without agencies.
func emptyList(of identity.Jurisdiction) [32]byte {
	return sha256.Sum256([]byte(listContext + of.String()))
}

// listedAgency is one change of a list, as the hash is made over it: what an agency is called from
// then on, and whether it ended. Of one agency the last change counts.
type listedAgency struct {
	_     struct{} `cbor:",toarray"`
	Code  identity.Label
	Title string
	Ended bool
}

// list puts the change at the end of the list. It is called when the agency is kept as it is then.
func (a listedAgency) list(tx *state.Tx) error {
	of := tx.Log().Jurisdiction()
	before := listAt(tx, of)
	if before.Number >= MaxChanges || !a.Ended && spare(tx, of) <= 0 {
		return noRoom(of)
	}
	hash := a.after(before.Hash)
	return errors.Join(
		agencyChanges.Save(tx, book.Be64(before.Number), a),
		agencyList.Save(tx, listKey, keptList{Number: before.Number + 1, Hash: hash[:]}),
	)
}

// Former returns the titles that agencies had before the one that they have, by their codes, the
// oldest first.
func Former(r book.Reads) map[identity.Label][]string {
	former, last := map[identity.Label][]string{}, map[identity.Label]string{}
	for _, a := range agencyChanges.All(r, nil) {
		if before, ok := last[a.Code]; ok && before != a.Title {
			former[a.Code] = append(former[a.Code], before)
		}
		last[a.Code] = a.Title
	}
	return former
}

// after returns the hash of the list that has the agency after those of the list with the hash.
func (a listedAgency) after(hash []byte) [32]byte {
	data, err := canon.Marshal(a)
	if err != nil {
		panic(err) // texts always have an encoding
	}
	return sha256.Sum256(bytes.Join([][]byte{[]byte(listContext), hash, data}, nil))
}

// ListName names the list of this jurisdiction's agencies as a call names it; nil: there is none.
func ListName(r *state.Reader) *envelope.AgencyList {
	kept, ok := agencyList.Load(r, listKey)
	if !ok {
		return nil
	}
	return &envelope.AgencyList{Number: kept.Number, Hash: kept.Hash}
}

// operationAgencies gives the list of agencies from a place on. The answer is signed, as every
// answer is, so the list is too; nothing is recorded:
//
//	{1: number of changes that are known} → {1: [[code, title, ended] …], 2: number of changes on the list}
const operationAgencies operation.Operation[listWanted, listPage] = "agencies"

type listWanted struct {
	Known uint64 `cbor:"1,keyasint"`
}

type listPage struct {
	Agencies []listedAgency `cbor:"1,keyasint,omitempty"`
	Number   uint64         `cbor:"2,keyasint"`
}

// serveList registers operationAgencies.
func serveList(in *relay.Registry, l book.Ledger) {
	operationAgencies.Serve(in, func(ctx context.Context, _ relay.Received, w listWanted) (p listPage, err error) {
		err = l.View(ctx, func(r *state.Reader) error {
			p.Number = listAt(r, l.Name()).Number
			size := 0
			for at := w.Known; at < p.Number; at++ {
				a, _ := agencyChanges.Load(r, book.Be64(at))
				if size += len(a.Code.String()) + len(a.Title) + 8; size > operation.MaxListed {
					break
				}
				p.Agencies = append(p.Agencies, a)
			}
			return nil
		})
		return p, err
	})
}
