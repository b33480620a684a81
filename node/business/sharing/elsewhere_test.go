package sharing

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/node/ground/book"
)

func listed(n uint64, what string) envelope.AgencyList {
	hash := sha256.Sum256([]byte(what))
	return envelope.AgencyList{Number: n, Hash: hash[:]}
}

// TestEndsOfStrangers (S19j): a list may say of any number of agencies that they ended, and change
// as often as it likes. Of those that hold no grant here nothing is proposed, and nothing kept.
func TestEndsOfStrangers(t *testing.T) {
	r := open(t)
	r.permitted(t, request(neighbour))
	before, proposed := r.size(t), 0
	r.Before = func(state.Kind) { proposed++ }
	for i := range 200 {
		stranger := agency("yunyan.guiyang.guizhou", fmt.Sprint("made-up-", i%100))
		if err := HearEnd(t.Context(), r, stranger, listed(2, fmt.Sprint(i)), false); err != nil {
			t.Fatal(err)
		}
	}
	if kept := r.ends(t); proposed != 0 || kept != 0 || r.size(t) != before {
		t.Errorf("%d commands, %d ends, %d entries, want none", proposed, kept, r.size(t)-before)
	}
	for range 2 {
		if err := HearEnd(t.Context(), r, neighbour, listed(2, "end"), false); err != nil {
			t.Fatal(err)
		}
	}
	if err := HearEnd(t.Context(), r, neighbour, listed(4, "another end"), false); err != nil {
		t.Fatal(err)
	}
	if kept := r.ends(t); proposed != 1 || kept != 1 || r.size(t) != before+1 {
		t.Errorf("of one that held a grant: %d commands, %d ends, %d entries, want one of each", proposed, kept, r.size(t)-before)
	}
	if g := r.grants(t)[0]; g.Closed == ledger.None {
		t.Error("the grant was not closed")
	}
}

// TestGivenAfterTheEnd: what an agency is given after its end, which came back, counts on, also
// where it held nothing when the end was heard of.
func TestGivenAfterTheEnd(t *testing.T) {
	r := open(t)
	end := listed(2, "end")
	p, apply, err := r.decide(t, request(neighbour))
	if err != nil || !apply {
		t.Fatal(apply, err)
	}
	giving := func(ctx context.Context, to identity.Agency) error { return HearEnd(ctx, r, to, end, true) }
	short := p
	short.request.Basis = ""
	if _, err := short.Apply(t.Context(), r, giving); err == nil || r.ends(t) != 0 {
		t.Errorf("an application that lacks its basis: %v, %d ends", err, r.ends(t))
	}
	if p, err = p.Apply(t.Context(), r, giving); err != nil {
		t.Fatal(err)
	}
	if err := HearEnd(t.Context(), r, neighbour, end, false); err != nil {
		t.Fatal(err)
	}
	mustRecord(t, r, p)
}

// ends counts the ends that are kept.
func (r *room) ends(t *testing.T) (n int) {
	t.Helper()
	r.reading(t, func(reader *state.Reader) {
		for range ends.All(reader, nil) {
			n++
		}
	})
	return n
}

// counted counts the values that are read.
type counted struct {
	book.Reads
	gets int
}

func (c *counted) Get(bucket string, key []byte) []byte {
	c.gets++
	return c.Reads.Get(bucket, key)
}

// TestHeldBy compares the grants that an agency holds with a walk over all, and bounds what is read
// for it by what it holds itself.
func TestHeldBy(t *testing.T) {
	r := open(t)
	all := []identity.Agency{water, neighbour, agency("yunyan.guiyang.guizhou", "wate"), agency("yunyan.guiyang.guizhou", "water-2"), namesake}
	for i := range 50 {
		r.permitted(t, request(agency("yunyan.guiyang.guizhou", fmt.Sprint("other-", i))))
	}
	for i, consumer := range all {
		for n := range i {
			q := request(consumer)
			q.Until = fmt.Sprintf("2027-11-2%dT09:00:00Z", n)
			p := r.permitted(t, q)
			if i == 4 && n == 1 {
				r.revoke(t, p)
				break
			}
			q.Purpose = "residence-check"
			r.permitted(t, q)
		}
	}
	r.reading(t, func(reader *state.Reader) {
		for _, of := range all {
			var want []uint64
			for _, g := range Grants(reader) {
				if g.Consumer == of && g.counts() {
					want = append(want, g.Index)
				}
			}
			c := &counted{Reads: reader}
			var got []uint64
			for _, g := range HeldBy(c, of) {
				got = append(got, g.Index)
			}
			if !slices.Equal(got, want) || holds(reader, of) != (len(want) > 0) {
				t.Errorf("%s holds %v, want %v", of, got, want)
			}
			if c.gets > 4 {
				t.Errorf("%s: %d values were read for its %d grants", of, c.gets, len(want))
			}
		}
	})
}
