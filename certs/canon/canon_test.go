package canon

import (
	"bytes"
	"encoding/hex"
	"errors"
	"sync"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"xietong/certs/identity"
)

type sample struct {
	Name  string                `cbor:"1,keyasint"`
	Bytes []byte                `cbor:"2,keyasint"`
	Place identity.Jurisdiction `cbor:"3,keyasint,omitzero"`
}

func TestExample(t *testing.T) {
	got, err := Marshal(sample{Name: "a", Bytes: []byte{0}})
	if err != nil {
		t.Fatal(err)
	}
	if want := "a2016161024100"; hex.EncodeToString(got) != want {
		t.Errorf("got %x, want %s", got, want)
	}
}

func TestNamesAreText(t *testing.T) {
	place, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	data, err := Marshal(sample{Place: place})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte(place.String())) {
		t.Errorf("%x does not hold the name as text", data)
	}
	var got sample
	if err := Unmarshal(data, 100, &got); err != nil || got.Place != place {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestRefused(t *testing.T) {
	for what, in := range map[string]string{
		"empty":             "",
		"trailing byte":     "a201616102410000",
		"truncated":         "a20161610241",
		"longer integer":    "a21801616102" + "4100",
		"map order":         "a2024100016161",
		"unknown key":       "a30161610241000900",
		"repeated key":      "a301616101616202" + "4100",
		"indefinite length": "bf016161024100ff",
		"invalid UTF-8":     "a20161ff024100",
		"malformed name":    "a3016161024100036141",
		"absent field":      "a1016161",
	} {
		data, err := hex.DecodeString(in)
		if err != nil {
			t.Fatal(err)
		}
		var got sample
		if err := Unmarshal(data, 100, &got); !errors.Is(err, ErrNotCanonical) {
			t.Errorf("%s: got %v, want ErrNotCanonical", what, err)
		}
	}
	data, _ := Marshal(sample{Name: "long"})
	if err := Unmarshal(data, len(data)-1, &sample{}); !errors.Is(err, ErrNotCanonical) {
		t.Errorf("over the limit: got %v, want ErrNotCanonical", err)
	}
}

// FuzzUnmarshal checks that every accepted value encodes to the same bytes.
func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte{0xa2, 0x01, 0x61, 0x61, 0x02, 0x41, 0x00})
	f.Add([]byte{0xbf, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		var v sample
		if Unmarshal(data, 1<<16, &v) != nil {
			return
		}
		if again, err := Marshal(v); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%x came back as %x, %v", data, again, err)
		}
	})
}

// TestComparedSideBySide checks that concurrent comparisons, of any length, do not share a buffer.
func TestComparedSideBySide(t *testing.T) {
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			for size := range 40 {
				want := sample{Name: "a", Bytes: bytes.Repeat([]byte{byte(n)}, n+size<<n)}
				data, _ := Marshal(want)
				var got sample
				if err := Unmarshal(data, 1<<20, &got); err != nil || !bytes.Equal(got.Bytes, want.Bytes) {
					t.Errorf("%d bytes: got %d bytes, %v", len(want.Bytes), len(got.Bytes), err)
				}
				if err := Unmarshal(append(data, 0), 1<<20, &got); !errors.Is(err, ErrNotCanonical) {
					t.Errorf("a byte more: got %v, want ErrNotCanonical", err)
				}
			}
		})
	}
	group.Wait()
}

func TestTagged(t *testing.T) {
	for what, c := range map[string]struct {
		in   string
		tag  uint8
		good bool
	}{
		"tag 18":              {"d2a2016161024100", 18, true},
		"another tag":         {"d1a2016161024100", 18, false},
		"no tag":              {"a2016161024100", 18, false},
		"nothing":             {"", 18, false},
		"a tag alone":         {"d2", 18, false},
		"a longer tag":        {"d812a2016161024100", 18, false},
		"a trailing byte":     {"d2a201616102410000", 18, false},
		"a longer integer":    {"d2a21801616102" + "4100", 18, false},
		"a tag of more bytes": {"d818a2016161024100", 24, false},
	} {
		data, err := hex.DecodeString(c.in)
		if err != nil {
			t.Fatal(err)
		}
		var got sample
		err = UnmarshalTagged(data, 100, c.tag, &got)
		if c.good && (err != nil || got.Name != "a") || !c.good && !errors.Is(err, ErrNotCanonical) {
			t.Errorf("%s: got %v, %v, want good: %v", what, got, err, c.good)
		}
	}
	data, _ := Marshal(cbor.Tag{Number: 18, Content: sample{Name: "long"}})
	if err := UnmarshalTagged(data, len(data), 18, &sample{}); err != nil {
		t.Errorf("at the limit: got %v", err)
	}
	if err := UnmarshalTagged(data, len(data)-1, 18, &sample{}); !errors.Is(err, ErrNotCanonical) {
		t.Errorf("over the limit: got %v, want ErrNotCanonical", err)
	}
}
