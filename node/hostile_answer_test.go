package node

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// player plays the county on a link that the intruder made: it answers the city's requests.
type player struct {
	*intruder
	mu   sync.Mutex
	play func(request []byte) []byte // the bytes of the answer
	last []byte                      // request
}

func (p *player) plays(play func(request []byte) []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.play = play
}

func (p *player) answer(request []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.play == nil || request[0] == joinRequest { // what it saw is asked over the link when that pleases
		return p.keepsNothing(request)
	}
	p.last = request
	return p.play(request)
}

// keepsNothing answers a request as an older program does, which does not know what it asks.
func (p *player) keepsNothing(request []byte) []byte {
	if request[0] == joinRequest {
		refused, err := canon.Marshal([]any{uint64(text.Number(text.BadRequest)), []string{"xietong-join/1", "operation"}, []byte{}})
		if err != nil {
			return nil
		}
		return framed(nil, refused)
	}
	e, err := envelope.Decode(request)
	if err != nil {
		return nil
	}
	hash, now := e.Hash(), time.Now().Truncate(time.Millisecond)
	refused := &envelope.Problem{Code: text.Number(text.UnknownOperation), Args: []string{"largest", p.name.String()}}
	content, err := envelope.Reply{To: hash[:], Problem: refused}.Encode()
	id, bad := identity.NewMessage()
	if err = errors.Join(err, bad); err != nil {
		return nil
	}
	to, err := envelope.NewRecipient(p.sets[len(p.sets)-1].DecryptionKey, time.Now)
	if err != nil {
		return nil
	}
	a, err := envelope.Seal(envelope.Draft{
		ContentType: envelope.AnswerType, Content: content,
		Header: envelope.Header{ID: id, Kind: envelope.Answer, Origin: p.name, Destination: e.Header().Origin, Issued: now, Expires: now.Add(time.Minute)},
	}, p.keys, to)
	if err != nil {
		return nil
	}
	frame, err := a.Encode()
	if err != nil {
		return nil
	}
	return framed(nil, frame)
}

// begin makes the link and answers on it until the test ends.
func (p *player) begin(t *testing.T) *quic.Conn {
	t.Helper()
	q := p.bare(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			s, err := q.AcceptStream(q.Context())
			if err != nil {
				return
			}
			p.take(s)
		}
	}()
	t.Cleanup(func() {
		q.CloseWithError(0, "")
		<-done
	})
	return q
}

func (p *player) take(s *quic.Stream) {
	frames, err := read(s)
	if err == nil && len(frames) == 1 {
		_, err = s.Write(p.answer(frames[0]))
	}
	if err != nil {
		s.CancelWrite(1)
	}
	_ = s.Close()
}

// forged is an answer that the county did not give.
type forged struct {
	envelope.Draft
	by envelope.Signer
	to *envelope.Recipient
}

const forgedGrant = "nanming.guiyang.guizhou/log/1/7"

// forge answers a request with a record that does not exist.
func (p *player) forge(t *testing.T, request []byte, edit func(*forged)) []byte {
	e, err := envelope.Decode(request)
	if err != nil {
		t.Error(err)
		return nil
	}
	id, err := identity.NewMessage()
	if err != nil {
		t.Error(err)
	}
	entry, err := identity.ParseEntry(forgedGrant)
	if err != nil {
		t.Error(err)
	}
	result, err := canon.Marshal(map[uint64]any{1: [][]byte{[]byte(`{"name":"假"}`)}, 2: 1, 5: 6, 6: forgedGrant, 11: []string{"name"}})
	if err != nil {
		t.Error(err)
	}
	hash, now := e.Hash(), time.Now().Truncate(time.Millisecond)
	content, err := envelope.Reply{To: hash[:], Result: result, Entry: entry}.Encode()
	if err != nil {
		t.Error(err)
	}
	to, err := envelope.NewRecipient(p.sets[len(p.sets)-1].DecryptionKey, time.Now)
	if err != nil {
		t.Error(err)
	}
	f := forged{by: p.keys, to: to, Draft: envelope.Draft{
		ContentType: envelope.AnswerType, Content: content,
		Header: envelope.Header{
			ID: id, Kind: envelope.Answer, Origin: p.name, Destination: e.Header().Origin, Issued: now, Expires: now.Add(time.Minute),
		},
	}}
	edit(&f)
	a, err := envelope.Seal(f.Draft, f.by, f.to)
	if err != nil {
		t.Error(err)
	}
	frame, err := a.Encode()
	if err != nil {
		t.Error(err)
	}
	return frame
}

