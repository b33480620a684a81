package envelope

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/trust"
)

var now = time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)

// party is a jurisdiction with its keys.
type party struct {
	*authority.Authority
	sets []trust.Believed
	to   *Recipient
}

func newParty(t testing.TB, name string) party {
	t.Helper()
	j, err := identity.ParseJurisdiction(name)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := identity.NewReplica(1)
	a, err := authority.Create(t.TempDir(), j, r, now)
	if err != nil {
		t.Fatal(err)
	}
	signed, pin, err := a.FirstKeySet(1)
	if err != nil {
		t.Fatal(err)
	}
	p := party{Authority: a}
	walked, err := trust.Walk(pin, [][]byte{signed})
	if p.sets = trust.Always(walked...); err != nil {
		t.Fatal(err)
	}
	if p.to, err = NewRecipient(p.sets[0].DecryptionKey, func() time.Time { return now }); err != nil {
		t.Fatal(err)
	}
	return p
}

func draft(t testing.TB, from, to party, content string) Draft {
	t.Helper()
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	return Draft{
		Header: Header{
			ID: id, Kind: Request, Origin: from.Name(), Destination: to.Name(), Issued: now, Expires: now.Add(time.Minute),
		},
		ContentType: RequestType, Content: []byte(content),
	}
}

