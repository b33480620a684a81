package authority

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
)

// together is how long before its due time a key is renewed when another key is due. This keeps two
// key sets from following one another closely, so that a neighbour, which trusts the newest key set
// and the one before, always trusts the one in use.
const together = 30 * 24 * time.Hour

// LeastDue is how long the keys of a replica are listed, at the least, before it has others made by
// itself: they were made a while before.
const LeastDue = SigningTerm/2 - together

// ErrOtherKeys is returned when the keys in the folder are not those that the key set lists.
var ErrOtherKeys = errors.New("the keys on this machine do not belong to the key set")

// Reason says why the next key set is made.
type Reason int

// The reasons.
const (
	Due    Reason = iota // a key is due
	Wanted               // an administrator wants a new signing key now
	Revoke               // an administrator wants that nothing of the keys in use counts any more
)

// Next returns the key set that follows newest; made is false where no key of newest is due at now
// and there is no other reason. newest is the key set in use or, for a revocation, one of later
// keys that wait here; since is the time at which its decryption key was first listed. A revocation
// makes all keys anew but the log key. Next makes the new keys before it returns; the same call
// after a crash returns the same key set. That key set is not signed, and nothing uses it yet. The
// error wraps ErrOtherKeys when newest is neither.
func (a *Authority) Next(newest trust.KeySet, since, now time.Time, why Reason) (next trust.KeySet, made bool, err error) {
	check := a.Check
	if why == Revoke && newest.Number > a.InUse() {
		check = a.Holds
	}
	if err := check(newest); err != nil {
		return next, false, fmt.Errorf("renew keys: %w", err)
	}
	i, ca, signing, err := a.listed(newest)
	if err != nil {
		return next, false, fmt.Errorf("renew keys: %w", err)
	}
	ends := dueAt(ca, signing, since)
	if why == Due && now.Before(ends.first()) {
		return next, false, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	m := maker{dir: a.dir, name: a.name, replica: a.replica, now: now, number: newest.Number + 1, ca: a.journal.CA}
	soon, all := now.Add(together), why == Revoke
	if err := m.next(all || !soon.Before(ends.ca), all || !soon.Before(ends.decryption)); err != nil {
		return next, false, fmt.Errorf("renew keys: %w", err)
	}
	if err := a.readDecryption(a.journal); err != nil {
		return next, false, fmt.Errorf("renew keys: %w", err)
	}
	hash := newest.Hash()
	next = newest
	next.Number, next.Previous, next.Replicas = m.number, hash[:], slices.Clone(newest.Replicas)
	next.Revokes = all
	if err := a.fill(&next, i); err != nil {
		return next, false, fmt.Errorf("renew keys: %w", err)
	}
	return next, true, nil
}

// dues are the times at which the keys of a key set are renewed.
type dues struct{ ca, signing, decryption time.Time }

func dueAt(ca, signing *x509.Certificate, since time.Time) dues {
	return dues{halfLife(ca), halfLife(signing), since.Add(DecryptionTerm)}
}

func (d dues) first() time.Time {
	return slices.MinFunc([]time.Time{d.ca, d.signing, d.decryption}, time.Time.Compare)
}

// RenewsAt returns when the key set that follows k is made by itself. since is the time at which
// the decryption key of k was first listed. The error wraps ErrOtherKeys when k is another's.
func (a *Authority) RenewsAt(k trust.KeySet, since time.Time) (time.Time, error) {
	_, ca, signing, err := a.listed(k)
	if err != nil {
		return time.Time{}, fmt.Errorf("renewal of keys: %w", err)
	}
	return dueAt(ca, signing, since).first(), nil
}

// DueIn returns when a replica that k lists has the next key set made by itself, as RenewsAt does
// for this one.
func DueIn(k trust.KeySet, replica identity.Replica, since time.Time) (time.Time, error) {
	i := slices.IndexFunc(k.Replicas, func(r trust.ReplicaKeys) bool { return r.Replica == replica })
	if i < 0 {
		return time.Time{}, fmt.Errorf("%w: number %d of %s does not list %s", ErrOtherKeys, k.Number, k.Name, replica)
	}
	ca, signing, err := certificates(k.Replicas[i])
	if err != nil {
		return time.Time{}, err
	}
	return dueAt(ca, signing, since).first(), nil
}

// next makes the keys of the maker's number: the signing key always, the CA and the decryption key
// when they are due. It also finishes a CA that an earlier call began, even if the CA is not due
// any more because the clock was set back. When the signing certificate, the last file, exists,
// next makes nothing: the call that made it decided which keys the number has.
func (m maker) next(ca, decryption bool) error {
	done, err := m.exists(signingCertFile)
	if done || err != nil {
		return err
	}
	begun, err := m.exists(caCertFile)
	if err != nil {
		return err
	}
	var steps []func() error
	if decryption {
		steps = append(steps, m.decryptionKey)
	}
	if ca || begun {
		m.ca = m.number
		steps = append(steps, m.caKey, m.caCert)
	}
	for _, step := range append(steps, m.signingKey, m.signingCert) {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// Began reports whether a key of the number is here. Of a number that was not published, it was
// made by a Next that came to nothing, and whoever copied the folder since has it.
func (a *Authority) Began(number uint64) (bool, error) {
	m := maker{dir: a.dir, number: number}
	for _, file := range []string{decryptionKeyFile, caKeyFile, signingKeyFile} {
		if began, err := m.exists(file); began || err != nil {
			return began, err
		}
	}
	return false, nil
}

// exists reports whether the file with the maker's number exists.
func (m maker) exists(name string) (bool, error) {
	_, err := os.Stat(filepath.Join(m.dir, fileOf(name, m.number)))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// fill puts the public keys that were made for next into it. i is the index of this replica in
// next.Replicas.
func (a *Authority) fill(next *trust.KeySet, i int) error {
	caNumber := a.journal.CA
	if _, err := os.Stat(filepath.Join(a.dir, fileOf(caCertFile, next.Number))); err == nil {
		caNumber = next.Number
	}
	ca, signer, err := a.read(caNumber, next.Number)
	if err != nil {
		return err
	}
	next.Replicas[i].CACert, next.Replicas[i].SigningCert = ca.Raw, signer.cert.Raw
	if key := a.publicDecryption(next.Number); key != nil {
		next.DecryptionKey = key
	}
	_, err = next.Encode()
	return err
}

// listed returns the certificates that a key set lists for this replica, and the index of the
// replica in k.Replicas. The error wraps ErrOtherKeys when k lists another log key for the replica,
// or none.
func (a *Authority) listed(k trust.KeySet) (i int, ca, signing *x509.Certificate, err error) {
	i = slices.IndexFunc(k.Replicas, func(r trust.ReplicaKeys) bool { return r.Replica == a.replica })
	if k.Name != a.name || i < 0 || !bytes.Equal(k.Replicas[i].LogKey, a.LogPublic()) {
		return i, nil, nil, fmt.Errorf("%w: number %d of %s lists another log key", ErrOtherKeys, k.Number, k.Name)
	}
	ca, signing, err = certificates(k.Replicas[i])
	return i, ca, signing, err
}

// certificates reads those of a replica.
func certificates(k trust.ReplicaKeys) (ca, signing *x509.Certificate, err error) {
	if ca, err = x509.ParseCertificate(k.CACert); err != nil {
		return nil, nil, err
	}
	signing, err = x509.ParseCertificate(k.SigningCert)
	return ca, signing, err
}

func halfLife(c *x509.Certificate) time.Time { return c.NotBefore.Add(c.NotAfter.Sub(c.NotBefore) / 2) }

// InUse returns the number of the key set whose keys sign and issue.
func (a *Authority) InUse() uint64 {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.journal.Number
}

// Ended reports whether a certificate in use has ended. Verifiers refuse whatever is signed or
// issued under it.
func (a *Authority) Ended(now time.Time) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return now.After(a.ca.NotAfter) || now.After(a.signer.cert.NotAfter)
}

// Check returns ErrOtherKeys unless k is the key set in use and lists the keys in use.
func (a *Authority) Check(k trust.KeySet) error {
	i, _, _, err := a.listed(k)
	if err != nil {
		return err
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	switch own := k.Replicas[i]; {
	case a.journal.Number != k.Number:
		return fmt.Errorf("%w: number %d is in use, not %d", ErrOtherKeys, a.journal.Number, k.Number)
	case !bytes.Equal(own.CACert, a.ca.Raw):
		return fmt.Errorf("%w: number %d lists another CA", ErrOtherKeys, k.Number)
	case !bytes.Equal(own.SigningCert, a.signer.cert.Raw):
		return fmt.Errorf("%w: number %d lists another signing certificate", ErrOtherKeys, k.Number)
	case !bytes.Equal(k.DecryptionKey, a.publicDecryption(a.journal.Decryption)):
		return fmt.Errorf("%w: number %d lists another decryption key", ErrOtherKeys, k.Number)
	}
	return nil
}

// Use makes the keys that k lists sign statements and issue identities, from now on and after every
// restart. The caller has published k. A decryption key that k replaces stays usable for FormerFor.
// A second call with the same k changes nothing. The error wraps ErrOtherKeys when the folder does
// not hold the keys of k, or when k does not have a higher number than the key set in use.
func (a *Authority) Use(k trust.KeySet, now time.Time) error {
	if a.Check(k) == nil {
		return nil
	}
	i, _, _, err := a.listed(k)
	if err != nil {
		return fmt.Errorf("use keys: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if k.Number <= a.journal.Number {
		return fmt.Errorf("use keys: %w: number %d is in use, and none before it is used again", ErrOtherKeys, a.journal.Number)
	}
	j, err := a.find(k, k.Replicas[i])
	if err != nil {
		return fmt.Errorf("use keys: %w", err)
	}
	ca, signer, err := a.read(j.CA, j.Signing)
	if err != nil {
		return fmt.Errorf("use keys: %w", err)
	}
	j.Former = a.former(j.Decryption, now)
	if err := j.write(a.dir); err != nil {
		return fmt.Errorf("use keys: %w", err)
	}
	a.journal, a.ca, a.signer = j, ca, signer
	if err := a.tidy(); err != nil {
		return fmt.Errorf("use keys: %w", err)
	}
	return nil
}

// former returns the decryption keys that stay usable beside the one with the number, which is used
// from now on: those that stayed so far, the one in use, and those of key sets that were never
// used, because a neighbour may know one. Of too many the oldest go.
func (a *Authority) former(next uint64, now time.Time) []former {
	stay := slices.Clone(a.journal.Former)
	var numbers []uint64
	for _, h := range a.decryption {
		if h.number >= a.journal.Decryption && h.number < next {
			numbers = append(numbers, h.number)
		}
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		stay = append(stay, former{Number: n, Until: uint64(now.Add(FormerFor).UnixMilli())})
	}
	return stay[max(0, len(stay)-maxFormer):]
}

// Holds returns ErrOtherKeys unless the folder holds the keys that k lists. k is the key set that
// is to be used next.
func (a *Authority) Holds(k trust.KeySet) error {
	i, _, _, err := a.listed(k)
	if err != nil {
		return err
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	j, err := a.find(k, k.Replicas[i])
	if err == nil {
		_, _, err = a.read(j.CA, j.Signing)
	}
	return err
}

// find returns the journal for the use of k: the numbers of the files that hold the keys that k
// lists.
func (a *Authority) find(k trust.KeySet, own trust.ReplicaKeys) (j journal, err error) {
	j = a.journal
	j.Number = k.Number
	if j.CA, err = a.certNumber(caCertFile, own.CACert, k.Number); err != nil {
		return j, err
	}
	if j.Signing, err = a.certNumber(signingCertFile, own.SigningCert, k.Number); err != nil {
		return j, err
	}
	h, ok := a.decryption[sha256.Sum256(k.DecryptionKey)]
	if !ok || h.number > k.Number {
		return j, fmt.Errorf("%w: the decryption key of number %d is not here", ErrOtherKeys, k.Number)
	}
	j.Decryption = h.number
	return j, nil
}

// certNumber returns the number in the name of the file that holds the certificate, up to upTo.
func (a *Authority) certNumber(name string, der []byte, upTo uint64) (uint64, error) {
	files, err := os.ReadDir(a.dir)
	if err != nil {
		return 0, err
	}
	for _, f := range files {
		n, ok := numberOf(name, f.Name())
		if !ok || n > upTo {
			continue
		}
		if cert, err := readCert(filepath.Join(a.dir, f.Name())); err != nil {
			return 0, err
		} else if bytes.Equal(cert.Raw, der) {
			return n, nil
		}
	}
	return 0, fmt.Errorf("%w: what number %d lists for %s is not here", ErrOtherKeys, upTo, name)
}

// tidy removes the files with numbers up to the one in use that are not in use. It leaves the
// former decryption keys of the journal.
func (a *Authority) tidy() error {
	files, err := os.ReadDir(a.dir)
	if err != nil {
		return err
	}
	stays := map[string][]uint64{
		caKeyFile: {a.journal.CA}, caCertFile: {a.journal.CA}, decryptionKeyFile: {a.journal.Decryption},
		signingKeyFile: {a.journal.Signing}, signingCertFile: {a.journal.Signing},
	}
	for _, f := range a.journal.Former {
		stays[decryptionKeyFile] = append(stays[decryptionKeyFile], f.Number)
	}
	for _, f := range files {
		for name, numbers := range stays {
			if n, ok := numberOf(name, f.Name()); ok && n <= a.journal.Number && !slices.Contains(numbers, n) {
				err = errors.Join(err, os.Remove(filepath.Join(a.dir, f.Name())))
			}
		}
	}
	return err
}

// Forget removes the former decryption keys whose time (see FormerFor) is over at now.
func (a *Authority) Forget(now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	j := a.journal
	j.Former = slices.DeleteFunc(slices.Clone(j.Former), func(f former) bool { return uint64(now.UnixMilli()) >= f.Until })
	if len(j.Former) == len(a.journal.Former) {
		return nil
	}
	if err := j.write(a.dir); err != nil {
		return fmt.Errorf("forget former keys: %w", err)
	}
	a.journal = j // what the file says; a key file that stays by a failure goes when the folder is opened next
	maps.DeleteFunc(a.decryption, func(_ [sha256.Size]byte, h held) bool {
		return h.number < j.Decryption && !slices.ContainsFunc(j.Former, func(f former) bool { return f.Number == h.number })
	})
	if err := a.tidy(); err != nil {
		return fmt.Errorf("forget former keys: %w", err)
	}
	return nil
}
