package catalog

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"slices"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/ground/book"
	"xietong/node/ground/operation"
)

// MaxAgencies bounds the agencies of a jurisdiction, and so the list that others keep of them.
const MaxAgencies = 1000

// listContext stands before whatever the hash of a list is made over.
const listContext = "xietong/1 agencies\n"

// keptList is the value that the agencylist bucket has under listKey: number and hash of the list
// of all agencies, in the order in which they were added. An agency is never taken off, so list
// number n is the first n agencies, and its hash commits to each list before it.
type keptList struct {
	_      struct{} `cbor:",toarray"`
	Number uint64
	Hash   []byte
}

var agencyList = book.Bucket[keptList]{Name: "agencylist", Max: 64}

var listKey = []byte("all")

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

// listedAgency is one agency of a list, as the hash is made over it.
type listedAgency struct {
	_     struct{} `cbor:",toarray"`
	Code  identity.Label
	Title string
}

// after returns the hash of the list that has the agency after those of the list with the hash.
func (a listedAgency) after(hash []byte) [32]byte {
	data, err := canon.Marshal(a)
	if err != nil {
		panic(err) // two texts always have an encoding
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
//	{1: number of agencies that are known} → {1: [[code, title] …], 2: number of agencies on the list}
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
		var all []Listed
		err = l.View(ctx, func(r *state.Reader) (err error) {
			all, err = Agencies(r)
			return err
		})
		p.Number = uint64(len(all))
		if err != nil || w.Known >= p.Number {
			return p, err
		}
		slices.SortFunc(all, func(a, b Listed) int { return cmp.Compare(a.Entry.Index(), b.Entry.Index()) })
		size := 0
		for _, a := range all[w.Known:] {
			if size += len(a.Code.String()) + len(a.Title) + 8; size > operation.MaxListed {
				break
			}
			p.Agencies = append(p.Agencies, listedAgency{Code: a.Code, Title: a.Title})
		}
		return p, nil
	})
}
