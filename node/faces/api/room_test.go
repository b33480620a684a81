package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/answers"
	"xietong/exchange/budget"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/business/catalog"
	"xietong/node/business/questions"
	"xietong/node/business/records"
	"xietong/node/business/sharing"
	"xietong/node/business/usage"
	"xietong/node/faces/client"
	"xietong/node/flows/adoption"
	"xietong/node/flows/anywhere"
	"xietong/node/flows/calls"
	"xietong/node/flows/drill"
	"xietong/node/flows/epochs"
	"xietong/node/flows/federated"
	"xietong/node/flows/granting"
	"xietong/node/flows/join"
	"xietong/node/flows/reform"
	"xietong/node/flows/selfcheck"
	"xietong/node/flows/witnessing"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/host"
	"xietong/node/ground/operation"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/ground/zone"
	"xietong/node/tree"
	"xietong/node/tree/breaks"
	"xietong/node/tree/chains"
	"xietong/node/tree/neighbours"
	"xietong/node/tree/rosters"
	"xietong/node/tree/standing"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var errNotHere = errors.New("not here")

// memory is a hosted jurisdiction whose ledger is in memory: it has no checkpoint and no chain, and
// its receipts are a constant text.
type memory struct{ *booktest.Ledger }

func (memory) Replica() identity.Replica { return must(identity.NewReplica(1)) }
func (memory) Leads() bool               { return true }
func (memory) Pin() (trust.Pin, error)   { return trust.Pin{}, nil }

func (m memory) Chain(context.Context) ([]trust.Level, trust.Pin, error) {
	return nil, trust.Confirmation{Child: m.Name(), Number: 1, Hash: make([]byte, 32)}.Pin(), nil
}

func (memory) GoesOn(context.Context, []trust.Link) error { return nil }

func (memory) Follow(_ context.Context, since uint64) (host.Followed, error) {
	if since > 0 {
		return host.Followed{}, host.ErrBeyond
	}
	return host.Followed{}, errNotHere
}

func (memory) Leaves(context.Context, uint64) ([][]byte, error) { return nil, errNotHere }

func (memory) ProveEndorsement(context.Context, uint64) ([]byte, error) { return nil, errNotHere }

func (m memory) Entry(ctx context.Context, index uint64) (e host.Entry, err error) {
	err = m.View(ctx, func(r *state.Reader) (err error) {
		data := r.Leaf(index)
		if data == nil {
			return book.ErrNoEntry
		}
		e.Name = r.Names().Entry(index)
		e.Leaf, err = ledger.DecodeLeaf(data)
		return err
	})
	return e, err
}

func (m memory) Receipt(ctx context.Context, index uint64) ([]byte, error) {
	if _, err := m.Entry(ctx, index); err != nil {
		return nil, err
	}
	return []byte("receipt"), nil
}

// nobody is a caller that reaches no other jurisdiction.
type nobody struct{}

var errAway = text.Fail(text.NotReady, text.Args{"reason": "away"}, nil)

func (nobody) Use(context.Context, operation.Asking, identity.Label, envelope.Call, func([]byte) (operation.Told, error)) (operation.Recorded, error) {
	return operation.Recorded{}, errAway
}

func (nobody) Read(context.Context, operation.Asking, envelope.Call) ([]byte, error) {
	return nil, errAway
}

func (nobody) Ask(context.Context, identity.Message, identity.Jurisdiction, envelope.Call) (relay.Answer, error) {
	return relay.Answer{}, errAway
}

func (nobody) Federate(context.Context, identity.Message, identity.Jurisdiction, envelope.Call) (relay.Answer, error) {
	return relay.Answer{}, errAway
}

// node is a node that hosts the jurisdictions.
type node struct {
	hosted []Hosted
	ended  []Ended
	clock  *booktest.Ledger
}

func (*node) Stop() bool { return false }
func (*node) Machine() (Machine, error) {
	return Machine{Data: "D", Free: 1 << 30, Reserve: 64 << 20}, nil
}

func (*node) EndHosting(context.Context, identity.Jurisdiction, identity.Message, string, string) (identity.Entry, error) {
	return identity.Entry{}, errAway
}

func (*node) HostingEnd(context.Context, identity.Jurisdiction) (join.Hosting, error) {
	return join.Hosting{}, errAway
}

func (*node) Hosts(identity.Jurisdiction) bool { return false }

func (n *node) Ended() []Ended                              { return n.ended }
func (n *node) Hosted() []Hosted                            { return n.hosted }
func (n *node) Zone() *time.Location                        { return zone.Home }
func (n *node) Now() time.Time                              { return n.clock.Clock }
func (*node) Link(_, _ identity.Jurisdiction) (l LinkState) { return l }
func (*node) Host(context.Context, identity.Jurisdiction, identity.Message, tree.Place, join.Keys) (join.Result, error) {
	return join.Result{}, text.Fail(text.NotListening, text.Args{"jurisdiction": "guizhou"}, nil)
}

