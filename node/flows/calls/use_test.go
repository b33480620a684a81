package calls_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/group"
	"xietong/consensus/ledger"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/exchange/link"
	"xietong/exchange/relay"
	"xietong/node/business/records"
	"xietong/node/business/sharing"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
)

func base64Of(t *testing.T, said map[string]any, field string) []byte {
	t.Helper()
	s, _ := said[field].(string)
	data, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(data) == 0 {
		t.Fatalf("%s: %q, %v", field, s, err)
	}
	return data
}

// TestQueryBothWays follows a use the whole way: the first use files its application, each use is
// recorded at both ends with the message that the other end signed, and the receipts of both
// records verify offline by the pin of each.
func TestQueryBothWays(t *testing.T) {
	w := newWorld(t)
	for _, row := range []struct{ from, at *place }{{w.County, w.City}, {w.City, w.County}} {
		for first, q := range map[bool]records.Question{true: lookup(), false: lookup()} {
			id := newID()
			before := row.from.Size(t)
			granted := len(row.at.GrantsOf(t, identity.NewAgency(row.at.Name(), civil))) == 0
			got, err := row.from.Ask.Query(t.Context(), id, by(water), row.at.Name(), q)
			if err != nil {
				t.Fatalf("%s asks %s, first %t: %v", row.from.Name(), row.at.Name(), first, err)
			}
			if len(got.Rows) != 1 || string(got.Rows[0]) != village(1, "纪念塔社区") || got.Count != 1 || got.GrantedNow != granted {
				t.Errorf("got %s, granted now %t, want %t", got.Rows, got.GrantedNow, granted)
			}
			if row.from.Size(t) != before+1 {
				t.Errorf("%d entries were made at the asker's, want one", row.from.Size(t)-before)
			}
			checkAccess(t, row.from, row.at, id, got.Use)
			checkAsked(t, row.from, row.at, id, "query", got.Use)
			checkReceipts(t, row.from, row.at, got.Use)
		}
		for what, agency := range map[string]identity.Agency{
			"the provider": identity.NewAgency(row.at.Name(), civil), "the consumer": identity.NewAgency(row.from.Name(), water),
		} {
			grants := row.at.GrantsOf(t, agency)
			if len(grants) != 1 || grants[0].Consumer != identity.NewAgency(row.from.Name(), water) || grants[0].Uses != 2 {
				t.Errorf("%s sees %+v", what, grants)
			}
		}
		if grants := row.at.GrantsOf(t, identity.NewAgency(row.at.Name(), water)); len(grants) != 0 {
			t.Errorf("the agency of the same code sees %+v", grants)
		}
	}
}

// checkAccess checks the records of the provider.
func checkAccess(t *testing.T, from, at *place, id identity.Message, use records.Use) {
	t.Helper()
	grantedBy, _ := at.SaidAt(t, use.Grant)
	if grantedBy.Kind != ledger.KindGrant {
		t.Errorf("the grant is an entry of kind %s", grantedBy.Kind)
	}
	application := grantedBy.About.In(at.Names())
	for kind, e := range map[ledger.Kind]identity.Entry{ledger.KindAccess: use.Access, ledger.KindApplication: application} {
		head, said := at.SaidAt(t, e)
		if head.Kind != kind || said["consumer"] != identity.NewAgency(from.Name(), water).String() || said["purpose"] != purpose {
			t.Errorf("%s: got the head %+v and %v", kind, head, said)
		}
		h, _, err := relay.VerifyEvidence(base64Of(t, said, "request"), from.Sets)
		if err != nil || h.Origin != from.Name() || h.Destination != at.Name() {
			t.Errorf("%s: the evidence is of %+v, %v", kind, h, err)
		}
		if kind == ledger.KindAccess && h.ID != id {
			t.Errorf("the evidence is of the request %s, want %s", h.ID, id)
		}
		if kind == ledger.KindApplication && (!head.Agency.IsZero() || said["basis"] != applied.Basis) {
			t.Errorf("the application is stated by %q and says %v", head.Agency, said)
		}
	}
}

// checkAsked checks the record of the asker.
func checkAsked(t *testing.T, from, at *place, id identity.Message, name string, use records.Use) {
	t.Helper()
	head, said := from.SaidAt(t, use.Asked)
	if head.Kind != ledger.KindAsked || head.Agency != water || head.Code != villages {
		t.Errorf("got the head %+v", head)
	}
	h, _, err := relay.VerifyEvidence(base64Of(t, said, "answer"), at.Sets)
	if err != nil || h.Origin != at.Name() || h.Kind != envelope.Answer || h.Destination != from.Name() {
		t.Errorf("the evidence is of %+v, %v", h, err)
	}
	_, there := at.SaidAt(t, use.Access)
	hash := sha256.Sum256(base64Of(t, there, "request")) // the provider keeps the request that the asker names
	delete(said, "answer")
	want := map[string]any{
		"destination": at.Name().String(), "dataset": "villages", "operation": name, "purpose": purpose, "request_id": id.String(),
		"request_hash": hex.EncodeToString(hash[:]), "outcome": 0.0, "entry": use.Access.String(),
		"grant": use.Grant.String(), "until": time.UnixMilli(int64(use.GrantUntil)).UTC().Format(time.RFC3339),
	}
	if name == "query" {
		want["records"] = 1.0
	}
	if fmt.Sprint(said) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", said, want)
	}
}

