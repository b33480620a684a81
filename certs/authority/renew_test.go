package authority

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"xietong/certs/trust"
)

const day = 24 * time.Hour

// first creates an authority and returns it with its first key set.
func first(t *testing.T, dir string) (*Authority, trust.KeySet) {
	t.Helper()
	j, r := names(t)
	a, err := Create(dir, j, r, now)
	if err != nil {
		t.Fatal(err)
	}
	signed, pin, err := a.FirstKeySet(1)
	if err != nil {
		t.Fatal(err)
	}
	sets, err := trust.Walk(pin, [][]byte{signed})
	if err != nil {
		t.Fatal(err)
	}
	return a, sets[0]
}

func reopen(t *testing.T, dir string) *Authority {
	t.Helper()
	j, r := names(t)
	a, err := Open(dir, j, r)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// due calls Next, fails the test unless a key is due, and checks that the new key set follows
// newest.
func due(t *testing.T, a *Authority, newest trust.KeySet, since, at time.Time) trust.KeySet {
	t.Helper()
	next, due, err := a.Next(newest, since, at, Due)
	if err != nil || !due {
		t.Fatalf("next at %s: due %t, %v", at, due, err)
	}
	hash := newest.Hash()
	if next.Number != newest.Number+1 || !bytes.Equal(next.Previous, hash[:]) || !bytes.Equal(next.Replicas[0].LogKey, newest.Replicas[0].LogKey) {
		t.Errorf("number %d does not follow number %d", next.Number, newest.Number)
	}
	return next
}

func use(t *testing.T, a *Authority, k trust.KeySet, at time.Time) {
	t.Helper()
	if err := a.Use(k, at); err != nil {
		t.Fatal(err)
	}
	if err := a.Check(k); err != nil || a.InUse() != k.Number {
		t.Errorf("number %d is in use, %v", a.InUse(), err)
	}
}

func cert(t *testing.T, der []byte) *x509.Certificate {
	t.Helper()
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// reads reports whether a message that was encrypted to the key set can be read.
func reads(t *testing.T, a *Authority, k trust.KeySet) bool {
	t.Helper()
	public, err := hpke.MLKEM768X25519().NewPublicKey(k.DecryptionKey)
	if err != nil {
		t.Fatal(err)
	}
	enc, _, err := hpke.NewSender(public, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte("test"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.Decapsulate(sha256.Sum256(k.DecryptionKey), enc, []byte("test"))
	if err != nil && !errors.Is(err, ErrNotOurKey) {
		t.Error(err)
	}
	return err == nil
}

// TestWhatIsDue checks over eleven years when each key is renewed, and that new certificates begin
// early (S10).
func TestWhatIsDue(t *testing.T) {
	a, k := first(t, t.TempDir())
	since, used := now, 0
	var cas, decryptions []int // days at which they were renewed
	for d := 1; d < 11*365; d++ {
		at := now.Add(time.Duration(d) * day)
		next, due, err := a.Next(k, since, at, Due)
		if err != nil {
			t.Fatal(err)
		}
		if !due {
			continue
		}
		if got := d - used; got < 182 || got > 184 {
			t.Errorf("number %d: %d days after the one before, want half a year", next.Number, got)
		}
		own := next.Replicas[0]
		signing, ca := cert(t, own.SigningCert), cert(t, own.CACert)
		if at.Sub(signing.NotBefore) != Backdated || !signing.NotAfter.Equal(at.Add(SigningTerm)) {
			t.Errorf("number %d: signing certificate from %s to %s, made at %s", next.Number, signing.NotBefore, signing.NotAfter, at)
		}
		if err := signing.CheckSignatureFrom(ca); err != nil || signing.NotAfter.After(ca.NotAfter) {
			t.Errorf("number %d: %v; the CA ends %s", next.Number, err, ca.NotAfter)
		}
		if !bytes.Equal(own.CACert, k.Replicas[0].CACert) {
			cas = append(cas, d)
		}
		if !bytes.Equal(next.DecryptionKey, k.DecryptionKey) {
			decryptions, since = append(decryptions, d), at
		}
		use(t, a, next, at)
		k, used = next, d
	}
	if len(cas) != 2 || cas[0] < 5*365-30 || cas[0] > 5*365+1 || cas[1] < 10*365-60 || cas[1] > 10*365+2 {
		t.Errorf("the CA was renewed on days %d, want every five years", cas)
	}
	for i, d := range decryptions {
		if want := (i + 1) * 365; d < want-30 || d > want+30 {
			t.Errorf("the decryption key was renewed on days %d, want every year", decryptions)
			break
		}
	}
	if len(decryptions) != 10 {
		t.Errorf("the decryption key was renewed %d times in eleven years", len(decryptions))
	}
}

// TestPublishedBeforeUse holds S7: the keys that Next makes sign and issue nothing until Use, also
// after a restart. The new decryption key can be used at once, the former one for FormerFor.
func TestPublishedBeforeUse(t *testing.T) {
	dir := t.TempDir()
	a, k1 := first(t, dir)
	at := now.Add(5 * 365 * day) // all is due
	source := NewSource(a, func() time.Time { return at })
	issued := func(k trust.KeySet) {
		t.Helper()
		svid, err := source.GetX509SVID()
		if err != nil {
			t.Fatal(err)
		}
		if err := svid.Certificates[0].CheckSignatureFrom(cert(t, k.Replicas[0].CACert)); err != nil {
			t.Errorf("the identity is not of the CA of number %d: %v", k.Number, err)
		}
	}
	issued(k1)
	k2 := due(t, a, k1, now, at)
	own, before := k2.Replicas[0], k1.Replicas[0]
	if bytes.Equal(own.CACert, before.CACert) || bytes.Equal(own.SigningCert, before.SigningCert) || bytes.Equal(k2.DecryptionKey, k1.DecryptionKey) {
		t.Error("not all was renewed after five years")
	}
	issued(k1)
	former := a.Signer()
	if a.Check(k1) != nil || !bytes.Equal(a.SigningCert(), before.SigningCert) || !reads(t, a, k1) || !reads(t, a, k2) {
		t.Error("after Next: number 1 is not what is in use, or a message cannot be read")
	}
	a = reopen(t, dir)
	source.authority = a
	if a.Check(k1) != nil || !reads(t, a, k1) || !reads(t, a, k2) {
		t.Error("after a restart: number 1 is not what is in use, or a message cannot be read")
	}
	use(t, a, k2, at)
	issued(k2) // at once, not at half the life of the one before
	for _, a := range []*Authority{a, reopen(t, dir)} {
		signer := a.Signer()
		message := []byte("statement")
		if !bytes.Equal(signer.SigningCert(), own.SigningCert) ||
			!ed25519.Verify(cert(t, own.SigningCert).PublicKey.(ed25519.PublicKey), message, signer.SignStatement(message)) {
			t.Error("what is signed after Use does not fit number 2")
		}
		if !reads(t, a, k1) || !reads(t, a, k2) {
			t.Error("after Use: a message cannot be read")
		}
	}
	if !ed25519.Verify(cert(t, former.SigningCert()).PublicKey.(ed25519.PublicKey), nil, former.SignStatement(nil)) {
		t.Error("a signer that was asked for before Use signs under another certificate than it tells")
	}
	if err := a.Use(k1, at); !errors.Is(err, ErrOtherKeys) {
		t.Errorf("number 1 after number 2: got %v, want ErrOtherKeys", err)
	}
	for _, step := range []struct {
		after time.Duration
		want  bool
	}{{FormerFor - time.Second, true}, {FormerFor, false}} {
		if err := a.Forget(at.Add(step.after)); err != nil {
			t.Fatal(err)
		}
		_, err := os.Stat(filepath.Join(dir, decryptionKeyFile))
		if got := reads(t, a, k1); got != step.want || (err == nil) != step.want || reads(t, reopen(t, dir), k1) != step.want {
			t.Errorf("%s after Use: a message to the former key is read: %t; its file: %v", step.after, got, err)
		}
	}
	if !reads(t, a, k2) {
		t.Error("the key in use was forgotten")
	}
}

// TestTogether: a key that is due within the month is renewed together with another one; a key that
// is due later is not. A decision stays, even if more keys are due at a second call.
func TestTogether(t *testing.T) {
	at := now.Add(183 * day)
	for _, row := range []struct {
		in   time.Duration // when the decryption key is due
		want bool
	}{{29 * day, true}, {31 * day, false}} {
		dir := t.TempDir()
		a, k1 := first(t, dir)
		since := at.Add(row.in - DecryptionTerm)
		k2 := due(t, a, k1, since, at)
		if got := !bytes.Equal(k1.DecryptionKey, k2.DecryptionKey); got != row.want {
			t.Errorf("due in %s: renewed %t", row.in, got)
		}
		if again := due(t, reopen(t, dir), k1, since, now.Add(6*365*day)); again.Hash() != k2.Hash() {
			t.Errorf("due in %s: years later it is another key set", row.in)
		}
	}
}

// TestUseWhileSigning: statements and identities that are made while the keys are renewed fit their
// certificates.
func TestUseWhileSigning(t *testing.T) {
	a, k := first(t, t.TempDir())
	source := NewSource(a, func() time.Time { return now })
	stop := make(chan struct{})
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for done := false; !done; {
				select {
				case <-stop:
					done = true
				default:
				}
				s := a.Signer()
				if !ed25519.Verify(cert(t, s.SigningCert()).PublicKey.(ed25519.PublicKey), []byte("x"), s.SignStatement([]byte("x"))) {
					t.Error("a statement does not fit its certificate")
				}
				if _, err := source.GetX509SVID(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for n := range 5 { // five years each, so that the CA is renewed too
		at := now.Add(time.Duration(n+1) * 5 * 365 * day)
		next := due(t, a, k, at.Add(-DecryptionTerm), at)
		use(t, a, next, at)
		k = next
	}
	close(stop)
	workers.Wait()
}

// snapshot returns the files of a folder.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(data)
	}
	return files
}

// restore makes a folder with the files.
func restore(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestRenewalIsInterrupted: the same calls repair a crash after any file that a renewal makes,
// removes or writes by half, and no key is made twice (S12).
func TestRenewalIsInterrupted(t *testing.T) {
	at := now.Add(5 * 365 * day)
	dir := t.TempDir()
	a, k1 := first(t, dir)
	before := snapshot(t, dir)
	k2 := due(t, a, k1, now, at)
	made := snapshot(t, dir)
	use(t, a, k2, at)
	used := snapshot(t, dir)
	order := []string{"decryption-2.key", "ca-2.key", "ca-2.crt", "signing-2.key", "signing-2.crt"}
	if len(made) != len(before)+len(order) {
		t.Fatalf("Next made %d files, want %s", len(made)-len(before), order)
	}
	for n := range len(order) + 1 {
		files := map[string]string{}
		for name, data := range made {
			if i := slices.Index(order, name); i < n {
				files[name] = data
			}
		}
		if n < len(order) {
			files[order[n]+".new"] = made[order[n]][:20]
		}
		dir := restore(t, files)
		a := reopen(t, dir)
		later := at.Add(40 * day)
		next := due(t, a, k1, now, later)
		again := due(t, reopen(t, dir), k1, now, later.Add(day))
		if next.Hash() != again.Hash() || (next.Hash() == k2.Hash()) != (n == len(order)) {
			t.Errorf("after %d files: the key set is not the one that was begun", n)
		}
		for _, name := range order[:n] {
			if snapshot(t, dir)[name] != made[name] {
				t.Errorf("after %d files: %s was made anew", n, name)
			}
		}
		use(t, a, next, later)
		reopen(t, dir)
	}
	backwards := map[string]string{} // the CA was due when it was made; by a clock that was set back since, it is not
	for name, data := range made {
		if !strings.HasPrefix(name, "signing-2.") {
			backwards[name] = data
		}
	}
	next := due(t, reopen(t, restore(t, backwards)), k1, now, now.Add(183*day))
	if !bytes.Equal(next.Replicas[0].CACert, k2.Replicas[0].CACert) || !bytes.Equal(next.DecryptionKey, k2.DecryptionKey) {
		t.Error("what was begun was left out")
	}
	for what, row := range map[string]struct {
		extra map[string]string // beside the files before Use
		want  uint64
	}{
		"half the journal": {map[string]string{journalFile + ".new": used[journalFile][:7]}, 1},
		"the journal":      {map[string]string{journalFile: used[journalFile]}, 2},
	} {
		dir := restore(t, made)
		for name, data := range row.extra {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		a := reopen(t, dir)
		if a.InUse() != row.want {
			t.Errorf("%s: number %d is in use, want %d", what, a.InUse(), row.want)
		}
		use(t, a, k2, at)
		if got := snapshot(t, dir); len(got) != len(used) || got[journalFile] != used[journalFile] {
			t.Errorf("%s: files %d, want %d", what, len(got), len(used))
		}
	}
	delete(used, decryptionKeyFile) // Forget had removed it, and had not written the journal
	dir = restore(t, used)
	a = reopen(t, dir)
	if err := a.Forget(at.Add(FormerFor)); err != nil || len(a.journal.Former) != 0 || len(reopen(t, dir).journal.Former) != 0 {
		t.Errorf("forget again: %v, %+v", err, a.journal)
	}
}

// TestOtherKeys: the keys of another key set, and a malformed journal, are refused and not used.
func TestOtherKeys(t *testing.T) {
	at := now.Add(183 * day)
	dir := t.TempDir()
	a, k1 := first(t, dir)
	_, foreign := first(t, t.TempDir())
	k2 := due(t, a, k1, now, at)
	noSigning, noDecryption := k2, k2
	noSigning.Replicas = slices.Clone(k2.Replicas)
	noSigning.Replicas[0].SigningCert = foreign.Replicas[0].SigningCert
	noDecryption.DecryptionKey = foreign.DecryptionKey
	for what, k := range map[string]trust.KeySet{"another log key": foreign, "another signing key": noSigning, "another decryption key": noDecryption} {
		k.Number = 2
		if err := a.Use(k, at); !errors.Is(err, ErrOtherKeys) || a.InUse() != 1 {
			t.Errorf("%s: got %v, number %d in use", what, err, a.InUse())
		}
	}
	if _, _, err := a.Next(k2, now, at, Due); !errors.Is(err, ErrOtherKeys) {
		t.Errorf("next after what is not in use: got %v, want ErrOtherKeys", err)
	}
	use(t, a, k2, at)
	if _, _, err := a.FirstKeySet(1); err == nil {
		t.Error("a first key set was made of later keys")
	}
	j, r := names(t)
	if b, err := Create(dir, j, r, at); err != nil || b.Check(k2) != nil || len(snapshot(t, dir)) != 8 {
		t.Errorf("create after a renewal: %v, %d files", err, len(snapshot(t, dir)))
	}
	for _, bad := range []string{"", "\x80", snapshot(t, dir)[journalFile] + "\x00", strings.Replace(snapshot(t, dir)[journalFile], "xietong", "XIETONG", 1)} {
		files := snapshot(t, dir)
		files[journalFile] = bad
		if _, err := Open(restore(t, files), j, r); err == nil {
			t.Errorf("%q was taken for a journal", bad)
		}
	}
}

// TestNothingPrivateLeaves looks for the private keys in everything that the room returns, writes
// in clear or prints (S12).
func TestNothingPrivateLeaves(t *testing.T) {
	dir := t.TempDir()
	a, k1 := first(t, dir)
	at := now.Add(5 * 365 * day)
	secrets := map[string][]byte{}
	collect := func() {
		for name := range snapshot(t, dir) {
			path := filepath.Join(dir, name)
			info, err := os.Stat(path)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: mode %v, %v", name, info.Mode().Perm(), err)
			}
			if filepath.Ext(name) != ".key" {
				continue
			}
			if strings.HasPrefix(name, "decryption") {
				secrets[name], err = readBlock(path, hpkePEM)
			} else if key, e := readSigner(path); e == nil {
				switch key := key.(type) {
				case ed25519.PrivateKey:
					secrets[name] = key.Seed()
				case *ecdsa.PrivateKey:
					secrets[name], err = key.Bytes()
				}
			}
			if err != nil || len(secrets[name]) == 0 {
				t.Fatal(name, err)
			}
		}
	}
	collect()
	k2 := due(t, a, k1, now, at)
	collect()
	signed, err := trust.Assemble(k2, []trust.Signature{a.SignKeySet(k2)})
	if err != nil {
		t.Fatal(err)
	}
	use(t, a, k2, at)
	if len(secrets) != 7 {
		t.Errorf("looked for %d keys, want 7", len(secrets))
	}
	j, r := names(t)
	files := snapshot(t, dir)
	delete(files, "signing-2.crt")
	_, failed := Open(restore(t, files), j, r)
	said := string(signed) + snapshot(t, dir)[journalFile] + string(a.SigningCert()) + failed.Error() +
		fmt.Sprintf("%v %+v %#v %s %d %x", a, a, a, a, a, a) + fmt.Sprintf("%v %+v %#v %s %d %x", a.Signer(), a.Signer(), a.Signer(), a.Signer(), a.Signer(), a.Signer())
	for name, secret := range secrets {
		for _, form := range []string{string(secret), fmt.Sprintf("%x", secret), strings.Trim(fmt.Sprint(secret), "[]")} {
			if strings.Contains(said, form) {
				t.Errorf("%s was given away", name)
			}
		}
	}
}
