package reform

import (
	"context"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

var ctx = context.Background()

// withdraw plans and withdraws a dataset.
func (w *world) withdraw(t fatal, code string) Done {
	t.Helper()
	p, err := w.desk.PlanWithdrawal(ctx, catalog.Actor{}, label(code))
	if err != nil {
		t.Fatalf("plan the withdrawal of %s: %v", code, err)
	}
	done, err := w.desk.Withdraw(ctx, newID(), catalog.Actor{}, label(code), Agreed{p.Hash, "不再采集"})
	if err != nil {
		t.Fatalf("withdraw %s: %v", code, err)
	}
	return done
}

func (w *world) end(t fatal, o Order) Done {
	t.Helper()
	p, err := w.desk.PlanEnd(ctx, catalog.Actor{}, o)
	if err != nil {
		t.Fatalf("plan the end of %s: %v", o.Agency, err)
	}
	done, err := w.desk.End(ctx, newID(), catalog.Actor{}, o, Agreed{p.Hash, "机构改革"})
	if err != nil {
		t.Fatalf("end %s: %v", o.Agency, err)
	}
	return done
}

func (w *world) states(t *testing.T, by, dataset string) (all []sharing.State) {
	t.Helper()
	err := w.View(ctx, func(r *state.Reader) error {
		for _, g := range sharing.GrantsOf(r, w.records, identity.NewAgency(w.Name(), label(by)), sharing.Wanted{Dataset: label(dataset)}) {
			all = append(all, g.State)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestWithdraw takes a dataset out: the plan names who loses it, nobody uses it, and each is told
// when and why; what came before stays. Publishing again brings the records back, and no grant.
func TestWithdraw(t *testing.T) {
	w := newWorld(t, "civil", "water", "tax")
	w.publish(t, "villages", "civil")
	w.put(t, "villages", "civil", "a")
	for _, by := range []string{"water", "tax", "civil"} {
		w.used(t, "before", by, "villages", "a", "")
	}
	kept, err := w.use("water", "villages", "a")
	if err != nil {
		t.Fatal(err)
	}
	p, err := w.desk.PlanWithdrawal(ctx, catalog.Actor{}, label("villages"))
	if err != nil || p.Ending != 2 || len(p.Ends) != 2 || p.Datasets[0].Records != 1 || p.From[0].Title != "局civil" {
		t.Fatalf("got the plan %+v, %v", p, err)
	}
	done := w.withdraw(t, "villages")
	for _, by := range []string{"water", "tax", "civil"} {
		w.used(t, "after", by, "villages", "a", text.DatasetWithdrawn)
	}
	_, err = w.use("water", "villages", "a")
	if args := failure.Of(err).Args; args["because"] != "不再采集" || args["at"] == "" || args["entry"] != done.Entry.String() {
		t.Errorf("it is told %v", args)
	} else if told := text.Explain(text.Zh, text.DatasetWithdrawn, args); !strings.Contains(told.What, "不再采集") {
		t.Errorf("a person reads %q, which does not say why", told.What)
	}
	if err := kept.Stands(ctx); err == nil {
		t.Error("an answer from before would be given again")
	}
	if got := w.states(t, "water", "villages"); len(got) != 1 || got[0] != sharing.Closed {
		t.Errorf("its grants: got %v", got)
	}
	if _, err := w.records.Put(ctx, newID(), catalog.Local("civil"), label("villages"), []byte(`{"id":"b"}`)); failure.Of(err).Code != text.DatasetWithdrawn {
		t.Errorf("put: got %v", err)
	}
	back := w.publish(t, "villages", "civil")
	if back.Version != 3 {
		t.Errorf("it came back as version %d, want 3: a withdrawal counts", back.Version)
	}
	if got := w.states(t, "water", "villages"); len(got) != 1 || got[0] != sharing.Closed {
		t.Errorf("its grants after it came back: got %v", got)
	}
	w.used(t, "come back", "civil", "villages", "a", "")
	w.used(t, "come back, with another application", "tax", "villages", "a", "")
	if got := w.states(t, "tax", "villages"); len(got) != 2 || got[0] != sharing.Live || got[1] != sharing.Closed {
		t.Errorf("its grants after it applied again: got %v", got)
	}
	if err := kept.Stands(ctx); err == nil {
		t.Error("an answer from before the withdrawal would be given again")
	}
}

// TestWithdrawRefused refuses what was not shown, and what moved since.
func TestWithdrawRefused(t *testing.T) {
	w := newWorld(t, "civil", "water")
	w.publish(t, "villages", "civil")
	code, plan := label("villages"), ""
	if p, err := w.desk.PlanWithdrawal(ctx, catalog.Actor{}, code); err == nil {
		plan = p.Hash
	}
	for what, row := range map[string]struct {
		by     string
		code   string
		agreed Agreed
		want   text.Code
	}{
		"no plan":     {"", "villages", Agreed{"", "x"}, text.EndPlanNeeded},
		"other plan":  {"", "villages", Agreed{"00", "x"}, text.PlanMoved},
		"no reason":   {"", "villages", Agreed{plan, " "}, text.BadRequest},
		"long reason": {"", "villages", Agreed{plan, strings.Repeat("x", catalog.MaxReasonLen+1)}, text.BadRequest},
		"no text":     {"", "villages", Agreed{plan, "\x00"}, text.NotText},
		"of another":  {"water", "villages", Agreed{plan, "x"}, text.NotProvider},
		"not there":   {"", "towns", Agreed{plan, "x"}, text.UnknownDataset},
	} {
		entries := len(w.Heads(t, 0))
		_, err := w.desk.Withdraw(ctx, newID(), catalog.Local(row.by), label(row.code), row.agreed)
		refused(t, w, what, row.want, err, entries)
	}
	w.put(t, "villages", "civil", "a") // records may come: they stay
	w.Before = func(state.Kind) {
		w.Before = nil
		w.used(t, "meanwhile", "water", "villages", "a", "")
	}
	entries := len(w.Heads(t, 0)) + 3 // the application, the grant, the use
	_, err := w.desk.Withdraw(ctx, newID(), catalog.Actor{}, code, Agreed{plan, "x"})
	refused(t, w, "a grant came meanwhile", text.PlanMoved, err, entries)
	w.withdraw(t, "villages")
	_, err = w.desk.Withdraw(ctx, newID(), catalog.Actor{}, code, Agreed{plan, "x"})
	refused(t, w, "again", text.DatasetWithdrawn, err, entries+1)
}

// TestMove gives datasets to another agency: records and grants go on, the new provider alone
// writes, and the one before has no access any more.
func TestMove(t *testing.T) {
	w := newWorld(t, "civil", "water", "tax")
	for _, code := range []string{"villages", "towns"} {
		w.publish(t, code, "civil")
		w.put(t, code, "civil", "a")
		w.used(t, "before", "tax", code, "a", "")
	}
	codes := []identity.Label{label("villages"), label("towns"), label("villages")}
	p, err := w.desk.PlanMove(ctx, catalog.Actor{}, codes, "water")
	if err != nil || p.Lasting != 2 || len(p.Datasets) != 2 || p.Ending != 0 || p.Into.Title != "局water" {
		t.Fatalf("got the plan %+v, %v", p, err)
	}
	done, err := w.desk.Move(ctx, newID(), catalog.Actor{}, codes, "water", Agreed{Plan: p.Hash})
	if err != nil {
		t.Fatal(err)
	}
	heads := w.Heads(t, done.Entry.Index())
	if len(heads) != 2 || heads[0].Kind != ledger.KindCatalogueEntry || heads[0].Agency != label("water") || heads[1].Code != label("villages") {
		t.Errorf("got the heads %+v", heads)
	}
	w.used(t, "a grant from before", "tax", "villages", "a", "")
	if got := w.states(t, "tax", "villages"); len(got) != 1 || got[0] != sharing.Live {
		t.Errorf("got the grants %v", got)
	}
	w.put(t, "villages", "water", "b")
	_, err = w.records.Put(ctx, newID(), catalog.Local("civil"), label("villages"), []byte(`{"id":"c"}`))
	if failure.Of(err).Code != text.NotProvider {
		t.Errorf("the provider before: got %v", err)
	}
	for into, want := range map[string]text.Code{"water": text.IntoItself, "nobody": text.UnknownAgency, "Not A Code": text.UnknownAgency} {
		entries := len(w.Heads(t, 0))
		_, err := w.desk.PlanMove(ctx, catalog.Actor{}, codes, into)
		refused(t, w, "into "+into, want, err, entries)
	}
}

// TestEnd ends an agency and merges another: what is offered moves, what is held ends, nobody acts
// in the name of what ended, and its code is given to nobody else.
func TestEnd(t *testing.T) {
	w := newWorld(t, "civil", "water", "tax")
	w.publish(t, "villages", "civil")
	w.publish(t, "rivers", "water")
	w.put(t, "villages", "civil", "a")
	w.put(t, "rivers", "water", "a")
	w.used(t, "before", "civil", "rivers", "a", "")
	w.used(t, "before", "tax", "villages", "a", "")
	entries := len(w.Heads(t, 0))
	for what, row := range map[string]struct {
		by   string
		o    Order
		want text.Code
	}{
		"with live datasets":    {"", Order{Agency: label("civil")}, text.AgencyInUse},
		"dropping grants alone": {"", Order{Agency: label("civil"), Drop: true}, text.AgencyInUse},
		"with live grants":      {"", Order{Agency: label("tax")}, text.AgencyInUse},
		"into itself":           {"", Order{Agency: label("civil"), Into: "civil"}, text.IntoItself},
		"into nobody":           {"", Order{Agency: label("civil"), Into: "nobody"}, text.UnknownAgency},
		"nobody":                {"", Order{Agency: label("nobody")}, text.UnknownAgency},
		"by another":            {"water", Order{Agency: label("civil"), Into: "water"}, text.NotThatAgency},
	} {
		_, err := w.desk.PlanEnd(ctx, catalog.Local(row.by), row.o)
		refused(t, w, what, row.want, err, entries)
	}
	done := w.end(t, Order{Agency: label("civil"), Into: "water"})
	if done.Ending != 1 || done.Lasting != 1 || done.Ends[0].Dataset != label("rivers") || len(done.Datasets) != 1 {
		t.Errorf("got the plan %+v", done.Plan)
	}
	w.used(t, "as what ended", "civil", "rivers", "a", text.AgencyMerged)
	w.used(t, "a grant that it gave", "tax", "villages", "a", "")
	w.used(t, "the new provider", "water", "villages", "a", "")
	w.end(t, Order{Agency: label("tax"), Drop: true})
	w.used(t, "as what ended", "tax", "villages", "a", text.AgencyEnded)
	entries = len(w.Heads(t, 0))
	_, err := catalog.AddAgency(ctx, w, newID(), catalog.Agency{Code: label("tax"), Title: "另一个局"})
	refused(t, w, "the code for another", text.AgencyEnded, err, entries)
	_, err = w.desk.PlanEnd(ctx, catalog.Actor{}, Order{Agency: label("water"), Into: "tax"})
	refused(t, w, "into what ended", text.AgencyEnded, err, entries)
	_, err = w.desk.Return(ctx, newID(), catalog.Agency{Code: label("tax"), Title: "另一个局"})
	refused(t, w, "back under another title", text.AgencyTaken, err, entries)
	_, err = w.desk.Return(ctx, newID(), catalog.Agency{Code: label("water"), Title: "局water"})
	refused(t, w, "back, and never ended", text.AgencyLives, err, entries)
	if _, err := w.desk.Return(ctx, newID(), catalog.Agency{Code: label("tax"), Title: "局tax"}); err != nil {
		t.Fatal(err)
	}
	if got := w.states(t, "tax", "villages"); len(got) != 1 || got[0] != sharing.Closed {
		t.Errorf("its grants after it came back: got %v", got)
	}
	w.used(t, "come back, with another application", "tax", "villages", "a", "")
}

// TestWithdrawnStaysBehind (G59): an agency ends whose dataset was withdrawn before. The plan names
// the dataset; nobody else publishes it, and what the refusal tells to do is followed.
func TestWithdrawnStaysBehind(t *testing.T) {
	w := newWorld(t, "civil", "water")
	w.publish(t, "villages", "civil")
	w.put(t, "villages", "civil", "a")
	w.withdraw(t, "villages")
	done := w.end(t, Order{Agency: label("civil")})
	if len(done.Datasets) != 1 || done.Datasets[0].Code != label("villages") || !done.Datasets[0].Withdrawn || done.Datasets[0].Records != 1 {
		t.Errorf("got the plan %+v, want the dataset that stays behind", done.Plan)
	}
	again := func() error {
		_, err := catalog.Publish(ctx, w, newID(), catalog.Local("water"), entry("villages", "water"))
		return err
	}
	err, entries := again(), len(w.Heads(t, 0))
	refused(t, w, "by another", text.ProviderEnded, err, entries)
	if args := failure.Of(err).Args; args["provider"] != "civil" || args["title"] != "局civil" || args["agency"] != "water" {
		t.Errorf("it is told %v", args)
	}
	must(w.desk.Return(ctx, newID(), catalog.Agency{Code: label("civil"), Title: "局civil"}))
	w.end(t, Order{Agency: label("civil"), Into: "water"})
	if err := again(); err != nil {
		t.Errorf("after what the refusal told: %v", err)
	}
	w.used(t, "come back under its successor", "water", "villages", "a", "")
}

// TestNobodyGivesToWhatEnded: a use that was decided a moment before the end is not answered after
// it, and no grant is left to an agency that ended.
func TestNobodyGivesToWhatEnded(t *testing.T) {
	w := newWorld(t, "civil", "tax")
	w.publish(t, "villages", "civil")
	w.put(t, "villages", "civil", "a")
	w.Before = func(state.Kind) {
		w.Before = nil
		w.end(t, Order{Agency: label("tax")})
	}
	w.used(t, "ended before its application", "tax", "villages", "a", text.AgencyEnded)
	if got := w.states(t, "tax", "villages"); len(got) != 0 {
		t.Errorf("got the grants %v", got)
	}
	must(w.desk.Return(ctx, newID(), catalog.Agency{Code: label("tax"), Title: "局tax"}))
	w.used(t, "come back", "tax", "villages", "a", "")
	w.Before = func(state.Kind) {
		w.Before = nil
		w.end(t, Order{Agency: label("tax"), Drop: true})
	}
	w.used(t, "ended before its use was recorded", "tax", "villages", "a", text.AgencyEnded)
}

// TestTooMuchAtOnce refuses to move more than one command holds, and says what to do; in parts it
// goes.
func TestTooMuchAtOnce(t *testing.T) {
	w := newWorld(t, "civil", "water")
	for _, code := range []string{"a", "b", "c", "d"} {
		e := entry(code, "civil")
		e.UpdateCycle = strings.Repeat("每", 25<<10)
		if _, err := catalog.Publish(ctx, w, newID(), catalog.Local("civil"), e); err != nil {
			t.Fatal(err)
		}
	}
	o := Order{Agency: label("civil"), Into: "water"}
	p := must(w.desk.PlanEnd(ctx, catalog.Actor{}, o))
	entries := len(w.Heads(t, 0))
	_, err := w.desk.End(ctx, newID(), catalog.Actor{}, o, Agreed{p.Hash, "x"})
	refused(t, w, "all at once", text.MovesTooMany, err, entries)
	codes := []identity.Label{label("a"), label("b")}
	p = must(w.desk.PlanMove(ctx, catalog.Actor{}, codes, "water"))
	must(w.desk.Move(ctx, newID(), catalog.Actor{}, codes, "water", Agreed{Plan: p.Hash}))
	w.end(t, o)
}

// TestAllow: after a revocation a person of the provider says that grants by rule are given again.
func TestAllow(t *testing.T) {
	w := newWorld(t, "civil", "tax")
	w.publish(t, "villages", "civil")
	w.put(t, "villages", "civil", "a")
	w.used(t, "before", "tax", "villages", "a", "")
	var grant uint64
	_ = w.View(ctx, func(r *state.Reader) error { grant = sharing.Grants(r)[0].Index; return nil })
	by := catalog.Local("civil")
	entries := len(w.Heads(t, 0))
	_, err := sharing.Allow(ctx, w, newID(), by, grant, "x")
	refused(t, w, "not revoked", text.NotRevoked, err, entries)
	must(sharing.Revoke(ctx, w, newID(), by, grant, "越权"))
	w.used(t, "revoked", "tax", "villages", "a", text.GrantRevoked)
	_, err = sharing.Allow(ctx, w, newID(), catalog.Local("tax"), grant, "x")
	refused(t, w, "by the consumer", text.NotProvider, err, entries+1)
	must(sharing.Allow(ctx, w, newID(), by, grant, "已整改"))
	w.used(t, "allowed again", "tax", "villages", "a", "")
	if got := w.states(t, "tax", "villages"); len(got) != 2 || got[0] != sharing.Live || got[1] != sharing.Revoked {
		t.Errorf("got the grants %v", got)
	}
	entries = len(w.Heads(t, 0))
	if done, err := sharing.Allow(ctx, w, newID(), by, grant, "again"); err != nil || !done.Entry.IsZero() || len(w.Heads(t, 0)) != entries {
		t.Errorf("again: got %s, %v, %d entries more", done.Entry, err, len(w.Heads(t, 0))-entries)
	}
}
