package calls

import (
	"context"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// TestAnsweredOnce: two answers under one id, which an honest provider never gives, are not both
// shown.
func TestAnsweredOnce(t *testing.T) {
	registry := state.NewRegistry()
	catalog.Register(registry, nil)
	Register(registry)
	own := booktest.New(t, "nanming.guiyang.guizhou", registry)
	water, villages := label(t, "water"), label(t, "villages")
	if _, err := catalog.AddAgency(t.Context(), own, identity.Message{}, catalog.Agency{Code: water, Title: "water"}); err != nil {
		t.Fatal(err)
	}
	e := New(own, nil)
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	r := request{id: id, to: own.Name(), dataset: villages, call: envelope.Call{Operation: label(t, "query"), Agency: water}}
	first, err := e.record(t.Context(), r, outcome{evidence: []byte("a")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = e.record(t.Context(), r, outcome{evidence: []byte("b")}); !failure.Is(err, text.IDSeen) {
		t.Errorf("another answer: got %v, want %s", err, text.IDSeen)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	second, err := e.record(ended, r, outcome{number: text.Number(text.IDSeen), evidence: []byte("c")})
	if err != nil || second.Index() != first.Index()+1 {
		t.Errorf("a refusal, for nobody who waits: got %s, %v", second, err)
	}
	r.dataset = label(t, "typed-by-somebody")
	if _, err = e.record(t.Context(), r, outcome{number: text.Number(text.UnknownDataset)}); err != nil {
		t.Fatal(err)
	}
	heads := own.Heads(t, first.Index())
	if len(heads) != 3 || heads[0].Code != villages || heads[1].Code != villages || !heads[2].Code.IsZero() {
		t.Errorf("got the heads %+v", heads)
	}
}

// TestEndedAgencyIsShownNothing: the answer to an agency that ended while it waited is not
// recorded, so it is not shown.
func TestEndedAgencyIsShownNothing(t *testing.T) {
	const end book.Command[catalog.AgencyEnd, ledger.Ref] = 52 // as package reform has it
	registry := state.NewRegistry()
	catalog.Register(registry, nil)
	end.Handle(registry, catalog.ApplyEnd)
	Register(registry)
	own := booktest.New(t, "nanming.guiyang.guizhou", registry)
	water := label(t, "water")
	if _, err := catalog.AddAgency(t.Context(), own, identity.Message{}, catalog.Agency{Code: water, Title: "water"}); err != nil {
		t.Fatal(err)
	}
	body, err := catalog.EndOf(own, water, identity.Label{}, "机构改革")
	if err == nil {
		_, err = end.Do(t.Context(), own, book.Request{}, body)
	}
	if err != nil {
		t.Fatal(err)
	}
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	r := request{id: id, to: own.Name(), dataset: label(t, "villages"), call: envelope.Call{Operation: label(t, "query"), Agency: water}}
	if _, err := New(own, nil).record(t.Context(), r, outcome{evidence: []byte("a")}); !failure.Is(err, text.AgencyEnded) {
		t.Errorf("got %v, want %s", err, text.AgencyEnded)
	}
}

func label(t *testing.T, s string) identity.Label {
	t.Helper()
	l, err := identity.ParseLabel(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