// door is the API of a node that hosts a province, which has two agencies and a dataset of
// villages.
type door struct {
	*booktest.Ledger
	handler http.Handler
	server  *server
}

func newMemory(t *testing.T, name string) memory {
	t.Helper()
	registry := state.NewRegistry()
	catalog.Register(registry, records.LastChange)
	records.Register(registry)
	sharing.Register(registry, records.DatasetState, nil)
	calls.Register(registry)
	adoption.Register(registry, records.LastChange)
	reform.Register(registry)
	questions.Register(registry, catalog.Acts)
	tree.Register(registry)
	breaks.Register(registry)
	rosters.Register(registry, catalog.Acts)
	return memory{booktest.New(t, name, registry)}
}

func hostedIn(l memory) Hosted {
	now := func() time.Time { return l.Clock }
	published := rosters.New(l, nil, func(context.Context, identity.Jurisdiction) {})
	table := neighbours.New(l, now, slog.New(slog.DiscardHandler))
	broke := breaks.New(l, nil, now, slog.New(slog.DiscardHandler))
	found := chains.New(l, nil, table, broke, nil, now)
	where := standing.New(l, roster.Place{Name: l.Name(), Level: "province"}, zone.Home, table, found, published,
		func(identity.Jurisdiction) (never time.Time) { return never })
	desk := records.NewDesk(l)
	ask := anywhere.New(l, desk, sharing.NewDesk(l, records.DatasetState), nobody{})
	return Hosted{
		Trouble: func() []error { return nil },
		Ledger:  l, Standing: where, Records: desk, Ask: ask, Federated: federated.New(l, desk, ask, calls.New(l, nobody{}), nil, where),
		Adoption: adoption.New(l, func() string { return "province" }, ask, desk), Rosters: published,
		Breaks:   broke,
		Joining:  &join.Desk{Own: l, Standing: where, Breaks: broke, Chains: found, Addresses: func() []string { return nil }},
		Replicas: few{now: l.Clock},
		Usage:    usage.NewDesk(l, catalog.Providers),
		Drill:    &drill.Desk{Name: l.Name(), Now: now}, Keys: waiting{l.Name()}, Check: unasked{}, Witness: unwitnessed{}, Clock: undoubted{now}, Newest: undoubted{now}, Mending: undoubted{now},
		Reform:   &reform.Desk{Own: l},
		Granting: &granting.Desk{Own: l, Catalogue: desk, Lists: catalog.NewLists(l.Name(), nobody{}, now, slog.New(slog.DiscardHandler))},
	}
}

// undoubted is a clock for which somebody vouches.
type undoubted struct{ now func() time.Time }

func (u undoubted) ClockState() host.ClockState {
	return host.ClockState{Now: u.now(), Ledger: u.now(), By: host.BySystem}
}

func (undoubted) Continue(context.Context, identity.Message, string, epochs.Word) (none identity.Entry, err error) {
	return none, host.ErrNotInQuestion
}

func (undoubted) Repair(context.Context) (none host.Repair) { return none }

func (undoubted) AcceptClock(context.Context, identity.Message, string) (none identity.Entry, err error) {
	return none, host.ErrClockBelieved
}

// waiting are the keys of a jurisdiction whose last key set is not in use yet.
type waiting struct{ name identity.Jurisdiction }

func (w waiting) KeyStates(context.Context) ([]host.KeyState, *trust.Endorsement, error) {
	return nil, nil, &host.KeysError{In: w.name, Pending: 2}
}

func (waiting) Denied() *host.Denial { return nil }

func (waiting) Unvouched(context.Context) (until time.Time, err error) { return until, nil }

func (waiting) Taken(context.Context) (int, bool, error) { return 0, false, nil }

func (w waiting) NewKeys(_ context.Context, _ identity.Message, change host.Change) (uint64, error) {
	if change.Revoke {
		return 0, &host.KeysError{In: w.name, Pending: 2}
	}
	return 0, &host.KeysError{In: w.name, Again: time.Now()}
}

func open(t *testing.T) *door {
	t.Helper()
	l := newMemory(t, "guizhou")
	n := &node{hosted: []Hosted{hostedIn(l)}, clock: l.Ledger}
	logger := slog.New(slog.DiscardHandler)
	s := &server{version: "test", logger: logger, node: n, answers: answers.New[*recorder](maxKept), answering: budget.NewRoom(maxHeld)}
	d := &door{l.Ledger, s.handler(), s}
	for _, agency := range []string{"civil-affairs", "water"} {
		d.done(t, "POST", "/v1/agencies", "", client.NewAgency{Code: agency, Title: agency})
	}
	d.done(t, "POST", "/v1/datasets", "civil-affairs", villages())
	for _, code := range []string{"1", "2", "3"} {
		d.done(t, "POST", "/v1/datasets/villages/records", "civil-affairs", client.PutRecord{
			Record: json.RawMessage(`{"code":"` + code + `","name":"村` + code + `","people":` + code + `}`),
		})
	}
	return d
}

