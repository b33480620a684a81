package envelope

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"xietong/certs/authority"
	"xietong/certs/identity"
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

// FuzzContents: what a proven origin says is refused, or is what encoding it again gives.
func FuzzContents(f *testing.F) {
	f.Add(must(Call{Operation: must(identity.ParseLabel("query")), Parameters: []byte{}}.Encode()))
	f.Add(must(Reply{To: make([]byte, 32), Result: []byte{1}}.Encode()))
	f.Add(must(Reply{To: make([]byte, 32), Problem: &Problem{Code: 1, Args: []string{"x"}}}.Encode()))
	f.Fuzz(func(t *testing.T, data []byte) {
		if call, err := DecodeCall(data); err == nil {
			if again, err := call.Encode(); err != nil || !bytes.Equal(again, data) {
				t.Errorf("the call %x came back as %x, %v", data, again, err)
			}
		}
		if reply, err := DecodeReply(data, [32]byte{}); err == nil {
			if again, err := reply.Encode(); err != nil || !bytes.Equal(again, data) {
				t.Errorf("the reply %x came back as %x, %v", data, again, err)
			}
		}
	})
}
