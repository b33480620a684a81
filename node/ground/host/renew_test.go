package host

import (
	"bytes"
	"crypto/hpke"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
)

const day = 24 * time.Hour

var began = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func nobody(uint64) bool    { return false }
func everybody(uint64) bool { return true }

func renew(t *testing.T, h *Host, known func(uint64) bool) {
	t.Helper()
	if err := h.RenewKeys(t.Context(), known); err != nil {
		t.Fatal(err)
	}
}

// sets walks the ledger's key sets from the pin.
func sets(t *testing.T, h *Host, pin trust.Pin) []trust.KeySet {
	t.Helper()
	signed, err := h.KeySets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	walked, err := trust.Walk(pin, signed)
	if err != nil {
		t.Fatal(err)
	}
	return walked
}

func pinOf(t *testing.T, h *Host) trust.Pin {
	t.Helper()
	pin, err := h.Pin()
	if err != nil {
		t.Fatal(err)
	}
	return pin
}

// kept is a receipt that a client kept, with the preimage of the payload.
type kept struct{ receipt, preimage []byte }

func keep(t *testing.T, h *Host, index uint64) kept {
	t.Helper()
	receipt, err := h.Receipt(t.Context(), index)
	if err != nil {
		t.Fatal(err)
	}
	k := kept{receipt: receipt}
	if err := h.View(t.Context(), func(r *state.Reader) (err error) { k.preimage, err = h.Preimage(r, index); return err }); err != nil {
		t.Fatal(err)
	}
	return k
}

func (k kept) verify(t *testing.T, pin trust.Pin, what string) {
	t.Helper()
	if v, err := ledger.VerifyReceipt(k.receipt, k.preimage, pin); err != nil || string(v.Payload.Payload) != village {
		t.Errorf("%s: %v", what, err)
	}
}

// sent holds a message by the jurisdiction and an encapsulation to it, both of one day.
type sent struct {
	at   time.Time
	from envelope.Envelope
	key  [sha256.Size]byte
	enc  []byte
}

func send(t *testing.T, h *Host, newest trust.KeySet) sent {
	t.Helper()
	s := sent{at: h.now(), key: sha256.Sum256(newest.DecryptionKey)}
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	parent, _ := h.name.Parent()
	s.from, err = envelope.Seal(envelope.Draft{ContentType: envelope.RequestType, Content: []byte(village), Header: envelope.Header{
		ID: id, Kind: envelope.Request, Origin: h.name, Destination: parent, Issued: s.at, Expires: s.at.Add(30 * day),
	}}, h.Signer(), nil)
	if err != nil {
		t.Fatal(err)
	}
	public, err := hpke.MLKEM768X25519().NewPublicKey(newest.DecryptionKey)
	if err != nil {
		t.Fatal(err)
	}
	if s.enc, _, err = hpke.NewSender(public, hpke.HKDFSHA256(), hpke.AES256GCM(), nil); err != nil {
		t.Fatal(err)
	}
	return s
}

// arrives reads the message and the encapsulation at the end of their life.
func (s sent) arrives(t *testing.T, h *Host, by []trust.KeySet) {
	t.Helper()
	if _, err := envelope.Open(s.from, trust.Always(by...), nil, s.at.Add(29*day)); err != nil {
		t.Errorf("a message of %s by us: %v", s.at.Format(time.DateOnly), err)
	}
	if _, err := h.Decapsulate(s.key, s.enc, nil); err != nil {
		t.Errorf("a message of %s to us: %v", s.at.Format(time.DateOnly), err)
	}
}

