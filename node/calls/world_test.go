package calls

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/catalog"
	"xietong/node/host"
	"xietong/node/records"
	"xietong/node/sharing"
	"xietong/node/text"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func label(s string) identity.Label { return must(identity.ParseLabel(s)) }

func newID() identity.Message { return must(identity.NewMessage()) }

var (
	guiyang  = must(identity.ParseJurisdiction("guiyang.guizhou"))
	nanming  = must(identity.ParseJurisdiction("nanming.guiyang.guizhou"))
	civil    = label("civil-affairs") // provides, in both
	water    = label("water")
	villages = label("villages")
	applied  = sharing.Application{
		Basis: "《居住证暂行条例》", Scenario: "居住证办理", Scope: "南明区", Method: "query",
		Until: time.Now().AddDate(1, 0, 0).Format(time.RFC3339),
	}
)

const (
	purpose = "residence-check"
	schema  = `{"type":"object","required":["code","name"],"properties":{
		"code":{"type":"string","pattern":"^[0-9]{12}$"},"name":{"type":"string"},"households":{"type":["integer","null"]}}}`
)

// place is one hosted jurisdiction, as a node has it.
type place struct {
	*host.Host
	name    identity.Jurisdiction
	dir     string
	records *records.Desk
	desk    *Desk
	relay   *relay.Relay
	sets    []trust.KeySet
	broken  error // what Propose gives instead of keeping what was asked
	lie     func(*gather.Share)
}

// Propose fails where the test says so.
func (p *place) Propose(ctx context.Context, kind state.Kind, id identity.Message, asked, body []byte) ([]byte, error) {
	if kind == state.Kind(commandAsked) && p.broken != nil {
		return nil, p.broken
	}
	return p.Host.Propose(ctx, kind, id, asked, body)
}

// Ask makes a place its desk's Asker before its relay is there.
func (p *place) Ask(ctx context.Context, id identity.Message, to identity.Jurisdiction, call envelope.Call) (relay.Answer, error) {
	return p.relay.Ask(ctx, id, to, call)
}