func seal(t testing.TB, d Draft, by party, to *Recipient) Envelope {
	t.Helper()
	e, err := Seal(d, by, to)
	if err != nil {
		t.Fatal(err)
	}
	e.Hop = Hop{Remaining: 5000, Hops: 8, Trace: [TraceLen]byte{1}}
	data, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

const village = `{"code":"520102016001"}`

func TestThereAndBack(t *testing.T) {
	city, county := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou")
	for what, to := range map[string]*Recipient{"in clear": nil, "encrypted": county.to} {
		d := draft(t, city, county, village)
		e := seal(t, d, city, to)
		if e.Hop.Remaining != 5000 || e.Hop.Hops != 8 || e.Header().ID != d.Header.ID {
			t.Errorf("%s: got hop %+v, header %+v", what, e.Hop, e.Header())
		}
		if bytes.Contains(e.body, []byte("5201020")) == (to != nil) {
			t.Errorf("%s: the body tells", what)
		}
		m, err := Open(e, city.sets, NewOpener(county), now)
		if err != nil || string(m.Content) != village || m.ContentType != RequestType || m.Header.Origin != city.Name() {
			t.Errorf("%s: got %+v, %v", what, m, err)
		}
	}
}

// TestEveryByteCounts flips each bit of a frame in turn: in clear, encrypted, and encrypted under
// an encapsulation that is named only. The hop header is not signed, so a change there passes; any
// other change is refused.
func TestEveryByteCounts(t *testing.T) {
	city, county := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou")
	whole := seal(t, draft(t, city, county, village), city, county.to)
	opener := NewOpener(county)
	if _, err := Open(whole, city.sets, opener, now); err != nil {
		t.Fatal(err)
	}
	for what, row := range map[string]struct {
		e      Envelope
		opener *Opener
	}{
		"in clear":     {seal(t, draft(t, city, county, village), city, nil), nil},
		"encrypted":    {whole, NewOpener(county)},
		"by reference": {whole.ByReference(), opener},
	} {
		row.e.Hop.Held = make([]byte, hashLen)
		data := must(row.e.Encode())
		signed := bytes.Index(data, row.e.outer)
		for i := range data {
			data[i] ^= 1 << (i % 8)
			changed, err := Decode(data)
			if err == nil {
				_, err = Open(changed, city.sets, row.opener, now)
			}
			if err == nil && i >= signed {
				t.Errorf("%s: byte %d of %d flipped and still taken", what, i, len(data))
			}
			data[i] ^= 1 << (i % 8)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	city, county, other := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou"), newParty(t, "guiyang.guizhou")
	e := seal(t, draft(t, city, county, village), city, county.to)
	opener := NewOpener(county)
	for what, row := range map[string]struct {
		e      Envelope
		keys   []trust.Believed
		opener *Opener
		at     time.Time
		want   error
	}{
		"as it is":               {e, city.sets, opener, now, nil},
		"at its end":             {e, city.sets, opener, now.Add(time.Minute), nil},
		"after its end":          {e, city.sets, opener, now.Add(time.Minute + 1), ErrExpired},
		"five minutes early":     {e, city.sets, opener, now.Add(-MaxSkew), nil},
		"earlier":                {e, city.sets, opener, now.Add(-MaxSkew - time.Second), ErrFuture},
		"another of the name":    {e, other.sets, opener, now, ErrUnknownKey},
		"another's key sets":     {e, county.sets, opener, now, ErrUnknownKey},
		"no key set":             {e, nil, opener, now, ErrUnknownKey},
		"nothing to decrypt it":  {e, city.sets, nil, now, ErrBody},
		"another decryption key": {e, city.sets, NewOpener(other), now, ErrBody},
	} {
		if _, err := Open(row.e, row.keys, row.opener, row.at); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", what, err, row.want)
		}
	}
	odd := draft(t, city, county, village)
	odd.ContentType = AnswerType
	if _, err := Open(seal(t, odd, city, nil), city.sets, nil, now); !errors.Is(err, ErrMalformed) {
		t.Errorf("a request with the type of an answer: got %v, want ErrMalformed", err)
	}
	late := draft(t, city, county, village)
	late.Header.Issued = now.Add(authority.SigningTerm + time.Hour)
	late.Header.Expires = late.Header.Issued.Add(time.Minute)
	if _, err := Open(seal(t, late, city, nil), city.sets, nil, late.Header.Issued); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("after the certificate's end: got %v, want ErrUnknownKey", err)
	}
}

// TestStatementRefused changes one part of a statement and signs it correctly.
func TestStatementRefused(t *testing.T) {
	city, county := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou")
	base := seal(t, draft(t, city, county, village), city, nil)
	resign := func(change func(*protectedHeader, *sign1)) Envelope {
		s, err := decodeStatement(base.statement)
		if err != nil {
			t.Fatal(err)
		}
		change(&s.header, &s.sign1)
		s.Protected = mustEncode(s.header)
		s.Signature = city.SignStatement(toBeSigned(s.Protected, base.outer, s.Payload))
		e := base
		e.statement = mustEncode(cbor.Tag{Number: tagSign1, Content: s.sign1})
		return e
	}
	for what, row := range map[string]struct {
		change func(*protectedHeader, *sign1)
		want   error
	}{
		"nothing":             {func(*protectedHeader, *sign1) {}, nil},
		"a batch":             {func(h *protectedHeader, _ *sign1) { h.Form = formBatch }, ErrMalformed},
		"a form to come":      {func(h *protectedHeader, _ *sign1) { h.Form = 3 }, ErrMalformed},
		"no form":             {func(h *protectedHeader, _ *sign1) { h.Form = 0 }, ErrMalformed},
		"another algorithm":   {func(h *protectedHeader, _ *sign1) { h.Alg = -7 }, ErrMalformed},
		"another hash":        {func(h *protectedHeader, _ *sign1) { h.PayloadHash = -44 }, ErrMalformed},
		"another certificate": {func(h *protectedHeader, _ *sign1) { h.Cert.Hash = make([]byte, 32) }, ErrUnknownKey},
		"a short hash":        {func(h *protectedHeader, _ *sign1) { h.Cert.Hash = h.Cert.Hash[1:] }, ErrMalformed},
		"another type":        {func(h *protectedHeader, _ *sign1) { h.ContentType = AnswerType }, ErrBody},
		"no type":             {func(h *protectedHeader, _ *sign1) { h.ContentType = "" }, ErrMalformed},
		"another payload":     {func(_ *protectedHeader, s *sign1) { s.Payload = make([]byte, 32) }, ErrBody},
		"no payload":          {func(_ *protectedHeader, s *sign1) { s.Payload = nil }, ErrMalformed},
		"unprotected fields":  {func(_ *protectedHeader, s *sign1) { s.Unprotected = cbor.RawMessage{0xa1, 4, 0x40} }, ErrMalformed},
	} {
		if _, err := Open(resign(row.change), city.sets, nil, now); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", what, err, row.want)
		}
	}
}