// TestTenYears runs one jurisdiction for ten years, with one look at its keys a day, neighbours
// that are slow or away for weeks, and restarts at any moment. It checks that a key set is
// published before it is used, that every certificate in use is in force, that every message can be
// read for as long as it lives, and that every receipt verifies from the pin of the first day.
func TestTenYears(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	clock := &setClock{at: began}
	dir := t.TempDir()
	h := openWith(t, dir, clock.now, 0)
	defer func() { h.Close() }()
	pin := pinOf(t, h)
	add(t, h)
	receipts := []kept{keep(t, h, 1)}
	first := uint64(1) // the index of an entry that is proved anew again and again
	var letters []sent
	const longest = 1 // UseAfter is less than the day between two looks
	published, slow, waited := map[uint64]int{1: 0}, 0, 0
	known := func(d int) func(uint64) bool {
		return func(n uint64) bool { return d-published[n] >= slow }
	}
	before := sets(t, h, pin)
	for d := range 3653 {
		clock.set(began.Add(time.Duration(d) * day))
		inUse := h.authority.InUse()
		renew(t, h, func(n uint64) bool {
			if _, ok := published[n]; !ok {
				published[n], slow = d, random.IntN(20)
			}
			return known(d)(n)
		})
		all := before
		if signed, err := h.KeySets(t.Context()); err != nil || len(signed) != len(before) {
			all = sets(t, h, pin)
			if len(all) != len(before)+1 || all[len(before)-1].Hash() != before[len(before)-1].Hash() {
				t.Fatalf("day %d: number %d after number %d, %v", d, len(all), len(before), err)
			}
		}
		if now := h.authority.InUse(); now != inUse {
			age := d - published[now]
			if now != inUse+1 || age < min(slow, longest) || age > longest {
				t.Errorf("day %d: number %d is used %d days after it was published, known after %d", d, now, age, slow)
			}
			waited = max(waited, age)
		}
		if h.authority.Ended(clock.now()) || h.authority.Check(all[h.authority.InUse()-1]) != nil || len(all)-int(h.authority.InUse()) > 1 {
			t.Fatalf("day %d: number %d of %d is in use", d, h.authority.InUse(), len(all))
		}
		before = all
		if d%9 == 0 {
			letters = append(letters, send(t, h, all[len(all)-1]))
		}
		for len(letters) > 0 && clock.now().Sub(letters[0].at) >= 29*day {
			letters[0].arrives(t, h, all)
			letters = letters[1:]
		}
		if random.IntN(120) == 0 {
			if err := h.Close(); err != nil {
				t.Fatal(err)
			}
			h = openWith(t, dir, clock.now, 0)
			if pinOf(t, h) != pin {
				t.Fatalf("day %d: another pin", d)
			}
		}
		if d%200 == 50 {
			add(t, h)
			receipts = append(receipts, keep(t, h, entryCount(t, h)-1), keep(t, h, first))
		}
	}
	for i, r := range receipts {
		r.verify(t, pin, fmt.Sprintf("receipt %d of %d", i+1, len(receipts)))
	}
	checkRotated(t, before)
	if waited != longest {
		t.Errorf("the slowest key set was used after %d days: no neighbour was slow enough for this test", waited)
	}
}

// checkRotated checks that no two key sets have one number or one signing key, that every CA and
// decryption key was replaced, and that the log key never was.
func checkRotated(t *testing.T, all []trust.KeySet) {
	t.Helper()
	signing, cas, decryption := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i, k := range all {
		own := k.Replicas[0]
		signing[string(own.SigningCert)], cas[string(own.CACert)], decryption[string(k.DecryptionKey)] = true, true, true
		if k.Number != uint64(i+1) || !bytes.Equal(own.LogKey, all[0].Replicas[0].LogKey) {
			t.Errorf("key set %d of %d has number %d, or another log key", i+1, len(all), k.Number)
		}
	}
	if len(all) < 20 || len(all) > 21 || len(signing) != len(all) || len(cas) < 2 || len(cas) > 3 || len(decryption) < 10 || len(decryption) > 11 {
		t.Errorf("%d key sets, %d signing keys, %d CAs, %d decryption keys in ten years", len(all), len(signing), len(cas), len(decryption))
	}
}

