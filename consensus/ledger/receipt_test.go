package ledger

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	fnote "github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
)

const place = "nanming.guiyang.guizhou"

// village is a real row of the demo's data.
const village = `{"code":"520102016001","name":"纪念塔社区"}`

func small(t testing.TB, replicas int) *fixture {
	f := newFixture(t, place, replicas)
	for i := range 5 {
		f.add(t, village, i == 3)
	}
	return f
}

func TestReceipt(t *testing.T) {
	for _, replicas := range []int{1, 3} {
		f := small(t, replicas)
		for index := range f.size {
			data := f.receipt(t, index, f.set.Majority())
			v, err := VerifyReceipt(data, f.preimage[index], f.set.Pin())
			if err != nil {
				t.Fatalf("entry %d of %d replicas: %v", index, replicas, err)
			}
			if v.Entry.Index() != index || v.TreeSize != 5 || string(v.Payload.Payload) != village || v.Leaf.Evidence.Signed() != (index == 3) {
				t.Errorf("entry %d: got %+v", index, v)
			}
			if v, err = VerifyReceipt(data, nil, f.set.Pin()); err != nil || v.Payload != nil {
				t.Errorf("without payload: got %v, %v", v.Payload, err)
			}
		}
	}
}

// TestEveryByteCounts flips every byte of a receipt and of its payload, in two ways, and demands
// refusal.
func TestEveryByteCounts(t *testing.T) {
	f := small(t, 3)
	for _, index := range []uint64{2, 3} {
		receipt, payload := f.receipt(t, index, 3), f.preimage[index]
		for what, data := range map[string][]byte{"receipt": receipt, "payload": payload} {
			for i := range data {
				for _, flip := range []byte{0x01, 0x80} {
					data[i] ^= flip
					if _, err := VerifyReceipt(receipt, payload, f.set.Pin()); !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrNotProven) {
						t.Errorf("entry %d: byte %d of the %s flipped by %#x: got %v", index, i, what, flip, err)
					}
					data[i] ^= flip
				}
			}
		}
		for n := range receipt {
			if _, err := VerifyReceipt(receipt[:n], payload, f.set.Pin()); err == nil {
				t.Errorf("entry %d: cut after %d bytes and still taken", index, n)
			}
		}
		if _, err := VerifyReceipt(append(bytes.Clone(receipt), 0), payload, f.set.Pin()); err == nil {
			t.Errorf("entry %d: a byte behind it and still taken", index)
		}
	}
}

// altered decodes the receipt of an entry, lets edit change it, and encodes it again.
func altered(t *testing.T, f *fixture, index uint64, edit func(*Receipt)) []byte {
	t.Helper()
	r, err := DecodeReceipt(f.receipt(t, index, f.set.Majority()))
	if err != nil {
		t.Fatal(err)
	}
	edit(&r)
	data, err := canon.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestReceiptRefused(t *testing.T) {
	f, other := small(t, 3), small(t, 1)
	stranger := newFixture(t, "yunyan.guiyang.guizhou", 1)
	stranger.add(t, village, false)
	_, oneLine := f.checkpoint(t, 1)
	_, allLines := f.checkpoint(t, 3)
	unlisted, err := SignCheckpoint(mustCheckpoint(t, f), newSigner(t, place, 9))
	if err != nil {
		t.Fatal(err)
	}
	extra, err := MergeNotes(allLines, unlisted)
	if err != nil {
		t.Fatal(err)
	}
	doubled, _ := MergeNotes(oneLine, oneLine)
	strangersNote, _ := DecodeReceipt(stranger.receipt(t, 0, 1))
	f4, _ := DecodeReceipt(f.receipt(t, 4, 3))
	for _, row := range []struct {
		what string
		edit func(*Receipt)
		pin  trust.Pin
		want string
	}{
		{"another root", func(*Receipt) {}, other.set.Pin(), "not the pinned one"},
		{"another jurisdiction's root", func(*Receipt) {}, stranger.set.Pin(), "not the pinned one"},
		{"no majority", func(r *Receipt) { r.Note = oneLine }, f.set.Pin(), "1 of 3 replicas"},
		{"one replica counted twice", func(r *Receipt) { r.Note = doubled }, f.set.Pin(), "1 of 3 replicas"},
		{"an unlisted key", func(r *Receipt) { r.Note = extra }, f.set.Pin(), "not listed"},
		{"another log's checkpoint", func(r *Receipt) { r.Note = strangersNote.Note }, f.set.Pin(), "no verifiable signatures"},
		{"another log", func(r *Receipt) { r.Log = place + "/log/2" }, f.set.Pin(), "epoch"},
		{"another entry's leaf", func(r *Receipt) { r.Leaf = f4.Leaf }, f.set.Pin(), "not in the tree"},
		{"another entry's proof", func(r *Receipt) { r.Proof = f4.Proof }, f.set.Pin(), "not in the tree"},
		{"another entry's COSE receipt", func(r *Receipt) { r.COSE = f4.COSE }, f.set.Pin(), "own proof"},
		{"a level more", func(r *Receipt) { r.Chain = append(r.Chain, r.Chain[0]) }, f.set.Pin(), "chain"},
		{"an endorsement", func(r *Receipt) { r.Chain[0].Endorsement = []byte{1} }, f.set.Pin(), "chain"},
		{"no chain", func(r *Receipt) { r.Chain = r.Chain[:0] }, f.set.Pin(), "chain"},
		{"null for a chain", func(r *Receipt) { r.Chain = nil }, f.set.Pin(), "null"},
		{"a version to come", func(r *Receipt) { r.Version = 2 }, f.set.Pin(), "version 2"},
	} {
		_, err := VerifyReceipt(altered(t, f, 2, row.edit), f.preimage[2], row.pin)
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want an error with %q", row.what, err, row.want)
		}
	}
	if _, err := VerifyReceipt(f.receipt(t, 2, 3), f.preimage[1], f.set.Pin()); !errors.Is(err, ErrNotProven) {
		t.Errorf("another entry's payload: got %v, want ErrNotProven", err)
	}
}