// world is a city and a county, whose relays are joined by links in memory.
type world struct {
	city, county *place
	mu           sync.Mutex
	frames       [][]byte // requests, as they went
	lost         bool     // answers do not come back
	cut          error    // nothing is sent
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{city: &place{name: guiyang, dir: t.TempDir()}, county: &place{name: nanming, dir: t.TempDir()}}
	for _, p := range []*place{w.city, w.county} {
		w.open(t, p)
		t.Cleanup(func() {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
		p.found(t)
	}
	return w
}

func (w *world) open(t *testing.T, p *place) {
	t.Helper()
	must(host.Create(p.dir, p.name, time.Now(), 1))
	registry := state.NewRegistry()
	catalog.Register(registry)
	records.Register(registry)
	sharing.Register(registry, records.Standing, nil)
	Register(registry)
	var err error
	p.Host, err = host.Open(t.Context(), p.dir, p.name, host.Options{
		Registry: registry, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	p.sets = must(trust.Walk(must(p.Pin()), must(p.KeySets(t.Context()))))
	p.records = records.NewDesk(p.Host)
	p.desk = NewDesk(p, p.records, p, around{w, p})
	p.relay = relay.New(relay.Local{
		Name:   p.name,
		Parent: func() (identity.Jurisdiction, bool) { return guiyang, p == w.county },
		Child:  func(child identity.Jurisdiction) bool { return p == w.city && child == nanming },
		Signer: func() envelope.Signer { return p.Signer() }, Opener: envelope.NewOpener(p.Host), Trust: w, Links: w, Operations: p.desk.Operations(), Problem: Problem,
		Federated: map[identity.Label]relay.Operation{opGather: p.gather},
		Now:       time.Now,
	})
}

// Federate and Share are those of the relay too.
func (p *place) Federate(ctx context.Context, id identity.Message, to identity.Jurisdiction, call envelope.Call) (relay.Answer, error) {
	return p.relay.Federate(ctx, id, to, call)
}

func (p *place) Share(ctx context.Context, received relay.Received, child identity.Jurisdiction) (relay.Answer, error) {
	return p.relay.Share(ctx, received, child)
}

// around is the tree of the two, as one of them knows it.
type around struct {
	*world
	of *place
}

func (around) Roster() gather.Roster {
	return gather.Roster{Number: 1, Places: []gather.Place{{Name: guiyang, Level: "prefecture"}, {Name: nanming, Level: "county"}}}
}

func (a around) Children() []identity.Jurisdiction {
	if a.of == a.city {
		return []identity.Jurisdiction{nanming}
	}
	return nil
}

func (around) LastHeard(identity.Jurisdiction) (never time.Time) { return never }

// gather serves a federated request, with what the test makes of the share before it is signed.
func (p *place) gather(ctx context.Context, r relay.Received) (relay.Result, error) {
	result, err := p.desk.serveGather(ctx, r)
	if err != nil || p.lie == nil {
		return result, err
	}
	share := must(gather.Decode(result.Content))
	p.lie(&share)
	result.Content = must(share.Encode())
	return result, nil
}

func (w *world) reopen(t *testing.T, p *place) {
	t.Helper()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	w.open(t, p)
}

func (w *world) place(name identity.Jurisdiction) *place {
	if name == guiyang {
		return w.city
	}
	return w.county
}

// KeySets believes both.
func (w *world) KeySets(_ context.Context, of identity.Jurisdiction, _ bool) ([]trust.KeySet, error) {
	return w.place(of).sets, nil
}

// Exchange carries a request to the relay at the other end.
func (w *world) Exchange(ctx context.Context, local, to identity.Jurisdiction, request []byte, each func([]byte) error) error {
	if w.cut != nil {
		return w.cut
	}
	w.mu.Lock()
	w.frames = append(w.frames, bytes.Clone(request))
	w.mu.Unlock()
	return w.place(to).relay.Serve(ctx, local, request, func(frame []byte) error {
		if w.lost {
			return errors.New("the link broke")
		}
		return each(frame)
	})
}

// found registers the agencies and publishes the datasets: one for anybody, one on conditions, one that is not shared.
func (p *place) found(t *testing.T) {
	t.Helper()
	for _, code := range []identity.Label{civil, water} {
		must(catalog.AddAgency(t.Context(), p.Host, identity.Message{}, catalog.Agency{Code: code, Title: code.String()}))
	}
	for code, category := range map[string]string{"villages": "unconditional", "loans": "conditional", "fingerprints": "not-shared"} {
		e := catalog.Entry{
			Code: label(code), Title: "目录 " + code, Agency: civil, Category: category, Key: "code", NotSecret: true, UpdateCycle: "yearly",
			Purposes: []catalog.Purpose{{Code: label(purpose), Title: "居住地核验"}, {Code: label("statistics"), Title: "统计"}},
			Schema:   []byte(schema),
		}
		if category == "not-shared" {
			e.Citation = "《居民身份证法》第十九条"
		}
		must(catalog.Publish(t.Context(), p.Host, newID(), e))
	}
	p.put(t, 1, "纪念塔社区")
}

func village(n int, name string) string {
	return fmt.Sprintf(`{"code":"520102016%03d","households":%d,"name":"%s"}`, n, n, name)
}

func (p *place) put(t *testing.T, n int, name string) {
	t.Helper()
	if _, _, err := p.records.Put(t.Context(), newID(), civil, villages, []byte(village(n, name))); err != nil {
		t.Fatal(err)
	}
}

func lookup() records.Question {
	return records.Question{Dataset: villages, Key: "520102016001", Purpose: purpose, Application: applied}
}

// size returns how many entries the ledger has.
func (p *place) size(t *testing.T) (size uint64) {
	t.Helper()
	if err := p.View(t.Context(), func(r *state.Reader) error { size = r.Size(); return nil }); err != nil {
		t.Fatal(err)
	}
	return size
}

// entryAt returns the head and the payload, decoded from JSON, of an entry of the ledger.
func (p *place) entryAt(t *testing.T, e identity.Entry) (head ledger.Head, said map[string]any) {
	t.Helper()
	if e.Log() != p.Log() {
		t.Fatalf("%s is no entry of %s", e, p.Log())
	}
	err := p.View(t.Context(), func(r *state.Reader) error {
		leaf, err := ledger.DecodeLeaf(r.Leaf(e.Index()))
		if err != nil {
			return err
		}
		head = leaf.Head
		payload, err := p.Payload(r, e.Index())
		if err != nil {
			return err
		}
		return json.Unmarshal(payload, &said)
	})
	if err != nil {
		t.Fatal(err)
	}
	return head, said
}

// refused demands the failure.
func refused(t *testing.T, what string, err error, want text.Code) {
	t.Helper()
	if err == nil || Failure(err).Code != want {
		t.Errorf("%s: got %v, want %s", what, err, want)
	}
}