// TestRenewKeysGoesOn checks that after a crash at any step the next call goes on, and never makes
// two key sets (S7).
func TestRenewKeysGoesOn(t *testing.T) {
	clock := &setClock{at: began}
	dir := t.TempDir()
	h := openWith(t, dir, clock.now, 0)
	defer func() { h.Close() }()
	pin := pinOf(t, h)
	restart := func() {
		t.Helper()
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		h = openWith(t, dir, clock.now, 0)
	}
	look := func(what string, number, inUse uint64) {
		t.Helper()
		for range 2 {
			if all := sets(t, h, pin); uint64(len(all)) != number || h.authority.InUse() != inUse {
				t.Errorf("%s: %d key sets, number %d in use; want %d, %d", what, len(all), h.authority.InUse(), number, inUse)
			}
			restart()
		}
	}
	renew(t, h, everybody)
	look("nothing is due", 1, 1)
	clock.set(began.Add(183 * day))
	made, due, err := h.authority.Next(sets(t, h, pin)[0], began, clock.now(), authority.Due)
	if err != nil || !due {
		t.Fatal(due, err)
	}
	look("made, not published", 1, 1)
	renew(t, h, nobody)
	renew(t, h, nobody)
	look("published, not known", 2, 1)
	if got := sets(t, h, pin)[1]; got.Hash() != made.Hash() {
		t.Error("what was published is not what was made before the crash")
	}
	clock.set(clock.now().Add(UseAfter - time.Second))
	renew(t, h, nobody)
	look("known to nobody for almost as long as it waits", 2, 1)
	clock.set(clock.now().Add(time.Second))
	renew(t, h, nobody)
	look("after that", 2, 2)
	clock.set(clock.now().Add(183 * day))
	renew(t, h, nobody)
	look("the next is due", 3, 2)
	renew(t, h, func(n uint64) bool { return n < 3 })
	look("neighbours know the one before", 3, 2)
	renew(t, h, everybody)
	look("known to all", 3, 3)
}