// TestHostileAnswers has the attacker play the county, which the city asks. An answer that does not
// prove to be the answer to this very request is not shown, and not recorded as a use.
func TestHostileAnswers(t *testing.T) {
	s := newScene(t)
	other := s.stranger(t, "nanming.guiyang.guizhou")
	p, zunyi := &player{intruder: s.insider(t)}, mustName(t, "zunyi.guizhou")
	s.county.stop()
	p.begin(t)
	linked(t, s.city.civil, "nanming.guiyang.guizhou")
	ask := func() (client.Answer, error) {
		return s.city.water.Query(t.Context(), client.Query{At: "南明区", Dataset: "villages", Key: "520102016001", Use: use})
	}
	edited := func(edit func(*forged)) func([]byte) []byte {
		return func(q []byte) []byte { return framed(nil, p.forge(t, q, edit)) }
	}
	var first []byte // an answer that is good, once
	p.plays(func(q []byte) []byte {
		first = framed(nil, p.forge(t, q, func(*forged) {}))
		return first
	})
	before := s.city.kinds(t)
	if got, err := ask(); err != nil || len(got.Rows) != 1 || got.Access != forgedGrant {
		t.Fatalf("an answer as it must be: got %+v, %v", got, err)
	}
	s.city.grew(t, before, map[string]int{"asked": 1})
	before = s.city.kinds(t)
	for what, row := range map[string]struct {
		play func(request []byte) []byte
		want string // in the sentence that a person reads
	}{
		"to another request":     {func([]byte) []byte { return first }, "it is no answer to this request"},
		"the request itself":     {func(q []byte) []byte { return framed(nil, q) }, "it has another form"},
		"signed with other keys": {edited(func(f *forged) { f.by = other.keys }), "nobody endorsed the key that signed it"},
		"in the clear":           {edited(func(f *forged) { f.to = nil }), "it is not encrypted"},
		"of the city's sibling":  {edited(func(f *forged) { f.Header.Origin = zunyi }), "somebody else signed it"},
		"to somebody else":       {edited(func(f *forged) { f.Header.Destination = zunyi }), "it has another form"},
		"after its end": {edited(func(f *forged) {
			f.Header.Issued, f.Header.Expires = f.Header.Issued.Add(-4*time.Minute), f.Header.Issued.Add(-time.Minute)
		}), "it has expired"},
		"from the future": {edited(func(f *forged) {
			f.Header.Issued, f.Header.Expires = f.Header.Issued.Add(6*time.Minute), f.Header.Expires.Add(6*time.Minute)
		}),
			"the clocks of the two are apart"},
		"a byte of the body changed": {func(q []byte) []byte {
			frame := p.forge(t, q, func(*forged) {})
			frame[len(frame)-1] ^= 1
			return framed(nil, frame)
		}, "the body is not the one that was signed"},
		"two": {func(q []byte) []byte { f := p.forge(t, q, func(*forged) {}); return framed(framed(nil, f), f) },
			"there was no answer, or more than one"},
		"none":         {func([]byte) []byte { return nil }, "there was no answer, or more than one"},
		"noise":        {func([]byte) []byte { return framed(nil, []byte("noise")) }, "it has another form"},
		"half a frame": {func([]byte) []byte { return first[:100] }, "the link broke"},
		"of 2 GiB":     {func([]byte) []byte { return []byte{0x80, 0, 0, 0, 1} }, "the link broke"},
	} {
		p.plays(row.play)
		got, err := ask()
		if err == nil || len(got.Rows) != 0 || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %d rows, %v, want %q", what, len(got.Rows), err, row.want)
		}
	}
	s.city.grew(t, before, nil)
	p.plays(edited(func(*forged) {}))
	if got, err := ask(); err != nil || len(got.Rows) != 1 {
		t.Errorf("an answer as it must be, at last: got %+v, %v", got, err)
	}
	s.city.grew(t, before, map[string]int{"asked": 1})
	p.mu.Lock()
	defer p.mu.Unlock()
	if got := p.ask(t, p.link(t), p.last); got != malformedReset {
		t.Errorf("the city's own request, sent back to it: got %s", got)
	}
	s.sound(t)
}
