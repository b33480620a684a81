package relay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/envelope"
	"xietong/exchange/link"
)

var today = time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)

const (
	province = "guizhou"
	city     = "guiyang.guizhou"
	county   = "nanming.guiyang.guizhou"
	village  = `{"code":"520102016001"}`
)

func name(t testing.TB, s string) identity.Jurisdiction {
	t.Helper()
	j, err := identity.ParseJurisdiction(s)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func label(t testing.TB, s string) identity.Label {
	t.Helper()
	l, err := identity.ParseLabel(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func newID(t testing.TB) identity.Message {
	t.Helper()
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// keys are the keys of a jurisdiction.
type keys struct {
	*authority.Authority
	sets []trust.Believed
}

func newKeys(t testing.TB, s string) keys {
	t.Helper()
	r, _ := identity.NewReplica(1)
	a, err := authority.Create(t.TempDir(), name(t, s), r, today)
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
	return keys{a, trust.Always(sets...)}
}

func (k keys) recipient(t testing.TB) *envelope.Recipient {
	t.Helper()
	to, err := envelope.NewRecipient(k.sets[0].DecryptionKey, func() time.Time { return today })
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// believed is a Trust that a test changes.
type believed map[identity.Jurisdiction][]trust.Believed

func (b believed) KeySets(_ context.Context, of identity.Jurisdiction, _ bool) ([]trust.Believed, error) {
	if sets := b[of]; len(sets) > 0 {
		return sets, nil
	}
	return nil, fmt.Errorf("the secret of %s", of)
}

func (b believed) Kept(of identity.Jurisdiction) []trust.Believed { return b[of] }

// world is a province, a city and a county, whose relays are joined by links in memory.
type world struct {
	keys   map[string]keys
	relays map[string]*Relay
	trust  believed
	gone   map[string]bool // children that are no longer endorsed
	clock  map[string]time.Duration
	// The links: the changes to frames, the failures, and the frames that went over the links.
	request, answer func([]byte) []byte
	broken          error
	brokenAt        string                         // cannot be reached; "": no jurisdiction can
	answerOf        map[string]func([]byte) []byte // changes of the answer, by its sender
	mu              sync.Mutex
	frames          [][]byte
	refused         []*Problem
	served          []Received
	operation       Operation
	added           func(by string, of []Answer) // called with the answers that are added up
}

func newWorld(t testing.TB) *world {
	t.Helper()
	same := func(frame []byte) []byte { return frame }
	w := &world{
		keys: map[string]keys{}, relays: map[string]*Relay{}, trust: believed{}, gone: map[string]bool{},
		clock: map[string]time.Duration{}, request: same, answer: same,
	}
	w.operation = func(_ context.Context, r Received) (Result, error) {
		return Result{Content: append([]byte("seen "), r.Call.Parameters...), Entry: entryOf(t, r.Header.Destination)}, nil
	}
	w.add(t, province, city, county)
	return w
}

// add adds jurisdictions with trusted keys.
func (w *world) add(t testing.TB, names ...string) {
	for _, s := range names {
		w.keys[s] = newKeys(t, s)
		w.trust[name(t, s)] = w.keys[s].sets
		w.relays[s] = New(w.local(t, s))
	}
}

func entryOf(t testing.TB, j identity.Jurisdiction) identity.Entry {
	l, err := identity.NewLog(j, 1)
	if err != nil {
		t.Fatal(err)
	}
	e, err := identity.NewEntry(l, 7)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (w *world) local(t testing.TB, s string) Local {
	self := name(t, s)
	operations := NewRegistry()
	operations.Register("query", func(ctx context.Context, r Received) (Result, error) {
		w.mu.Lock()
		w.served = append(w.served, r)
		w.mu.Unlock()
		return w.operation(ctx, r)
	})
	operations.RegisterFederated("gather", func(ctx context.Context, r Received) (Result, error) {
		return w.gather(ctx, t, w.relays[s], r)
	})
	return Local{
		Name:   self,
		Parent: self.Parent,
		Child: func(child identity.Jurisdiction) bool {
			_, known := w.keys[child.String()]
			return known && !w.gone[child.String()]
		},
		Signer: func() envelope.Signer { return w.keys[s] }, Opener: envelope.NewOpener(w.keys[s]), Trust: w.trust, Links: w,
		Operations: operations,
		Problem: func(err error) (uint16, []string) {
			if refusal, ok := errors.AsType[*businessRefusal](err); ok {
				return refusal.code, refusal.args
			}
			return 7, nil
		},
		Now: func() time.Time { return today.Add(w.clock[s]) },
		Refused: func(_ identity.Jurisdiction, _ envelope.Header, p *Problem) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.refused = append(w.refused, p)
		},
	}
}

type businessRefusal struct {
	code uint16
	args []string
}

func (*businessRefusal) Error() string { return "refused by the business" }

// Exchange carries a request to the relay at the other end. As over a link, serving goes on with an
// ended context when nobody waits any more, and knows nothing of the context of who sent it.
func (w *world) Exchange(ctx context.Context, local, to identity.Jurisdiction, request []byte, each func([]byte) error) error {
	w.mu.Lock()
	w.frames = append(w.frames, bytes.Clone(request))
	w.mu.Unlock()
	if w.broken != nil && (w.brokenAt == "" || w.brokenAt == to.String()) {
		return w.broken
	}
	answer := w.answer
	if w.answerOf[to.String()] != nil {
		answer = w.answerOf[to.String()]
	}
	serving, cancel := context.WithCancel(context.Background())
	defer cancel()
	var taking sync.Mutex // held while a frame is taken
	done, over := make(chan error, 1), false
	go func() {
		done <- w.relays[to.String()].Serve(serving, local, w.request(request), func(frame []byte) error {
			w.mu.Lock()
			w.frames = append(w.frames, bytes.Clone(frame))
			w.mu.Unlock()
			taking.Lock()
			defer taking.Unlock()
			if over {
				return context.Canceled
			}
			return each(answer(frame))
		})
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		taking.Lock()
		defer taking.Unlock()
		over = true // whoever asked takes no frame any more
		return context.Cause(ctx)
	}
}

func query(t testing.TB) envelope.Call {
	return envelope.Call{Operation: label(t, "query"), Parameters: []byte(village)}
}

// wantProblem checks that err is the problem.
func wantProblem(t *testing.T, what string, err error, at string, code Code, args ...string) {
	t.Helper()
	p, ok := errors.AsType[*Problem](err)
	if !ok || p.At != name(t, at) || p.Code != uint16(code) || !slices.Equal(p.Args, args) {
		t.Errorf("%s: got %v, want code %d %q at %s", what, err, code, args, at)
	}
}

func TestBothWays(t *testing.T) {
	w := newWorld(t)
	for _, row := range []struct{ from, to string }{{county, city}, {city, county}, {province, city}, {city, province}} {
		w.frames, w.served = nil, nil
		got, err := w.relays[row.from].Ask(t.Context(), newID(t), name(t, row.to), query(t))
		if err != nil || string(got.Content) != "seen "+village || got.Entry != entryOf(t, name(t, row.to)) {
			t.Fatalf("%s asks %s: got %q, %v", row.from, row.to, got.Content, err)
		}
		if len(w.served) != 1 || len(w.frames) != 2 {
			t.Fatalf("served %d times, with %d frames", len(w.served), len(w.frames))
		}
		r := w.served[0]
		if r.Header.Origin != name(t, row.from) || r.Header.ID != got.ID || string(r.Call.Parameters) != village {
			t.Errorf("%s was served %+v", row.from, r)
		}
		if got.Request != sha256.Sum256(r.Evidence) {
			t.Error("the answer names another request than was served")
		}
		for _, frame := range w.frames {
			if bytes.Contains(frame, []byte("5201020")) {
				t.Error("a frame tells what is in it")
			}
		}
		for s, evidence := range map[string][]byte{row.from: r.Evidence, row.to: got.Evidence} {
			if h, _, err := VerifyEvidence(evidence, w.keys[s].sets); err != nil || h.Origin != name(t, s) {
				t.Errorf("the evidence of %s: %+v, %v", s, h, err)
			}
		}
	}
	if len(w.refused) > 0 {
		t.Errorf("refused: %v", w.refused)
	}
}

func TestSteps(t *testing.T) {
	w := newWorld(t)
	var got []string
	for s := range w.keys {
		l := w.local(t, s)
		l.Steps = func(step string, took time.Duration) {
			if took < 0 {
				t.Errorf("%s took %v", step, took)
			}
			got = append(got, step)
		}
		w.relays[s] = New(l)
	}
	if _, err := w.relays[county].Ask(t.Context(), newID(t), name(t, city), query(t)); err != nil {
		t.Fatal(err)
	}
	want := []string{AskSign, ServeVerify, ServeRun, ServeSign, AskSend, AskVerify}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestEvidence checks that every byte of an evidence counts, and that the evidence holds long after
// the message has expired.
func TestEvidence(t *testing.T) {
	w := newWorld(t)
	if _, err := w.relays[county].Ask(t.Context(), newID(t), name(t, city), query(t)); err != nil {
		t.Fatal(err)
	}
	e, err := envelope.Decode(w.frames[0])
	if err != nil {
		t.Fatal(err)
	}
	evidence := Evidence(e)
	if !bytes.Equal(evidence, w.served[0].Evidence) || e.Hash() != sha256.Sum256(evidence) {
		t.Error("the evidence is not what was served, or not what is hashed")
	}
	m, err := envelope.Open(e, w.keys[county].sets, envelope.NewOpener(w.keys[city]), today)
	if err != nil {
		t.Fatal(err)
	}
	h, commitment, err := VerifyEvidence(evidence, w.keys[county].sets)
	if err != nil || h.ID != m.Header.ID || commitment == [32]byte{} {
		t.Errorf("got %+v, %x, %v", h, commitment, err)
	}
	if _, _, err := VerifyEvidence(evidence, w.keys[city].sets); !errors.Is(err, envelope.ErrUnknownKey) {
		t.Errorf("by the keys of another: got %v, want ErrUnknownKey", err)
	}
	for i := range evidence {
		evidence[i] ^= 1 << (i % 8)
		if _, _, err := VerifyEvidence(evidence, w.keys[county].sets); err == nil {
			t.Errorf("byte %d of %d flipped and still taken", i, len(evidence))
		}
		evidence[i] ^= 1 << (i % 8)
	}
	for what, bad := range map[string][]byte{"nothing": nil, "more": append(bytes.Clone(evidence), 0), "long": make([]byte, maxEvidence+1)} {
		if _, _, err := VerifyEvidence(bad, w.keys[county].sets); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}

// TestRefusalIsEvidence checks that a refusal of another jurisdiction bears its signature.
func TestRefusalIsEvidence(t *testing.T) {
	w := newWorld(t)
	w.operation = func(context.Context, Received) (Result, error) { return Result{}, &businessRefusal{code: 25} }
	_, err := w.relays[county].Ask(t.Context(), newID(t), name(t, city), query(t))
	p, ok := errors.AsType[*Problem](err)
	if !ok || p.Code != 25 || p.Request != sha256.Sum256(w.served[0].Evidence) {
		t.Fatalf("got %v, want a refusal of the request", err)
	}
	if h, _, err := VerifyEvidence(p.Evidence, w.keys[city].sets); err != nil || h.Origin != name(t, city) {
		t.Errorf("got evidence of %s, %v", h.Origin, err)
	}
	w.broken = link.ErrNoLink
	_, err = w.relays[county].Ask(t.Context(), newID(t), name(t, city), query(t))
	if p, ok := errors.AsType[*Problem](err); !ok || p.Evidence != nil || p.Request != [32]byte{} {
		t.Errorf("nobody answered: got %+v, want no evidence", err)
	}
}

// TestNewKeySet checks that a new key set is used at once, that a key has one recipient, and that
// the recipients are bounded.
func TestNewKeySet(t *testing.T) {
	w := newWorld(t)
	r := w.relays[county]
	keyOf := func() []byte {
		e, err := r.request(t.Context(), &pending{id: newID(t), kind: envelope.Request, to: name(t, city)}, query(t))
		if err != nil {
			t.Fatal(err)
		}
		return e.Header().DecryptionKey
	}
	first := keyOf()
	if want := sha256.Sum256(w.keys[city].sets[0].DecryptionKey); !bytes.Equal(first, want[:]) || !bytes.Equal(keyOf(), first) {
		t.Errorf("encrypted to %x, want %x", first, want)
	}
	if len(r.recipients.kept) != 1 {
		t.Errorf("%d recipients for one jurisdiction", len(r.recipients.kept))
	}
	next := w.keys[city].sets[0]
	next.Number, next.DecryptionKey = 2, newKeys(t, city).sets[0].DecryptionKey
	w.trust[name(t, city)] = append(slices.Clone(w.keys[city].sets), next)
	if want := sha256.Sum256(next.DecryptionKey); !bytes.Equal(keyOf(), want[:]) {
		t.Errorf("encrypted to another key than the newest")
	}
	if len(r.recipients.kept) != 1 {
		t.Errorf("%d recipients for one jurisdiction with two keys", len(r.recipients.kept))
	}
	for n := len(r.recipients.kept); n < maxRecipients; n++ {
		r.recipients.kept[name(t, fmt.Sprintf("c%d.guizhou", n))] = &recipient{}
	}
	if _, err := r.recipients.newest(w.keys[province].sets); err != nil || len(r.recipients.kept) != maxRecipients {
		t.Errorf("%d recipients, %v, want %d", len(r.recipients.kept), err, maxRecipients)
	}
	next.DecryptionKey = []byte("no key")
	w.trust[name(t, city)] = []trust.Believed{next}
	_, err := r.Ask(t.Context(), newID(t), name(t, city), query(t))
	wantProblem(t, "an unusable key", err, county, Unreachable, city, badEncryption)
}

var _ Links = (*link.Socket)(nil)
