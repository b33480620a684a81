package authority

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
)

func TestSourceRenewsAtHalfLife(t *testing.T) {
	dir := t.TempDir()
	j, r := names(t)
	a, err := Create(dir, j, r, now)
	if err != nil {
		t.Fatal(err)
	}
	clock := now
	s := NewSource(a, func() time.Time { return clock })
	get := func() *x509svid.SVID {
		t.Helper()
		svid, err := s.GetX509SVID()
		if err != nil {
			t.Fatal(err)
		}
		return svid
	}
	first := get()
	leaf := first.Certificates[0]
	if want := "spiffe://nanming.guiyang.guizhou/link/r1"; first.ID.String() != want || leaf.URIs[0].String() != want {
		t.Errorf("got %s, want %s", first.ID, want)
	}
	if leaf.NotAfter.Sub(now) != LinkTerm || now.Sub(leaf.NotBefore) != Backdated || leaf.IsCA || leaf.KeyUsage != x509.KeyUsageDigitalSignature {
		t.Errorf("got %s to %s, CA %t, usage %d", leaf.NotBefore, leaf.NotAfter, leaf.IsCA, leaf.KeyUsage)
	}
	bundle := x509bundle.FromX509Authorities(first.ID.TrustDomain(), []*x509.Certificate{a.ca})
	if _, _, err := x509svid.Verify(first.Certificates, bundle, x509svid.WithTime(now)); err != nil {
		t.Error(err)
	}
	clock = now.Add(LinkTerm/2 - time.Second)
	if get() != first {
		t.Error("renewed before half its life")
	}
	clock = now.Add(LinkTerm / 2)
	second := get()
	if second == first || second.Certificates[0].NotAfter.Sub(clock) != LinkTerm {
		t.Error("not renewed at half its life")
	}
	clock = now // set back before the certificate begins
	if get() == second {
		t.Error("a certificate from the future was given after the clock was set back")
	}
	clock = now.Add(LinkTerm / 2)
	third := get()
	if err := os.Rename(filepath.Join(dir, caKeyFile), filepath.Join(dir, "away")); err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(LinkTerm - time.Second)
	if get() != third {
		t.Error("the last good identity was not given while none can be issued")
	}
	clock = clock.Add(2 * time.Second)
	if _, err := s.GetX509SVID(); err == nil {
		t.Error("an identity that has ended was given")
	}
}

func TestLinkEndsWithItsCA(t *testing.T) {
	j, r := names(t)
	a, err := Create(t.TempDir(), j, r, now)
	if err != nil {
		t.Fatal(err)
	}
	svid, _, err := a.issueLink(now.Add(CATerm - time.Minute))
	if err != nil || !svid.Certificates[0].NotAfter.Equal(a.ca.NotAfter) {
		t.Errorf("got %v, %v, want an identity that ends with the CA", svid, err)
	}
}
