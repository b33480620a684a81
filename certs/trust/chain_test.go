package trust

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

// bare is a Prover that verifies nothing: the proof is the payload. Package ledger, which makes
// proofs, tests them.
func bare(_ KeySet, proof []byte) ([]byte, error) {
	if bytes.HasPrefix(proof, []byte("false")) {
		return nil, errors.New("not proven")
	}
	return proof, nil
}

func endorse(t *testing.T, k KeySet, edit func(*Endorsement)) []byte {
	t.Helper()
	hash := k.Hash()
	e := Endorsement{
		Child: k.Name, Code: "520102", Level: "county", DisplayName: "南明区", Number: k.Number, Hash: hash[:], Epoch: k.Epoch,
		Issued: 1_000, NotAfter: 1_000 + uint64(EndorsementTerm.Milliseconds()),
	}
	if edit != nil {
		edit(&e)
	}
	data, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestDescend(t *testing.T) {
	a, b, c := newMember(t, 1), newMember(t, 1), newMember(t, 1)
	named := func(name string, m member) KeySet {
		k := set(t, nil, m)
		k.Name = place(t, name)
		return k
	}
	province, city, county := named("guizhou", a), named("guiyang.guizhou", b), named("nanming.guiyang.guizhou", c)
	level := func(k KeySet, m member, endorsement []byte) Level {
		return Level{KeySets: [][]byte{sign(t, k, m)}, Endorsement: endorsement}
	}
	top, middle, last := level(province, a, endorse(t, city, nil)), level(city, b, endorse(t, county, nil)), level(county, c, nil)
	later := func(e *Endorsement) { e.Epoch = 2 }
	for _, row := range []struct {
		what  string
		pin   Pin
		chain []Level
		want  error // nil: it must hold
		says  string
	}{
		{"three levels", province.Pin(), []Level{top, middle, last}, nil, ""},
		{"two levels", city.Pin(), []Level{middle, last}, nil, ""},
		{"one level", county.Pin(), []Level{last}, nil, ""},
		{"none", county.Pin(), nil, ErrChain, "0 levels"},
		{"nine", city.Pin(), make([]Level, 9), ErrChain, "9 levels"},
		{"not ended", province.Pin(), []Level{top, middle}, ErrChain, "level 2 of 2"},
		{"a gap", province.Pin(), []Level{level(province, a, nil), middle, last}, ErrChain, "level 1 of 3"},
		{"from below", province.Pin(), []Level{middle, last}, ErrInvalid, "not the pinned one"},
		{"a level left out", province.Pin(), []Level{top, last}, ErrInvalid, "not the pinned one"},
		{"not its child", province.Pin(), []Level{level(province, a, endorse(t, county, nil)), last}, ErrEndorsement, "not its child"},
		{"another epoch", city.Pin(), []Level{level(city, b, endorse(t, county, later)), last}, ErrEndorsement, "epoch 2"},
		{"not proven", city.Pin(), []Level{level(city, b, []byte("false")), last}, ErrEndorsement, "not proven"},
		{"no endorsement", city.Pin(), []Level{level(city, b, []byte{0xa0}), last}, ErrEndorsement, "guiyang.guizhou"},
	} {
		got, err := Descend(row.pin, row.chain, bare)
		if !errors.Is(err, row.want) || err != nil && !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: got %v, want %v with %q", row.what, err, row.want, row.says)
		}
		if err == nil && (len(got) != len(row.chain) || got[len(got)-1].Newest().Name != county.Name) {
			t.Errorf("%s: got %d levels", row.what, len(got))
		}
	}
}

func TestImpossibleEndorsements(t *testing.T) {
	k := set(t, nil, newMember(t, 1))
	hash := k.Hash()
	good := Endorsement{Child: k.Name, DisplayName: "南明区", Number: 1, Hash: hash[:], Epoch: 1, Issued: 1, NotAfter: 2}
	if data, err := good.Encode(); err != nil {
		t.Fatal(err)
	} else if got, err := DecodeEndorsement(data); err != nil || got.Pin() != k.Pin() {
		t.Errorf("got %v, %v, want the pin %v", got.Pin(), err, k.Pin())
	}
	for what, edit := range map[string]func(*Endorsement){
		"a root":          func(e *Endorsement) { e.Child = place(t, "guizhou") },
		"number 0":        func(e *Endorsement) { e.Number = 0 },
		"epoch 0":         func(e *Endorsement) { e.Epoch = 0 },
		"short hash":      func(e *Endorsement) { e.Hash = e.Hash[1:] },
		"never issued":    func(e *Endorsement) { e.Issued = 0 },
		"ends at once":    func(e *Endorsement) { e.NotAfter = e.Issued },
		"31 days":         func(e *Endorsement) { e.NotAfter = e.Issued + uint64((31 * 24 * time.Hour).Milliseconds()) },
		"no display name": func(e *Endorsement) { e.DisplayName = "" },
		"long name":       func(e *Endorsement) { e.DisplayName = strings.Repeat("明", 100) },
		"long code":       func(e *Endorsement) { e.Code = strings.Repeat("5", 33) },
		"not UTF-8":       func(e *Endorsement) { e.Level = "\xff" },
		"a line break":    func(e *Endorsement) { e.DisplayName = "南明区\n云岩区" },
		"an escape":       func(e *Endorsement) { e.Code = "52\x1b[2J" },
		"turned round":    func(e *Endorsement) { e.DisplayName = "\u202e区岩云" },
		"of no width":     func(e *Endorsement) { e.DisplayName = "南明\u200b区" },
		"lost characters": func(e *Endorsement) { e.DisplayName = "\ufffd明区" },
	} {
		e := good
		edit(&e)
		if _, err := e.Encode(); !errors.Is(err, ErrEndorsement) {
			t.Errorf("%s: got %v, want ErrEndorsement", what, err)
		}
	}
}

// TestNamesOfAnyScript: names of places stand as their scripts write them.
func TestNamesOfAnyScript(t *testing.T) {
	for _, name := range []string{"南明区", "Zhangjiachuan (回族自治县)", "ئۈرۈمچى", "ᠬᠥᠬᠡ ᠬᠣᠲᠠ", "ᠠᠷ\u180eᠠ", "ལྷ་ས", "می\u200cخواهم"} {
		if err := CheckPlace("520102", "county", name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestInForce(t *testing.T) {
	l := Link{Endorsement: &Endorsement{Issued: 10_000, NotAfter: 20_000}}
	for at, want := range map[uint64]bool{8_999: false, 9_000: true, 10_000: true, 20_000: true, 20_001: false} {
		if got := l.InForce(at, time.Second); got != want {
			t.Errorf("at %d: got %t, want %t", at, got, want)
		}
	}
	if !(Link{}).InForce(1, 0) {
		t.Error("the pinned level is always in force")
	}
}

func FuzzDecodeEndorsement(f *testing.F) {
	f.Add([]byte{0xa0})
	f.Fuzz(func(t *testing.T, data []byte) {
		if e, err := DecodeEndorsement(data); err == nil {
			if again, err := e.Encode(); err != nil || !bytes.Equal(again, data) {
				t.Errorf("%x came back as %x, %v", data, again, err)
			}
		}
	})
}