func mustCheckpoint(t *testing.T, f *fixture) Checkpoint {
	c, _ := f.checkpoint(t, 1)
	return c
}

// TestStatement checks that an act cannot be moved under another head or to another log, nor
// outlive its certificate.
func TestStatement(t *testing.T) {
	f := small(t, 1)
	leaf, err := DecodeLeaf(f.leaves[3])
	if err != nil {
		t.Fatal(err)
	}
	if err := VerifyStatement(f.log, leaf, f.set); err != nil {
		t.Fatal(err)
	}
	later, _ := identity.NewLog(f.log.Jurisdiction(), 2)
	next := f.set
	next.Epoch = 2
	for what, row := range map[string]struct {
		log  identity.Log
		sets []trust.KeySet
		good bool
	}{
		"in a log that goes on with it":     {later, []trust.KeySet{f.set, next}, true},
		"in a log that begins anew":         {later, []trust.KeySet{next}, false},
		"in a log before its own":           {f.log, []trust.KeySet{next}, false},
		"in the log of another":             {newFixture(t, "yunyan", 1).log, []trust.KeySet{f.set}, false},
		"in its own, which goes on further": {f.log, []trust.KeySet{f.set, next}, true},
	} {
		if err := VerifyStatement(row.log, leaf, row.sets...); (err == nil) != row.good || err != nil && !errors.Is(err, ErrNotProven) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	for what, edit := range map[string]func(*Head){
		"kind":    func(h *Head) { h.Kind = KindGrant },
		"agency":  func(h *Head) { h.Agency = identity.Label{} },
		"code":    func(h *Head) { h.Code = h.Agency },
		"from":    func(h *Head) { h.From = 1 },
		"to":      func(h *Head) { h.To = 1 },
		"limit":   func(h *Head) { h.Limit = 1 },
		"about":   func(h *Head) { h.About = 1 },
		"root":    func(h *Head) { h.Root[0] = 1 },
		"unit":    func(h *Head) { h.Unit = Days },
		"rule":    func(h *Head) { h.Rule = 1 },
		"tag":     func(h *Head) { h.Tag[15] = 1 },
		"expired": func(h *Head) { h.Time += 25 * 3600 * 1000 },
		"too new": func(h *Head) { h.Time -= 2 * 3600 * 1000 },
	} {
		moved := leaf
		edit(&moved.Head)
		if err := VerifyStatement(f.log, moved, f.set); !errors.Is(err, ErrNotProven) {
			t.Errorf("%s changed: got %v, want ErrNotProven", what, err)
		}
	}
	if err := VerifyStatement(f.log, leaf, newFixture(t, "yunyan", 1).set); !errors.Is(err, ErrNotProven) {
		t.Errorf("by another's key set: got %v", err)
	}
}

// TestNothingIsSpelledOneWay checks that nil and empty give the same bytes where both mean "none".
func TestNothingIsSpelledOneWay(t *testing.T) {
	salt := bytes.Repeat([]byte{1}, SaltLen)
	null, err := Preimage{Salt: salt, ContentType: "text/plain"}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	empty, err := Preimage{Salt: salt, ContentType: "text/plain", Payload: []byte{}}.Encode()
	if err != nil || !bytes.Equal(null, empty) {
		t.Errorf("payload: got %x and %x, %v", null, empty, err)
	}
	if _, err := DecodePreimage(null); err != nil {
		t.Errorf("payload: got %v", err)
	}
}

// TestLinesAreInOneOrder checks that the same lines give the same note, in whatever order they
// came.
func TestLinesAreInOneOrder(t *testing.T) {
	f := small(t, 3)
	_, want := f.checkpoint(t, 3)
	f.signers[0], f.signers[2] = f.signers[2], f.signers[0]
	_, got := f.checkpoint(t, 3)
	if !bytes.Equal(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, err := OpenCheckpoint(got, f.log, f.set); err != nil {
		t.Error(err)
	}
}

// TestNoteAgainstFormats has an independent library read our checkpoint.
func TestNoteAgainstFormats(t *testing.T) {
	f := small(t, 3)
	c, data := f.checkpoint(t, 3)
	first, err := verifierFor(f.log, f.signers[0].LogPublic())
	if err != nil {
		t.Fatal(err)
	}
	var others []note.Verifier
	for _, s := range f.signers[1:] {
		v, err := verifierFor(f.log, s.LogPublic())
		if err != nil {
			t.Fatal(err)
		}
		others = append(others, v)
	}
	got, _, _, err := fnote.ParseCheckpoint(data, f.log.String(), first, others...)
	if err != nil {
		t.Fatal(err)
	}
	if got.Size != c.Size || !bytes.Equal(got.Hash, c.Root[:]) || got.Origin != f.log.String() {
		t.Errorf("got %+v, want %+v", got, c)
	}
}

func FuzzVerifyReceipt(f *testing.F) {
	fix := small(f, 1)
	f.Add(fix.receipt(f, 3, 1), fix.preimage[3])
	f.Add([]byte{0xa0}, []byte{})
	pin := fix.set.Pin()
	f.Fuzz(func(t *testing.T, receipt, payload []byte) {
		v, err := VerifyReceipt(receipt, payload, pin)
		if err == nil && v.Entry.Log() != fix.log {
			t.Errorf("an entry of %s was proven", v.Entry.Log())
		}
	})
}

func FuzzDecodeLeaf(f *testing.F) {
	fix := small(f, 1)
	f.Add(fix.leaves[2])
	f.Add(fix.leaves[3])
	_, limited, _ := newWorld().limited()
	f.Add(limited)
	f.Fuzz(func(t *testing.T, data []byte) {
		leaf, err := DecodeLeaf(data)
		if err != nil {
			return
		}
		if again, err := leaf.Encode(); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%x came back as %x, %v", data, again, err)
		}
	})
}

// FuzzDecodePreimage decodes what is shown beside a receipt: a payload, and the evidence in a leaf.
func FuzzDecodePreimage(f *testing.F) {
	fix := small(f, 1)
	f.Add(fix.preimage[3])
	f.Add(PlainEvidence(Commitment{}).Encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := DecodePreimage(data); err == nil {
			if again, err := p.Encode(); err != nil || !bytes.Equal(again, data) {
				t.Errorf("the payload %x came back as %x, %v", data, again, err)
			}
		}
		if e, err := DecodeEvidence(data); err == nil && !bytes.Equal(e.Encode(), data) {
			t.Errorf("the evidence %x came back as %x", data, e.Encode())
		}
	})
}

