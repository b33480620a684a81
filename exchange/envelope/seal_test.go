package envelope

import (
	"bytes"
	"crypto/hpke"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestLengthTellsASizeOnly sweeps contents of 200 to 2,000 bytes: with the encapsulation whole and
// by reference, the length of a frame is that of its bucket, and buckets are an eighth apart.
func TestLengthTellsASizeOnly(t *testing.T) {
	city, county := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou")
	whole, referring := map[int][]int{}, map[int][]int{}
	for n := 200; n <= 2000; n++ {
		e := seal(t, draft(t, city, county, strings.Repeat("x", n)), city, county.to)
		if want := padded(headLen + n + tagLen); e.Header().Size != want {
			t.Fatalf("%d bytes: a size of %d, want %d", n, e.Header().Size, want)
		}
		for _, in := range []struct {
			at map[int][]int
			e  Envelope
		}{{whole, e}, {referring, e.ByReference()}} {
			data, err := in.e.Encode()
			if err != nil {
				t.Fatal(err)
			}
			in.at[len(data)] = append(in.at[len(data)], n)
		}
	}
	for what, lengths := range map[string]map[int][]int{"whole": whole, "by reference": referring} {
		if len(lengths) > 26 {
			t.Errorf("%s: %d lengths tell 1801 contents apart", what, len(lengths))
		}
		for length, of := range lengths {
			if first, last := padded(headLen+of[0]+tagLen), padded(headLen+of[len(of)-1]+tagLen); first != last {
				t.Errorf("%s: frames of %d bytes hold contents of %d to %d bytes", what, length, of[0], of[len(of)-1])
			}
		}
	}
	for n := 1; n < MaxFrame; n++ {
		size := padded(n)
		if size < n || size < minSealed || n > minSealed && size-n >= (n+7)/8 || padded(size) != size {
			t.Fatalf("%d bytes are padded to %d", n, size)
		}
	}
}

// TestSnapshotOfAnAsker copies an asker while it runs (S28): both copies encrypt another text under
// the same encapsulation, id, time and salt. No key serves for both.
func TestSnapshotOfAnAsker(t *testing.T) {
	city, county := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou")
	first := draft(t, city, county, "the first secret of the asker")
	second := first
	second.Content = []byte("another secret under that id.")
	salt := make([]byte, saltLen)
	sealed := func(d Draft) (text, cipher []byte) {
		e, err := sealSalted(d, city, county.to, salt)
		if err != nil {
			t.Fatal(err)
		}
		return plain(salt, d.Content, e.header.Size-tagLen), e.body[:e.header.Size-tagLen]
	}
	firstText, firstBody := sealed(first)
	secondText, secondBody := sealed(second)
	subtle.XORBytes(firstText, firstText, secondText)
	subtle.XORBytes(firstBody, firstBody, secondBody)
	if bytes.Equal(firstText, firstBody) {
		t.Error("two messages have one key: the ciphertexts tell where the texts differ")
	}
}

// TestEncapsulationsOfAnHour checks that one encapsulation serves for an hour of messages.
func TestEncapsulationsOfAnHour(t *testing.T) {
	city, county := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou")
	clock := now
	to, err := NewRecipient(county.sets[0].DecryptionKey, func() time.Time { return clock })
	if err != nil {
		t.Fatal(err)
	}
	enc := func() []byte { return seal(t, draft(t, city, county, village), city, to).Encapsulation() }
	first := enc()
	clock = clock.Add(59 * time.Minute)
	second := enc()
	clock = clock.Add(time.Minute)
	if third := enc(); !bytes.Equal(first, second) || bytes.Equal(second, third) {
		t.Error("an encapsulation is for an hour")
	}
}

// counting counts decapsulations; each waits until it may go on.
type counting struct {
	Decapsulator
	n    atomic.Int32
	gate chan struct{}
}

func (c *counting) Decapsulate(key [32]byte, enc, info []byte) (*hpke.Recipient, error) {
	c.n.Add(1)
	if c.gate != nil {
		<-c.gate
	}
	return c.Decapsulator.Decapsulate(key, enc, info)
}

// toward returns a function that seals a message with a new encapsulation.
func (p party) toward(t *testing.T, to party) func() Envelope {
	t.Helper()
	return func() Envelope {
		r, err := NewRecipient(to.sets[0].DecryptionKey, func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		return seal(t, draft(t, p, to, village), p, r)
	}
}

// TestOriginEvictsOnlyItsOwn (S31) has an attacker send a new encapsulation with each message, more
// than are remembered of it: those of others are still held.
func TestOriginEvictsOnlyItsOwn(t *testing.T) {
	city, county, attacker := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou"), newParty(t, "zunyi.guizhou")
	keys := &counting{Decapsulator: county}
	o := NewOpener(keys)
	good, evil := city.toward(t, county)(), attacker.toward(t, county)
	read := func(e Envelope, from party) error {
		_, err := Open(e, from.sets, o, now)
		return err
	}
	if err := errors.Join(read(good, city), read(good.ByReference(), city)); err != nil || keys.n.Load() != 1 {
		t.Fatalf("%d decapsulations, %v", keys.n.Load(), err)
	}
	first := evil()
	if err := read(first, attacker); err != nil {
		t.Fatal(err)
	}
	for range 40 * maxHeld {
		if err := read(evil(), attacker); err != nil {
			t.Fatal(err)
		}
	}
	if err := read(good.ByReference(), city); err != nil {
		t.Errorf("the city's encapsulation after the attack: %v", err)
	}
	if err := read(first.ByReference(), attacker); !errors.Is(err, ErrUnknownEncapsulation) {
		t.Errorf("the attacker's first: got %v, want ErrUnknownEncapsulation", err)
	}
	if n := len(o.held[attacker.Name()]); n != maxHeld || len(o.flights) != 0 {
		t.Errorf("%d remembered of the attacker and %d under way, want %d and none", n, len(o.flights), maxHeld)
	}
	for n := range maxOrigins + 10 {
		o.keep(encapsulation{name: encName{origin: jurisdictionOf(fmt.Sprintf("c%d.guizhou", n))}})
	}
	if len(o.held) != maxOrigins {
		t.Errorf("of %d origins something is remembered, want %d", len(o.held), maxOrigins)
	}
}

// TestHopChangesTheEncapsulation puts other encapsulations, or another's hash, into a message on
// its way. It is refused, and what the reader holds of the origin stays.
func TestHopChangesTheEncapsulation(t *testing.T) {
	city, county, other := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou"), newParty(t, "yunyan.guiyang.guizhou")
	o := NewOpener(county)
	good, foreign := city.toward(t, county)(), other.toward(t, county)()
	_, err := Open(good, city.sets, o, now)
	if _, err2 := Open(foreign, other.sets, o, now); err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	for range 2 * maxHeld {
		bad := good
		bad.encapsulation, bad.reference = city.toward(t, county)().encapsulation, nil
		if _, err := Open(bad, city.sets, o, now); !errors.Is(err, ErrBody) {
			t.Errorf("another encapsulation: got %v, want ErrBody", err)
		}
	}
	bad := good
	bad.encapsulation = foreign.Encapsulation()
	if _, err := Open(bad, city.sets, o, now); !errors.Is(err, ErrUnknownEncapsulation) {
		t.Errorf("the hash of another origin's: got %v, want ErrUnknownEncapsulation", err)
	}
	if _, err := Open(good.ByReference(), city.sets, o, now); err != nil || good.Hash() != good.ByReference().Hash() {
		t.Errorf("the right one afterwards: %v", err)
	}
}

// TestDecapsulationIsShared opens many messages at once: of one encapsulation, one decapsulation is
// made, and while it lasts, messages of others are opened.
func TestDecapsulationIsShared(t *testing.T) {
	city, county, other := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou"), newParty(t, "yunyan.guiyang.guizhou")
	synctest.Test(t, func(t *testing.T) {
		keys := &counting{Decapsulator: county}
		o := NewOpener(keys)
		held := other.toward(t, county)()
		if _, err := Open(held, other.sets, o, now); err != nil {
			t.Fatal(err)
		}
		keys.gate = make(chan struct{})
		e := city.toward(t, county)()
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				if _, err := Open(e, city.sets, o, now); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if _, err := Open(held.ByReference(), other.sets, o, now); err != nil {
			t.Error(err)
		}
		close(keys.gate)
		all.Wait()
		if n := keys.n.Load(); n != 2 {
			t.Errorf("%d decapsulations of two encapsulations", n)
		}
	})
}

// FuzzPlaintext checks that a plaintext that is accepted is the only one of its salt and content.
func FuzzPlaintext(f *testing.F) {
	salt := make([]byte, saltLen)
	f.Add(plain(salt, []byte(village), headLen+len(village)), false)
	f.Add(plain(salt, []byte(village), padded(headLen+len(village)+tagLen)-tagLen), true)
	f.Fuzz(func(t *testing.T, data []byte, encrypted bool) {
		salt, content, err := takeApart(data, encrypted)
		if err == nil && !bytes.Equal(plain(salt, content, len(data)), data) {
			t.Errorf("%x came back otherwise", data)
		}
	})
}