func TestImpossibleMessages(t *testing.T) {
	city, county := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou")
	for what, edit := range map[string]func(*Draft){
		"no kind":         func(d *Draft) { d.Header.Kind = 0 },
		"a kind to come":  func(d *Draft) { d.Header.Kind = 4 },
		"from nobody":     func(d *Draft) { d.Header.Origin = identity.Jurisdiction{} },
		"to nobody":       func(d *Draft) { d.Header.Destination = identity.Jurisdiction{} },
		"to oneself":      func(d *Draft) { d.Header.Destination = d.Header.Origin },
		"no time":         func(d *Draft) { d.Header.Issued = time.UnixMilli(0) },
		"ends at once":    func(d *Draft) { d.Header.Expires = d.Header.Issued },
		"31 days":         func(d *Draft) { d.Header.Expires = d.Header.Issued.Add(31 * 24 * time.Hour) },
		"too much":        func(d *Draft) { d.Content = make([]byte, MaxContent+1) },
		"no content type": func(d *Draft) { d.ContentType = "" },
		"a long one":      func(d *Draft) { d.ContentType = strings.Repeat("x", maxType+1) },
	} {
		d := draft(t, city, county, village)
		edit(&d)
		if _, err := Seal(d, city, nil); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %v, want ErrMalformed", what, err)
		}
	}
	most := draft(t, city, county, "")
	most.Content = make([]byte, MaxContent)
	if m, err := Open(seal(t, most, city, county.to), city.sets, NewOpener(county), now); err != nil || len(m.Content) != MaxContent {
		t.Errorf("the longest content: got %d bytes, %v", len(m.Content), err)
	}
	e := seal(t, draft(t, city, county, village), city, nil)
	e.Hop.Hops = MaxHops + 1
	if _, err := e.Encode(); !errors.Is(err, ErrMalformed) {
		t.Errorf("too many hops: got %v, want ErrMalformed", err)
	}
}

func TestContents(t *testing.T) {
	query, _ := identity.ParseLabel("query")
	call := Call{Operation: query, Purpose: query, Parameters: []byte{1}}
	data, err := call.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := DecodeCall(data); err != nil || got.Operation != query || !bytes.Equal(got.Parameters, call.Parameters) {
		t.Errorf("got %+v, %v", got, err)
	}
	for what, bad := range map[string]Call{
		"no operation": {Parameters: []byte{}}, "no parameters": {Operation: query},
		"a long pseudonym": {Operation: query, Parameters: []byte{}, Person: make([]byte, maxPerson+1)},
	} {
		if _, err := bad.Encode(); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %v, want ErrMalformed", what, err)
		}
	}
	hash := sha256.Sum256([]byte("request"))
	entry, _ := identity.ParseEntry("guizhou/log/1/7")
	reply := Reply{To: hash[:], Problem: &Problem{Code: 24, Args: []string{"household-register"}}}
	if data, err = reply.Encode(); err != nil {
		t.Fatal(err)
	}
	if got, err := DecodeReply(data, hash); err != nil || got.Problem.Code != 24 {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := DecodeReply(data, [32]byte{}); !errors.Is(err, ErrMalformed) {
		t.Errorf("to another request: got %v, want ErrMalformed", err)
	}
	for what, bad := range map[string]Reply{
		"to nothing":         {},
		"problem 0":          {To: hash[:], Problem: &Problem{Args: []string{}}},
		"problem and result": {To: hash[:], Problem: &Problem{Code: 1, Args: []string{}}, Result: []byte{1}},
		"problem and entry":  {To: hash[:], Problem: &Problem{Code: 1, Args: []string{}}, Entry: entry},
		"many values":        {To: hash[:], Problem: &Problem{Code: 1, Args: make([]string, maxArgs+1)}},
		"a long value":       {To: hash[:], Problem: &Problem{Code: 1, Args: []string{strings.Repeat("x", maxArgLen+1)}}},
	} {
		if _, err := bad.Encode(); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %v, want ErrMalformed", what, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	city, county := newParty(f, "guiyang.guizhou"), newParty(f, "nanming.guiyang.guizhou")
	for _, to := range []*Recipient{nil, county.to} {
		data, err := seal(f, draft(f, city, county, village), city, to).Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	referring := seal(f, draft(f, city, county, village), city, county.to).ByReference()
	referring.Hop.Held = referring.Encapsulation()
	f.Add(must(referring.Encode()))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := Decode(data)
		if err != nil {
			return
		}
		if again, err := e.Encode(); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%x came back as %x, %v", data, again, err)
		}
	})
}