// TestNoStandingInReceipt: a receipt is for ever, and what a standing or a recovery statement says
// is for now.
func TestNoStandingInReceipt(t *testing.T) {
	f := newFixture(t, "nanming.guiyang.guizhou", 1)
	f.add(t, village, false)
	for _, add := range []func(r *Receipt){
		func(r *Receipt) { r.Chain[0].Standing = []byte{1} }, func(r *Receipt) { r.Chain[0].Recovery = []byte{1} },
		func(r *Receipt) { r.Chain[0].Confirmed = []byte{1} },
	} {
		if _, err := DecodeReceipt(altered(t, f, 0, add)); !errors.Is(err, ErrMalformed) {
			t.Errorf("got %v, want ErrMalformed", err)
		}
	}
}

// TestNobodyOpensAnEpoch (S05u): whoever has a log key of epoch 1 signs a number 2 of epoch 2,
// which the parent never endorsed, and proves an entry of /log/2 behind the genuine endorsement of
// number 1. The owner, who came back after all keys were lost, has the log of that name.
func TestNobodyOpensAnEpoch(t *testing.T) {
	f := newFixture(t, "nanming.guiyang.guizhou", 1)
	city := newSuperior("guiyang.guizhou", endorsementOf(f.set, "520102", "county", "南明区"))
	hash, two := f.set.Hash(), f.set
	two.Number, two.Epoch, two.Previous = 2, 2, hash[:]
	signed, err := trust.Assemble(two, []trust.Signature{{Replica: f.signers[0].replica, Sig: f.signers[0].SignLog(two.SigningInput())}})
	if err != nil {
		t.Fatal(err)
	}
	if f.log, err = identity.NewLog(f.set.Name, 2); err != nil {
		t.Fatal(err)
	}
	f.add(t, `{"forged":true}`, true)
	index := f.add(t, `{"forged":true}`, true)
	c, note := f.checkpoint(t, 1)
	receipt, err := Issue(f.leaves[index], index, c, note, f.tiles, []trust.Level{city.level(), {KeySets: [][]byte{f.signed, signed}}}, f.signers[0])
	if err != nil {
		t.Fatal(err)
	}
	if v, err := VerifyReceipt(receipt, f.preimage[index], city.set.Pin()); !errors.Is(err, trust.ErrEndorsement) {
		t.Errorf("got %s, %v, want %v", v.Entry, err, trust.ErrEndorsement)
	}
}
