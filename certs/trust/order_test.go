package trust

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"
)

// field is arithmetic modulo 2^255 - 19, by math/big, for points of Ed25519 in affine coordinates.
var (
	fieldP = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	fieldD = func() *big.Int { // -121665/121666
		d := new(big.Int).ModInverse(big.NewInt(121666), fieldP)
		return d.Mod(d.Mul(d, big.NewInt(-121665)), fieldP)
	}()
)

type point struct{ x, y *big.Int }

// add adds two points of Ed25519 (RFC 8032 §5.1.4, affine).
func (a point) add(b point) point {
	mul := func(f ...*big.Int) *big.Int {
		r := big.NewInt(1)
		for _, x := range f {
			r.Mod(r.Mul(r, x), fieldP)
		}
		return r
	}
	inverse := func(x *big.Int) *big.Int { return new(big.Int).ModInverse(x, fieldP) }
	dxy, one := mul(fieldD, a.x, b.x, a.y, b.y), big.NewInt(1)
	x := mul(new(big.Int).Add(mul(a.x, b.y), mul(b.x, a.y)), inverse(new(big.Int).Add(one, dxy)))
	y := mul(new(big.Int).Add(mul(a.y, b.y), mul(a.x, b.x)), inverse(new(big.Int).Mod(new(big.Int).Sub(one, dxy), fieldP)))
	return point{x, y}
}

// points returns the points with the y-coordinate of an encoding; none: it is on no point.
func points(encoding []byte) (all []point) {
	y := slices.Clone(encoding)
	y[31] &= 0x7f
	slices.Reverse(y)
	v := new(big.Int).Mod(new(big.Int).SetBytes(y), fieldP)
	yy := new(big.Int).Mod(new(big.Int).Mul(v, v), fieldP)
	// x² = (y² - 1) / (dy² + 1)
	below := new(big.Int).Add(new(big.Int).Mul(fieldD, yy), big.NewInt(1))
	xx := new(big.Int).Mul(new(big.Int).Sub(yy, big.NewInt(1)), new(big.Int).ModInverse(below.Mod(below, fieldP), fieldP))
	x := new(big.Int).ModSqrt(xx.Mod(xx, fieldP), fieldP)
	if x == nil {
		return nil
	}
	return []point{{x, v}, {new(big.Int).Mod(new(big.Int).Neg(x), fieldP), v}}
}

// TestSmallOrder computes that every value of the list is the y-coordinate of points whose order
// divides 8, and that together they are all eight of them.
func TestSmallOrder(t *testing.T) {
	found := map[string]bool{}
	for _, y := range smallOrder {
		for _, p := range points(y) {
			eight := p
			for range 3 {
				eight = eight.add(eight)
			}
			if eight.x.Sign() != 0 || eight.y.Cmp(big.NewInt(1)) != 0 {
				t.Errorf("%x: eight times it is (%s, %s), not the neutral point", y, eight.x, eight.y)
			}
			found[fmt.Sprint(p.x, p.y)] = true
		}
	}
	if len(found) != 8 {
		t.Errorf("got %d points, want 8", len(found))
	}
}

// weakKeys are all encodings that crypto/ed25519 may take for a point of small order, and other
// spellings of points that are none.
func weakKeys() map[string][]byte {
	all := map[string][]byte{}
	for i, y := range smallOrder {
		for _, sign := range []byte{0, 0x80} {
			key := slices.Clone(y)
			key[31] |= sign
			all[fmt.Sprintf("small order %d, sign %d", i, sign>>7)] = key
		}
	}
	for more := range byte(19) { // p + more, for all that fit in 255 bits
		for _, sign := range []byte{0, 0x80} {
			key := slices.Clone(prime)
			key[0] += more
			key[31] |= sign
			all[fmt.Sprintf("p + %d, sign %d", more, sign>>7)] = key
		}
	}
	return all
}

// TestWeakKeysAreNone: a county that registers such a key redeems an invitation with a signature
// that fits everything, and can deny all evidence against it (S26).
func TestWeakKeysAreNone(t *testing.T) {
	a := newMember(t, 1)
	everything := make([]byte, ed25519.SignatureSize) // R is the neutral point, s is 0
	everything[0] = 1
	forged := 0
	for what, key := range weakKeys() {
		weak := a
		weak.keys.LogKey = key
		k := set(t, nil, weak)
		data, err := canonOf(k)
		if err != nil {
			t.Fatal(err)
		}
		if ed25519.Verify(key, []byte("I owe you a million"), everything) {
			forged++
		}
		signed := signedAs(t, data, Signature{Replica: weak.keys.Replica, Sig: everything})
		if _, err := PinOf(signed); !errors.Is(err, ErrInvalid) || !strings.Contains(fmt.Sprint(err), "small order") {
			t.Errorf("%s as a log key: got %v, want ErrInvalid", what, err)
		}
		k = set(t, nil, a)
		k.Replicas[0].SigningCert = certOf(t, key, a.log)
		if _, err := k.Encode(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s in a signing certificate: got %v, want ErrInvalid", what, err)
		}
	}
	if forged == 0 {
		t.Error("no key is forged: the attack of this test attacks nothing")
	}
	for range 100 {
		public, _, _ := ed25519.GenerateKey(rand.Reader)
		if err := checkKey(public); err != nil {
			t.Errorf("%x: %v", public, err)
		}
	}
}

// certFrom returns a signing certificate that was made at the given time.
func certFrom(t *testing.T, at time.Time) []byte {
	t.Helper()
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: at, NotAfter: at.Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func certOf(t *testing.T, key ed25519.PublicKey, by ed25519.PrivateKey) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key, by)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