func villages() client.NewDataset {
	return client.NewDataset{
		Code: "villages", Title: "名录", Category: "unconditional", Key: "code", NotSecret: true,
		Purposes: []client.Purpose{{Code: "statistics", Title: "统计"}},
		Schema: json.RawMessage(`{"type":"object","required":["code"],"properties":{"code":{"type":"string"},
			"name":{"type":"string"},"people":{"type":"integer"}}}`),
		Measures: map[string][]string{"people": {"sum"}},
	}
}

// use is the purpose of a use, with its application.
var use = client.Use{
	Purpose: "statistics", Basis: "b", Scenario: "s", Scope: "s", Method: "m", Until: "2027-11-24T09:00:00Z",
}

// request is a request of the API.
type request struct {
	method, path string
	as           string // agency
	body         any    // a string is sent as it is
	edit         func(*http.Request)
}

// send sends a request under a new key.
func (d *door) send(t *testing.T, q request) *httptest.ResponseRecorder {
	t.Helper()
	var body io.Reader
	switch b := q.body.(type) {
	case nil:
	case string:
		body = strings.NewReader(b)
	default:
		body = bytes.NewReader(must(json.Marshal(b)))
	}
	r := httptest.NewRequestWithContext(t.Context(), q.method, q.path, body)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept-Language", "en")
	r.Header.Set(client.HeaderIdempotency, must(identity.NewMessage()).String())
	if q.as != "" {
		r.Header.Set(client.HeaderAgency, q.as)
	}
	if q.edit != nil {
		q.edit(r)
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(duplex{w}, r)
	return w
}

// duplex records an answer that may begin while the request is still being read.
type duplex struct{ *httptest.ResponseRecorder }

func (duplex) EnableFullDuplex() error { return nil }

// done sends a request that must succeed, and returns its answer.
func (d *door) done(t *testing.T, method, path, as string, body any) []byte {
	t.Helper()
	w := d.send(t, request{method: method, path: path, as: as, body: body})
	if w.Code != http.StatusOK {
		t.Fatalf("%s %s: got %d %s", method, path, w.Code, w.Body)
	}
	return w.Body.Bytes()
}

// refused demands a problem with the code and its status.
func (d *door) refused(t *testing.T, what string, q request, want text.Code) client.Problem {
	t.Helper()
	w := d.send(t, q)
	var p client.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Code != string(want) || w.Code != p.Status || w.Code < 400 {
		t.Errorf("%s: got %d %s, want %s", what, w.Code, w.Body, want)
	}
	if w.Code != text.Status(want) || p.Type != "/problems/"+string(want) || !strings.HasPrefix(p.Instance, "urn:uuid:0") {
		t.Errorf("%s: got status %d, type %s, instance %s, want status %d", what, w.Code, p.Type, p.Instance, text.Status(want))
	}
	if found := ofCommandLine.FindString(p.Detail + " " + p.Where + " " + p.Do); found != "" {
		t.Errorf("%s: %q is of the command line: %+v", what, found, p)
	}
	if kind := w.Header().Get("Content-Type"); kind != "application/problem+json" || p.Title == "" || p.Do == "" {
		t.Errorf("%s: got %s, %+v", what, kind, p)
	}
	return p
}

// ofCommandLine finds what a person at a terminal types.
var ofCommandLine = regexp.MustCompile(`--[a-z]|(^|[^.a-z])xietong [a-z]`)

// unwitnessed is a jurisdiction that no neighbour witnesses.
type unwitnessed struct{}

func (unwitnessed) Of(*state.Reader, identity.Jurisdiction) (v witnessing.View) { return v }
func (unwitnessed) Follow(context.Context, uint64) (f host.Followed, by []witnessing.Cosigned, err error) {
	return f, nil, text.Fail(text.NotWitnessed, text.Args{"log": "guizhou/log/1"}, nil)
}
func (unwitnessed) SawReceipt(context.Context, identity.Jurisdiction, []byte)          {}
func (unwitnessed) Findings(*state.Reader) []witnessing.Finding                        { return nil }
func (unwitnessed) KnownBelow(*state.Reader, identity.Jurisdiction) []witnessing.Known { return nil }
func (unwitnessed) ActsOf(_ *state.Reader, of identity.Jurisdiction) (*witnessing.Acts, error) {
	return nil, text.Fail(text.NoHeads, text.Args{"name": of.String()}, nil)
}
func (unwitnessed) Acknowledge(_ context.Context, _ identity.Message, about identity.Jurisdiction, _ string) (e identity.Entry, err error) {
	return e, text.Fail(text.NoFork, text.Args{"name": about.String()}, nil)
}

// unasked is a jurisdiction that asked nobody about its keys.
type unasked struct{}

func (unasked) View(context.Context) (v selfcheck.View, err error) { return v, nil }
func (unasked) Acknowledge(context.Context, identity.Message) (int, bool, error) {
	return 0, false, errAway
}