// TestKeysUnderAWrongClock checks that no key set is made, published or used by a clock that is too
// far behind the ledger (S10), and that by one that was corrected keys are dated by the clock.
func TestKeysUnderAWrongClock(t *testing.T) {
	clock := &setClock{at: began}
	dir := t.TempDir()
	h := openWith(t, dir, clock.now, 0)
	defer h.Close()
	clock.set(began.Add(200 * day))
	add(t, h)
	files := func() int {
		entries, err := os.ReadDir(filepath.Join(dir, certsFolder))
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	before := files()
	clock.set(began.Add(196 * day))
	_, wrong := errors.AsType[*ClockError](h.RenewKeys(t.Context(), everybody))
	if !wrong || files() != before || h.authority.InUse() != 1 || len(sets(t, h, pinOf(t, h))) != 1 {
		t.Errorf("under a clock that is four days behind: refused %t, %d files, %d in use", wrong, files()-before, h.authority.InUse())
	}
	clock.set(began.Add(199 * day))
	renew(t, h, everybody)
	signing, err := x509.ParseCertificate(h.Signer().SigningCert())
	if err != nil || h.authority.InUse() != 2 || !signing.NotBefore.Equal(began.Add(199*day-authority.Backdated)) {
		t.Errorf("number %d in use, its certificate from %v, %v: want it from the clock", h.authority.InUse(), signing.NotBefore, err)
	}
}

// TestOffForYears checks that keys that ended while the machine was off are renewed before they
// sign anything, also where the next key set had been made or published, and has ended too.
func TestOffForYears(t *testing.T) {
	for what, row := range map[string]struct {
		begin func(h *Host, at time.Time) error
		want  uint64
	}{
		"nothing was due": {func(*Host, time.Time) error { return nil }, 2},
		"one was made": {func(h *Host, at time.Time) error {
			_, _, err := h.authority.Next(sets(t, h, pinOf(t, h))[0], began, at, authority.Due)
			return err
		}, 3},
		"one was published": {func(h *Host, _ time.Time) error { return h.RenewKeys(t.Context(), nobody) }, 3},
	} {
		clock := &setClock{at: began}
		dir := t.TempDir()
		h := openWith(t, dir, clock.now, 0)
		pin := pinOf(t, h)
		add(t, h)
		clock.set(began.Add(183 * day))
		if err := errors.Join(row.begin(h, clock.now()), h.Close()); err != nil {
			t.Fatal(what, err)
		}
		clock.set(began.Add(11 * 365 * day))
		h = openWith(t, dir, clock.now, 0)
		if h.authority.Ended(clock.now()) || h.authority.InUse() != row.want {
			t.Errorf("%s: number %d is in use, ended: %t", what, h.authority.InUse(), h.authority.Ended(clock.now()))
		}
		add(t, h)
		keep(t, h, 1).verify(t, pin, what+": from before")
		keep(t, h, entryCount(t, h)-1).verify(t, pin, what+": from after")
		if err := h.Close(); err != nil {
			t.Fatal(what, err)
		}
	}
}

// TestUsedBeforeTheEnd checks that a key set that is published late is used in the last hour of the
// keys in use, although no neighbour knows it.
func TestUsedBeforeTheEnd(t *testing.T) {
	clock := &setClock{at: began}
	h := openWith(t, t.TempDir(), clock.now, 0)
	defer h.Close()
	ends := began.Add(authority.SigningTerm)
	for _, row := range []struct {
		before time.Duration
		want   uint64
	}{{UseBefore + UseAfter/2, 1}, {UseBefore, 1}, {UseBefore - UseAfter/4, 2}} {
		clock.set(ends.Add(-row.before))
		renew(t, h, nobody)
		if got := h.authority.InUse(); got != row.want {
			t.Errorf("%s before the end: number %d is in use, want %d", row.before, got, row.want)
		}
	}
}

// TestSignaturesOutliveRotation checks that a signature by a former certificate verifies by all key
// sets together, and not by a single key set that does not list the certificate (S11).
func TestSignaturesOutliveRotation(t *testing.T) {
	clock := &setClock{at: began}
	h := openWith(t, t.TempDir(), clock.now, 0)
	defer h.Close()
	pin := pinOf(t, h)
	add(t, h)
	old := keep(t, h, 1)
	clock.set(began.Add(183 * day))
	letter := send(t, h, sets(t, h, pin)[0])
	renew(t, h, everybody)
	both := sets(t, h, pin)
	if len(both) != 2 || h.authority.InUse() != 2 {
		t.Fatalf("%d key sets, number %d in use", len(both), h.authority.InUse())
	}
	letter.arrives(t, h, both)
	if _, err := envelope.Open(letter.from, trust.Always(both[1:]...), nil, clock.now()); !errors.Is(err, envelope.ErrUnknownKey) {
		t.Errorf("by number 2 alone: got %v, want ErrUnknownKey", err)
	}
	send(t, h, both[1]).arrives(t, h, both)
	old.verify(t, pin, "the receipt from before")
	renewed := keep(t, h, 1)
	renewed.verify(t, pin, "a new receipt of the entry from before")
	renewed.verify(t, both[1].Pin(), "the same, by somebody who pins number 2")
}

// TestRevokedWhileAnotherWaits revokes keys whose successor is published and not in use, or is made
// and not published. Nothing that was on the machine before is in the last key set, a restart goes
// on, what was encrypted to the ones that were never used is read, and the newest is used at once.
func TestRevokedWhileAnotherWaits(t *testing.T) {
	for what, row := range map[string]struct {
		begin func(h *Host, at time.Time) error
		want  int // key sets
	}{
		"nothing waits": {func(*Host, time.Time) error { return nil }, 2},
		"one was made": {func(h *Host, at time.Time) error {
			_, _, err := h.authority.Next(sets(t, h, pinOf(t, h))[0], began, at, authority.Wanted)
			return err
		}, 3},
		"one was published":    {func(h *Host, _ time.Time) error { return h.RenewKeys(t.Context(), nobody) }, 3},
		"one was revoked, too": {func(h *Host, _ time.Time) error { return errors.Join(h.RenewKeys(t.Context(), nobody), revoke(t, h)) }, 4},
	} {
		clock := &setClock{at: began}
		dir := t.TempDir()
		h := openWith(t, dir, clock.now, 0)
		clock.set(began.Add(183 * day))
		if err := errors.Join(row.begin(h, clock.now()), revoke(t, h), h.Close()); err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		h = openWith(t, dir, clock.now, 0)
		all := sets(t, h, pinOf(t, h))
		last := all[len(all)-1]
		for _, k := range all[:len(all)-1] {
			own, its := last.Replicas[0], k.Replicas[0]
			if bytes.Equal(own.CACert, its.CACert) || bytes.Equal(own.SigningCert, its.SigningCert) || bytes.Equal(last.DecryptionKey, k.DecryptionKey) {
				t.Errorf("%s: the last key set has a key of number %d", what, k.Number)
			}
		}
		letters := make([]sent, len(all))
		for i, k := range all {
			letters[i] = send(t, h, k)
		}
		renew(t, h, nobody)
		if len(all) != row.want || !last.Revokes || h.authority.InUse() != last.Number {
			t.Errorf("%s: %d key sets, number %d in use; want %d", what, len(all), h.authority.InUse(), row.want)
		}
		if err := h.Close(); err != nil {
			t.Fatal(what, err)
		}
		h = openWith(t, dir, clock.now, 0)
		for _, l := range letters {
			l.arrives(t, h, all)
		}
		if err := h.Close(); err != nil {
			t.Fatal(what, err)
		}
	}
}

func revoke(t *testing.T, h *Host) error {
	t.Helper()
	id, err := identity.NewMessage()
	if err == nil {
		_, err = h.NewKeys(t.Context(), id, Change{Revoke: true})
	}
	return err
}

// TestForeignKeys checks that a folder with keys of another ledger, or of another time, is refused
// with the reason.
func TestForeignKeys(t *testing.T) {
	clock := &setClock{at: began}
	dir, other := t.TempDir(), t.TempDir()
	h := openWith(t, dir, clock.now, 0)
	copyOf := func(from string) string {
		to := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		return to
	}
	if err := openWith(t, other, clock.now, 0).Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	older := []string{copyOf(dir)} // by the number that was the newest then
	for n := range 2 {
		clock.set(began.Add(time.Duration(n+1) * 184 * day))
		h = openWith(t, dir, clock.now, 0)
		renew(t, h, everybody)
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		older = append(older, copyOf(dir))
	}
	if pin, err := Create(dir, h.name, clock.now(), 1); err != nil || pin != pinOf(t, h) {
		t.Errorf("created again: got pin %s, %v, want %s", pin, err, pinOf(t, h))
	}
	mixed := func(ledger, certs string) string {
		to := copyOf(ledger)
		if err := errors.Join(os.RemoveAll(filepath.Join(to, certsFolder)), os.CopyFS(filepath.Join(to, certsFolder), os.DirFS(filepath.Join(certs, certsFolder)))); err != nil {
			t.Fatal(err)
		}
		return to
	}
	o := Options{Registry: testRegistry(), Logger: h.logger, Now: clock.now}
	for what, row := range map[string]struct{ dir, want string }{
		"another tree's keys":          {mixed(older[0], other), "another log key"},
		"a ledger from before":         {mixed(older[0], older[1]), "number 2 is in use here, the ledger has 1"},
		"keys from long before":        {mixed(dir, older[0]), "number 1 is in use here, the ledger has 3"},
		"keys from just before":        {mixed(dir, older[1]), "what number 3 lists"},
		"keys from before the renewal": {mixed(older[1], older[0]), "what number 2 lists"},
	} {
		_, err := Open(t.Context(), row.dir, h.name, o)
		if !errors.Is(err, authority.ErrOtherKeys) || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), certsFolder) {
			t.Errorf("%s: got %v, want %q", what, err, row.want)
		}
	}
}