// checkReceipts checks the records of both ends offline.
func checkReceipts(t *testing.T, from, at *place, use records.Use) {
	t.Helper()
	there, err := from.Ask.Receipt(t.Context(), by(water), use.Access)
	if err != nil {
		t.Fatal(err)
	}
	v, err := ledger.VerifyReceipt(there.Receipt, there.Preimage, must(at.Pin()))
	if err != nil || v.Entry != use.Access || v.Leaf.Head.Kind != ledger.KindAccess || !strings.Contains(string(v.Payload.Payload), `"rows":1`) {
		t.Errorf("the provider's receipt: got %+v, %v", v, err)
	}
	if _, err := ledger.VerifyReceipt(there.Receipt, there.Preimage, must(from.Pin())); err == nil {
		t.Error("the provider's receipt verifies by the asker's pin")
	}
	here, err := from.Ask.Receipt(t.Context(), by(water), use.Asked)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := ledger.VerifyReceipt(here.Receipt, here.Preimage, must(from.Pin())); err != nil || v.Entry != use.Asked || v.Payload == nil {
		t.Errorf("the asker's receipt: got %+v, %v", v, err)
	}
}

// TestVerify confirms, denies, knows no such record, and counts the probes of an agency.
func TestVerify(t *testing.T) {
	w := newWorld(t)
	claim := records.Claim{Dataset: villages, Field: "name", Value: json.RawMessage(`"纪念塔社区"`), Purpose: purpose, Application: applied}
	for _, row := range []struct {
		key, value string
		want       records.Outcome
	}{
		{"520102016001", `"纪念塔社区"`, records.Yes}, {"520102016001", `"别处"`, records.No},
		{"520102016099", `"纪念塔社区"`, records.NoSuchRecord},
	} {
		id := newID()
		claim.Key, claim.Value = row.key, json.RawMessage(row.value)
		got, err := w.County.Ask.Verify(t.Context(), id, by(water), guiyang, claim)
		if err != nil || got.Outcome != row.want {
			t.Fatalf("%s is %s: got %q, %v, want %q", row.key, row.value, got.Outcome, err, row.want)
		}
		checkAsked(t, w.County, w.City, id, "verify", got.Use)
	}
	for range sharing.ProbesPerDay - 2 {
		claim.Key = "520102016001"
		if _, err := w.County.Ask.Verify(t.Context(), newID(), by(water), guiyang, claim); err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.County.Ask.Verify(t.Context(), newID(), by(water), guiyang, claim)
	refused(t, "a probe too many", err, text.QuotaSpent)
	if _, err := w.County.Ask.Verify(t.Context(), newID(), by(civil), guiyang, claim); err != nil {
		t.Errorf("another agency: %v", err)
	}
}

// TestRefused: a refusal of the provider is told by its code, and recorded here as the provider
// signed it.
func TestRefused(t *testing.T) {
	w := newWorld(t)
	for what, row := range map[string]struct {
		change func(*records.Question)
		want   text.Code
	}{
		"a dataset that is not there":    {func(q *records.Question) { q.Dataset = label("nothing") }, text.UnknownDataset},
		"one that is not shared":         {func(q *records.Question) { q.Dataset = label("fingerprints") }, text.NotShared},
		"one on conditions":              {func(q *records.Question) { q.Dataset = label("loans") }, text.GrantNeeded},
		"no purpose":                     {func(q *records.Question) { q.Purpose = "" }, text.PurposeNeeded},
		"a purpose that is not listed":   {func(q *records.Question) { q.Purpose = "curiosity" }, text.UnknownPurpose},
		"a field that is not there":      {func(q *records.Question) { q.Fields = []string{"age"} }, text.UnknownField},
		"no application":                 {func(q *records.Question) { q.Purpose, q.Application = "statistics", sharing.Application{} }, text.BasisNeeded},
		"a malformed filter":             {func(q *records.Question) { q.Key, q.Filter = "", "name ==" }, text.FilterMalformed},
		"a cursor of nobody":             {func(q *records.Question) { q.Key, q.Cursor = "", "AAAA" }, text.BadCursor},
		"a value that is no JSON at all": {func(q *records.Question) { q.Where = map[string]json.RawMessage{"name": json.RawMessage(`x`)} }, text.AskedUnfit},
	} {
		q := lookup()
		row.change(&q)
		before, there := w.County.Size(t), w.City.Size(t)
		_, err := w.County.Ask.Query(t.Context(), newID(), by(water), guiyang, q)
		refused(t, what, err, row.want)
		if p, ok := errors.AsType[*relay.Problem](err); !ok || p.At != guiyang {
			t.Errorf("%s: got %v, want the refusal of %s", what, err, guiyang)
		}
		if w.County.Size(t) != before+1 {
			t.Fatalf("%s: %d entries were made here, want one", what, w.County.Size(t)-before)
		}
		_, said := w.County.SaidAt(t, w.County.Names().Entry(before))
		if said["outcome"] != float64(text.Number(row.want)) || said["entry"] != nil {
			t.Errorf("%s: recorded as %v", what, said)
		}
		h, _, err := relay.VerifyEvidence(base64Of(t, said, "answer"), w.City.Sets)
		if err != nil || h.Origin != guiyang {
			t.Errorf("%s: the evidence is of %s, %v", what, h.Origin, err)
		}
		sent := must(envelope.Decode(w.Frames()[len(w.Frames())-1])).Hash()
		if said["request_hash"] != hex.EncodeToString(sent[:]) {
			t.Errorf("%s: the request's hash is recorded as %v, want %x", what, said["request_hash"], sent)
		}
		for index := there; index < w.City.Size(t); index++ { // an application may be granted, and no use be recorded
			if head, _ := w.City.SaidAt(t, w.City.Names().Entry(index)); head.Kind == ledger.KindAccess {
				t.Errorf("%s: a use was recorded there", what)
			}
		}
	}
}

// TestNotAsked: a request that is wrong before it is sent is neither sent nor recorded; a request
// that gets no answer is not recorded either.
func TestNotAsked(t *testing.T) {
	w := newWorld(t)
	before := w.County.Size(t)
	for what, row := range map[string]struct {
		change func(*records.Question)
		agency identity.Label
		want   text.Code
	}{
		"an agency that is not here":    {func(*records.Question) {}, label("education"), text.UnknownAgency},
		"a purpose that is no label":    {func(q *records.Question) { q.Purpose = "für mich" }, water, text.UnknownPurpose},
		"a limit beyond all":            {func(q *records.Question) { q.Limit = records.MaxLimit + 1 }, water, text.BadRequest},
		"a value that is nothing":       {func(q *records.Question) { q.Where = map[string]json.RawMessage{"name": {}} }, water, text.BadRequest},
		"the count of one record":       {func(q *records.Question) { q.Measure.Function = gather.Count }, water, text.BadRequest},
		"more words than a call may be": {func(q *records.Question) { q.Filter = strings.Repeat("x", operation.MaxParameters) }, water, text.TooLarge},
	} {
		q := lookup()
		row.change(&q)
		_, err := w.County.Ask.Query(t.Context(), newID(), by(row.agency), guiyang, q)
		refused(t, what, err, row.want)
	}
	for what, ask := range map[string]func() error{
		"a receipt": func() error {
			_, err := w.County.Ask.Receipt(t.Context(), by(label("education")), w.City.Names().Entry(1))
			return err
		},
		"the catalogue": func() error {
			_, err := w.County.Ask.Datasets(t.Context(), by(label("education")), guiyang)
			return err
		},
	} {
		refused(t, what, ask(), text.UnknownAgency)
	}
	if len(w.Frames()) > 0 {
		t.Errorf("%d requests were sent", len(w.Frames()))
	}
	w.Cut = link.ErrNoLink
	_, err := w.County.Ask.Query(t.Context(), newID(), by(water), guiyang, lookup())
	refused(t, "without a link", err, text.Unreachable)
	if after := w.County.Size(t); after != before {
		t.Errorf("%d entries were made", after-before)
	}
}

// TestNotShownBeforeRecorded: an answer that cannot be recorded here is not shown, although it was
// given.
func TestNotShownBeforeRecorded(t *testing.T) {
	w := newWorld(t)
	id := newID()
	w.County.Broken = fmt.Errorf("propose: %w", group.ErrNotDone)
	there := w.City.Size(t)
	got, err := w.County.Ask.Query(t.Context(), id, by(water), guiyang, lookup())
	refused(t, "not recorded", err, text.NotReady)
	if got.Rows != nil || got.Count != 0 || w.City.Size(t) != there+3 {
		t.Errorf("got %+v, with %d entries there, want nothing after an application, a grant and a use", got, w.City.Size(t)-there)
	}
	w.County.Broken = nil
	if got, err = w.County.Ask.Query(t.Context(), id, by(water), guiyang, lookup()); err != nil || got.Count != 1 {
		t.Errorf("tried again under its id: got %d records, %v", got.Count, err)
	}
	if n := w.City.Size(t) - there; n != 3 {
		t.Errorf("%d entries there, want 3", n)
	}
}
