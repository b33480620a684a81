package envelope

import (
	"errors"
	"testing"
	"time"

	"xietong/certs/authority"
	"xietong/certs/trust"
)

// committed returns the commitment to the preimage of a message that is not encrypted.
func committed(e Envelope) [32]byte {
	salt, content, _ := takeApart(e.body, false)
	return preimage{Salt: salt, ContentType: RequestType, Content: content}.commitment()
}

// TestVerifySigned checks that the signed parts are proven without the body and long after the
// message, and that every byte of them counts.
func TestVerifySigned(t *testing.T) {
	city, county, other := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou"), newParty(t, "guiyang.guizhou")
	e := seal(t, draft(t, city, county, village), city, nil)
	outer, statement := e.Signed()
	h, commitment, err := VerifySigned(outer, statement, city.sets)
	if err != nil || h.ID != e.Header().ID || h.Origin != city.Name() || commitment != committed(e) {
		t.Errorf("got %+v, %x, %v", h, commitment, err)
	}
	for what, keys := range map[string][]trust.Believed{"another of the name": other.sets, "another's": county.sets, "none": nil} {
		if _, _, err := VerifySigned(outer, statement, keys); !errors.Is(err, ErrUnknownKey) {
			t.Errorf("%s: got %v, want ErrUnknownKey", what, err)
		}
	}
	for _, part := range [][]byte{outer, statement} {
		for i := range part {
			part[i] ^= 1 << (i % 8)
			if _, _, err := VerifySigned(outer, statement, city.sets); err == nil {
				t.Errorf("byte %d of %d flipped and still taken", i, len(part))
			}
			part[i] ^= 1 << (i % 8)
		}
	}
	late := draft(t, city, county, village)
	late.Header.Issued = now.Add(authority.SigningTerm + time.Hour)
	late.Header.Expires = late.Header.Issued.Add(time.Minute)
	outer, statement = seal(t, late, city, nil).Signed()
	if _, _, err := VerifySigned(outer, statement, city.sets); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("after the certificate's end: got %v, want ErrUnknownKey", err)
	}
}
