package relay

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/link"
)

// draft is a request that a test changes before sealing it: from the county to the city, as a relay
// would make it.
type draft struct {
	envelope.Draft
	by    envelope.Signer
	to    *envelope.Recipient
	hop   envelope.Hop
	after func(frame []byte) []byte
}

func (w *world) draft(t testing.TB) *draft {
	t.Helper()
	content, err := query(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	return &draft{
		Draft: envelope.Draft{
			Header: envelope.Header{
				ID: id, Kind: envelope.Request, Origin: name(t, county), Destination: name(t, city), Issued: today,
				Expires: today.Add(time.Minute),
			},
			ContentType: envelope.RequestType, Content: content,
		},
		by: w.keys[county], to: w.keys[city].recipient(t), hop: envelope.Hop{Remaining: 30_000, Hops: 8},
		after: func(frame []byte) []byte { return frame },
	}
}

func (d *draft) frame(t testing.TB) []byte {
	t.Helper()
	e, err := envelope.Seal(d.Draft, d.by, d.to)
	if err != nil {
		t.Fatal(err)
	}
	e.Hop = d.hop
	data, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return d.after(data)
}

// wire is a frame in its parts, so that a test can change them.
type wire struct {
	_             struct{} `cbor:",toarray"`
	Version       uint64
	Hop           cbor.RawMessage
	Outer         []byte
	Statement     []byte
	Encapsulation []byte
	Body          []byte
}

func parts(t testing.TB, frame []byte) wire {
	t.Helper()
	var f wire
	if err := canon.Unmarshal(frame, envelope.MaxFrame, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f wire) frame(t testing.TB) []byte {
	t.Helper()
	data, err := canon.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// serve hands a frame to the city's relay and returns its answer: the reply, its header, and
// whether an answer came at all.
func (w *world) serve(t testing.TB, peer string, frame []byte) (envelope.Reply, envelope.Header, error) {
	t.Helper()
	var answers [][]byte
	err := w.relays[city].Serve(t.Context(), name(t, peer), frame, func(frame []byte) error {
		answers = append(answers, frame)
		return nil
	})
	if err != nil {
		if len(answers) > 0 {
			t.Errorf("%d answers beside %v", len(answers), err)
		}
		return envelope.Reply{}, envelope.Header{}, err
	}
	if len(answers) != 1 {
		t.Fatalf("%d answers", len(answers))
	}
	request, err := envelope.Decode(frame)
	if err != nil {
		t.Fatal(err)
	}
	e, err := envelope.Decode(answers[0])
	if err != nil {
		t.Fatal(err)
	}
	h := e.Header()
	var opener *envelope.Opener
	if k, ok := w.keys[h.Destination.String()]; ok {
		opener = envelope.NewOpener(k)
	}
	m, err := envelope.Open(e, w.keys[h.Origin.String()].sets, opener, today)
	if err != nil {
		t.Fatal(err)
	}
	if h.Kind != envelope.Answer || h.Destination != request.Header().Origin || m.ContentType != envelope.AnswerType || e.Hop.Trace != request.Hop.Trace {
		t.Errorf("answered with %+v of type %s", h, m.ContentType)
	}
	reply, err := envelope.DecodeReply(m.Content, request.Hash())
	if err != nil {
		t.Fatal(err)
	}
	return reply, h, nil
}

// TestRefused makes one change to a request that would be served.
func TestRefused(t *testing.T) {
	w := newWorld(t)
	impostor, unknown := newKeys(t, county), newKeys(t, "town."+county)
	w.gone["wudang."+city] = true
	w.keys["wudang."+city] = newKeys(t, "wudang."+city)
	w.trust[name(t, "wudang."+city)] = w.keys["wudang."+city].sets
	for what, row := range map[string]struct {
		edit func(*draft)
		peer string
		code Code // 0: served
		args []string
	}{
		"as it is":                       {func(*draft) {}, county, 0, nil},
		"at its end":                     {func(d *draft) { d.move(-time.Minute) }, county, 0, nil},
		"after its end":                  {func(d *draft) { d.move(-time.Minute - 1*time.Millisecond) }, county, MessageExpired, []string{county}},
		"five minutes early":             {func(d *draft) { d.move(5 * time.Minute) }, county, 0, nil},
		"earlier":                        {func(d *draft) { d.move(6*time.Minute + 400*time.Millisecond) }, county, MessageFuture, []string{county, "6m0s"}},
		"to a sibling":                   {func(d *draft) { d.Header.Destination = name(t, "wudang."+city) }, county, Unreachable, []string{"wudang." + city, NotEndorsed}},
		"to whom it came from":           {func(d *draft) { d.Header.Destination = name(t, "town."+county) }, county, Unreachable, []string{"town." + county, NoRoute}},
		"from elsewhere":                 {func(*draft) {}, province, WayRefused, []string{county, province}},
		"from a stranger":                {func(*draft) {}, "zunyi.guizhou", WayRefused, []string{county, "zunyi.guizhou"}},
		"from oneself":                   {func(*draft) {}, city, WayRefused, []string{county, city}},
		"of another, from a child":       {func(d *draft) { d.Header.Origin = name(t, province) }, county, WayRefused, []string{province, county}},
		"of an unknown origin":           {func(d *draft) { d.Header.Origin, d.by = unknown.Name(), unknown }, county, MessageRefused, []string{"town." + county, NotEndorsed}},
		"of a child that was withdrawn":  {func(d *draft) { d.Header.Origin = name(t, "wudang."+city) }, "wudang." + city, MessageRefused, []string{"wudang." + city, NotEndorsed}},
		"signed by another of the name":  {func(d *draft) { d.by = impostor }, county, MessageRefused, []string{county, UnknownKey}},
		"signed by the child's parent":   {func(d *draft) { d.by = w.keys[city] }, county, MessageRefused, []string{county, UnknownKey}},
		"with another's body":            {func(d *draft) { d.after = w.swapBody(t) }, county, MessageRefused, []string{county, badBody}},
		"with another's statement":       {func(d *draft) { d.after = w.swapStatement(t) }, county, MessageRefused, []string{county, badSignature}},
		"encrypted to another":           {func(d *draft) { d.to = impostor.recipient(t) }, county, MessageRefused, []string{county, badBody}},
		"in the clear":                   {func(d *draft) { d.to = nil }, county, 0, nil},
		"of the longest life":            {func(d *draft) { d.Header.Expires = today.Add(MaxLife) }, county, 0, nil},
		"of too long a life":             {func(d *draft) { d.Header.Expires = today.Add(MaxLife + time.Millisecond) }, county, MessageRefused, []string{county, longLife}},
		"at the last hop":                {func(d *draft) { d.hop.Hops = 1 }, county, 0, nil},
		"after its last hop":             {func(d *draft) { d.hop.Hops = 0 }, county, MessageRefused, []string{county, noHops}},
		"for which nobody waits":         {func(d *draft) { d.hop.Remaining = 0 }, county, Late, []string{city}},
		"for which one waits for ever":   {func(d *draft) { d.hop.Remaining = math.MaxUint32 }, county, 0, nil},
		"for what nobody serves":         {func(d *draft) { d.Content = contentFor(t, "no-such") }, county, UnknownOperation, []string{"no-such", city}},
		"without sense":                  {func(d *draft) { d.Content = []byte("sense") }, county, MessageRefused, []string{county, badForm}},
		"with the content of an answer":  {func(d *draft) { d.ContentType = envelope.AnswerType }, county, MessageRefused, []string{county, badForm}},
		"of the province, from the city": {func(d *draft) { d.Header.Origin, d.by = name(t, province), w.keys[province] }, province, 0, nil},
	} {
		w.served, w.refused = nil, nil
		d := w.draft(t)
		row.edit(d)
		reply, h, err := w.serve(t, row.peer, d.frame(t))
		if err != nil {
			t.Errorf("%s: got %v, want an answer", what, err)
			continue
		}
		if row.code == 0 {
			if reply.Problem != nil || string(reply.Result) != "seen "+village || len(w.served) != 1 || h.DecryptionKey == nil {
				t.Errorf("%s: got problem %v, result %q", what, reply.Problem, reply.Result)
			}
			continue
		}
		if p := reply.Problem; p == nil || p.Code != uint16(row.code) || !slices.Equal(p.Args, row.args) || len(w.served) != 0 {
			t.Errorf("%s: got problem %v, %d served, want %d %q", what, p, len(w.served), row.code, row.args)
		}
		if len(w.refused) != 1 || w.refused[0].Code != uint16(row.code) {
			t.Errorf("%s: the log was told %v", what, w.refused)
		}
		_, known := w.trust[h.Destination]
		if known = known && w.refused[0].Reason() != UnknownKey; known != (h.DecryptionKey != nil) {
			t.Errorf("%s: encrypted %v, and a key of the asker is known: %v", what, h.DecryptionKey != nil, known)
		}
	}
}

func (d *draft) move(by time.Duration) {
	d.Header.Issued, d.Header.Expires = d.Header.Issued.Add(by), d.Header.Expires.Add(by)
}

func contentFor(t testing.TB, operation string) []byte {
	content, err := envelope.Call{Operation: label(t, operation), Parameters: []byte{}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// swapBody and swapStatement put the part of another message, of the same origin and length, into a
// frame.
func (w *world) swapBody(t testing.TB) func([]byte) []byte {
	other := parts(t, w.draft(t).frame(t))
	return func(frame []byte) []byte {
		f := parts(t, frame)
		f.Body = other.Body
		return f.frame(t)
	}
}

func (w *world) swapStatement(t testing.TB) func([]byte) []byte {
	other := parts(t, w.draft(t).frame(t))
	return func(frame []byte) []byte {
		f := parts(t, frame)
		f.Statement = other.Statement
		return f.frame(t)
	}
}

// TestNotAnswered: a frame that is not a request of another jurisdiction gets no answer, and Serve
// returns CodeMalformed.
func TestNotAnswered(t *testing.T) {
	w := newWorld(t)
	whole := w.draft(t).frame(t)
	answer, own := w.draft(t), w.draft(t)
	answer.Header.Kind = envelope.Answer
	own.Header.Origin, own.Header.Destination = name(t, city), name(t, county)
	for what, frame := range map[string][]byte{
		"nothing": nil, "half": whole[:len(whole)/2], "more": append(bytes.Clone(whole), 0), "an answer": answer.frame(t),
		"one's own": own.frame(t),
	} {
		_, _, err := w.serve(t, county, frame)
		if coded, ok := errors.AsType[*link.CodeError](err); !ok || coded.Code != link.CodeMalformed {
			t.Errorf("%s: got %v, want CodeMalformed", what, err)
		}
	}
	broken := errors.New("broken")
	err := w.relays[city].Serve(t.Context(), name(t, county), whole, func([]byte) error { return broken })
	if !errors.Is(err, broken) {
		t.Errorf("an answer that cannot be written: got %v", err)
	}
}

// TestEveryByteOfARequest flips each byte of a request in turn. The hop header is not signed; any
// other change is refused.
func TestEveryByteOfARequest(t *testing.T) {
	w := newWorld(t)
	frame := w.draft(t).frame(t)
	signed := bytes.Index(frame, parts(t, frame).Outer)
	served := 0
	for i := range frame {
		frame[i] ^= 1 << (i % 8)
		w.served = nil
		reply, _, err := w.serve(t, county, frame)
		switch {
		case err == nil && reply.Problem == nil && (i >= signed || string(reply.Result) != "seen "+village):
			t.Errorf("byte %d of %d flipped and still served: %q", i, len(frame), reply.Result)
		case err == nil && reply.Problem == nil:
			served++
		case len(w.served) > 0:
			t.Errorf("byte %d of %d flipped, refused and served", i, len(frame))
		}
		frame[i] ^= 1 << (i % 8)
	}
	if served < envelope.TraceLen {
		t.Errorf("with %d bytes of the hop header flipped it was served, want at least the trace's %d", served, envelope.TraceLen)
	}
}

// TestReplay: the relay remembers no id, so the operation, which refuses a seen id, gets a repeated
// request each time.
func TestReplay(t *testing.T) {
	w := newWorld(t)
	d := w.draft(t)
	frame := d.frame(t)
	for range 2 {
		if reply, _, err := w.serve(t, county, frame); err != nil || reply.Problem != nil {
			t.Fatalf("got %v, %v", reply.Problem, err)
		}
	}
	if len(w.served) != 2 || w.served[0].Header.ID != d.Header.ID || w.served[1].Header.ID != d.Header.ID ||
		!bytes.Equal(w.served[0].Evidence, w.served[1].Evidence) {
		t.Errorf("served %+v", w.served)
	}
}

// TestErrorsOfOperations: errors become problems, cut to the size that an answer can hold.
func TestErrorsOfOperations(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("州", 400)
	for what, row := range map[string]struct {
		result Result
		err    error
		code   Code
		args   []string
	}{
		"a refusal":      {Result{}, &businessRefusal{24, []string{"household-register", "《民法典》"}}, 24, []string{"household-register", "《民法典》"}},
		"without values": {Result{}, &businessRefusal{29, nil}, 29, []string{}},
		"another error":  {Result{}, errors.New("page 7 of the secret file"), 7, []string{}},
		"with a result":  {Result{Content: []byte("secret")}, &businessRefusal{24, nil}, 24, []string{}},
		"a long value":   {Result{}, &businessRefusal{24, []string{long}}, 24, []string{strings.Repeat("州", 341)}},
		"no text":        {Result{}, &businessRefusal{24, []string{"a\xffb"}}, 24, []string{"a\uFFFDb"}},
		"many values":    {Result{}, &businessRefusal{24, make([]string, 20)}, 24, make([]string, maxArgs)},
		"too much":       {Result{Content: make([]byte, MaxData+1)}, nil, TooLarge, []string{city, strconv.Itoa(MaxData + 1), strconv.Itoa(MaxData)}},
	} {
		w.operation = func(context.Context, Received) (Result, error) { return row.result, row.err }
		_, err := w.relays[county].Ask(t.Context(), newID(t), name(t, city), query(t))
		wantProblem(t, what, err, city, row.code, row.args...)
	}
	most := Result{Content: make([]byte, MaxData), Entry: entryOf(t, name(t, city))}
	w.operation = func(context.Context, Received) (Result, error) { return most, nil }
	call := query(t)
	call.Parameters = make([]byte, MaxData)
	if got, err := w.relays[county].Ask(t.Context(), newID(t), name(t, city), call); err != nil || len(got.Content) != MaxData {
		t.Errorf("the most: got %d bytes, %v", len(got.Content), err)
	}
	call.Parameters = make([]byte, MaxData+1)
	_, err := w.relays[county].Ask(t.Context(), newID(t), name(t, city), call)
	wantProblem(t, "too much asked", err, county, TooLarge, county, strconv.Itoa(MaxData+1), strconv.Itoa(MaxData))
}

func FuzzServe(f *testing.F) {
	w := newWorld(f)
	whole := w.draft(f).frame(f)
	open, answer := w.draft(f), w.draft(f)
	open.to = nil
	answer.Header.Kind = envelope.Answer
	inClear := open.frame(f)
	referring, err := envelope.Decode(whole)
	if err != nil {
		f.Fatal(err)
	}
	byHash, err := referring.ByReference().Encode()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{whole, inClear, byHash, answer.frame(f), whole[:100], nil} {
		f.Add(seed)
	}
	proven := map[string]bool{}
	for _, seed := range [][]byte{whole, inClear} {
		s := parts(f, seed)
		proven[string(s.Outer)+string(s.Statement)] = true
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		w.served = nil
		written := 0
		err := w.relays[city].Serve(t.Context(), name(t, county), data, func(frame []byte) error {
			written++
			if _, err := envelope.Decode(frame); err != nil {
				t.Errorf("answered with %x: %v", frame, err)
			}
			return nil
		})
		if (err == nil) != (written == 1) || written > 1 {
			t.Errorf("%d answers, %v", written, err)
		}
		if len(w.served) > 0 {
			if s := parts(t, data); !proven[string(s.Outer)+string(s.Statement)] {
				t.Errorf("served what nobody signed: %x", data)
			}
		}
	})
}
