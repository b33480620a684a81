package calls

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/group"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/exchange/link"
	"xietong/exchange/relay"
	"xietong/node/records"
	"xietong/node/sharing"
	"xietong/node/text"
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

// TestQueryBothWays holds the whole way of a use: the first files its application, each is recorded at both ends with what
// the other signed, and the receipts of both records verify offline by the pin of each.
func TestQueryBothWays(t *testing.T) {
	w := newWorld(t)
	for _, row := range []struct{ from, at *place }{{w.county, w.city}, {w.city, w.county}} {
		for first, q := range map[bool]records.Question{true: lookup(), false: lookup()} {
			id := newID()
			before := row.from.size(t)
			granted := len(grantsOf(t, row.at, identity.NewAgency(row.at.name, civil))) == 0
			got, err := row.from.desk.Query(t.Context(), id, row.at.name, water, q)
			if err != nil {
				t.Fatalf("%s asks %s, first %t: %v", row.from.name, row.at.name, first, err)
			}
			if len(got.Rows) != 1 || string(got.Rows[0]) != village(1, "纪念塔社区") || got.Count != 1 || got.GrantedNow != granted {
				t.Errorf("got %s, granted now %t, want %t", got.Rows, got.GrantedNow, granted)
			}
			if row.from.size(t) != before+1 {
				t.Errorf("%d entries were made at the asker's, want one", row.from.size(t)-before)
			}
			holdAccess(t, row.from, row.at, id, got.Use)
			holdAsked(t, row.from, row.at, id, OperationQuery, got.Use)
			holdReceipts(t, row.from, row.at, got.Use)
		}
		for what, agency := range map[string]identity.Agency{
			"the provider": identity.NewAgency(row.at.name, civil), "the consumer": identity.NewAgency(row.from.name, water),
		} {
			grants := grantsOf(t, row.at, agency)
			if len(grants) != 1 || grants[0].Consumer != identity.NewAgency(row.from.name, water) || grants[0].Uses != 2 {
				t.Errorf("%s sees %+v", what, grants)
			}
		}
		if grants := grantsOf(t, row.at, identity.NewAgency(row.at.name, water)); len(grants) != 0 {
			t.Errorf("the agency of the same code sees %+v", grants)
		}
	}
}

func grantsOf(t *testing.T, p *place, agency identity.Agency) (all []sharing.Grant) {
	t.Helper()
	err := p.View(t.Context(), func(r *state.Reader) error {
		all = sharing.GrantsOf(r, records.Standing, agency)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// holdAccess checks what the provider recorded.
func holdAccess(t *testing.T, from, at *place, id identity.Message, use Use) {
	t.Helper()
	grantedBy, _ := at.entryAt(t, use.Grant)
	if grantedBy.Kind != ledger.KindGrant {
		t.Errorf("the grant is an entry of kind %s", grantedBy.Kind)
	}
	application := grantedBy.About.In(at.Log())
	for kind, e := range map[ledger.Kind]identity.Entry{ledger.KindAccess: use.Access, ledger.KindApplication: application} {
		head, said := at.entryAt(t, e)
		if head.Kind != kind || said["consumer"] != identity.NewAgency(from.name, water).String() || said["purpose"] != purpose {
			t.Errorf("%s: got the head %+v and %v", kind, head, said)
		}
		h, _, err := relay.VerifyEvidence(base64Of(t, said, "request"), from.sets)
		if err != nil || h.Origin != from.name || h.Destination != at.name {
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

// holdAsked checks what the asker recorded.
func holdAsked(t *testing.T, from, at *place, id identity.Message, operation string, use Use) {
	t.Helper()
	head, said := from.entryAt(t, use.Asked)
	if head.Kind != ledger.KindAsked || head.Agency != water || head.Code != villages {
		t.Errorf("got the head %+v", head)
	}
	h, _, err := relay.VerifyEvidence(base64Of(t, said, "answer"), at.sets)
	if err != nil || h.Origin != at.name || h.Kind != envelope.Answer || h.Destination != from.name {
		t.Errorf("the evidence is of %+v, %v", h, err)
	}
	_, there := at.entryAt(t, use.Access)
	hash := sha256.Sum256(base64Of(t, there, "request")) // what the provider keeps is what the asker says that it sent
	delete(said, "answer")
	want := map[string]any{
		"destination": at.name.String(), "dataset": "villages", "operation": operation, "purpose": purpose, "request_id": id.String(),
		"request_hash": hex.EncodeToString(hash[:]), "outcome": 0.0, "entry": use.Access.String(),
	}
	if fmt.Sprint(said) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", said, want)
	}
}

// holdReceipts checks the records of both ends offline.
func holdReceipts(t *testing.T, from, at *place, use Use) {
	t.Helper()
	there, err := from.desk.Receipt(t.Context(), newID(), at.name, water, use.Access)
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
	receipt, preimage, err := from.Receipt(t.Context(), use.Asked.Index())
	if err != nil {
		t.Fatal(err)
	}
	if v, err := ledger.VerifyReceipt(receipt, preimage, must(from.Pin())); err != nil || v.Entry != use.Asked {
		t.Errorf("the asker's receipt: got %+v, %v", v, err)
	}
}

// TestVerify confirms, denies, and knows of nobody.
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
		got, err := w.county.desk.Verify(t.Context(), id, guiyang, water, claim)
		if err != nil || got.Outcome != row.want {
			t.Fatalf("%s is %s: got %q, %v, want %q", row.key, row.value, got.Outcome, err, row.want)
		}
		holdAsked(t, w.county, w.city, id, OperationVerify, got.Use)
	}
	for range sharing.ProbesPerDay - 2 {
		claim.Key = "520102016001"
		if _, err := w.county.desk.Verify(t.Context(), newID(), guiyang, water, claim); err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.county.desk.Verify(t.Context(), newID(), guiyang, water, claim)
	refused(t, "a probe too many", err, text.QuotaSpent)
	if _, err := w.county.desk.Verify(t.Context(), newID(), guiyang, civil, claim); err != nil {
		t.Errorf("another agency: %v", err)
	}
}

// TestRefused: what is refused there is told by its code, and recorded here with the refusal that was signed.
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
		"a value that is no JSON at all": {func(q *records.Question) { q.Where = map[string]json.RawMessage{"name": json.RawMessage(``)} }, text.SchemaRejected},
	} {
		q := lookup()
		row.change(&q)
		before, there := w.county.size(t), w.city.size(t)
		_, err := w.county.desk.Query(t.Context(), newID(), guiyang, water, q)
		refused(t, what, err, row.want)
		if p, ok := errors.AsType[*relay.Problem](err); !ok || p.At != guiyang {
			t.Errorf("%s: got %v, want the refusal of %s", what, err, guiyang)
		}
		if w.county.size(t) != before+1 {
			t.Fatalf("%s: %d entries were made here, want one", what, w.county.size(t)-before)
		}
		_, said := w.county.entryAt(t, must(identity.NewEntry(w.county.Log(), before)))
		if said["outcome"] != float64(text.Number(row.want)) || said["entry"] != nil {
			t.Errorf("%s: recorded as %v", what, said)
		}
		h, _, err := relay.VerifyEvidence(base64Of(t, said, "answer"), w.city.sets)
		if err != nil || h.Origin != guiyang {
			t.Errorf("%s: the evidence is of %s, %v", what, h.Origin, err)
		}
		sent := must(envelope.Decode(w.frames[len(w.frames)-1])).Hash()
		if said["request_hash"] != hex.EncodeToString(sent[:]) {
			t.Errorf("%s: the request's hash is recorded as %v, want %x", what, said["request_hash"], sent)
		}
		for index := there; index < w.city.size(t); index++ { // an application may be granted, and no use be recorded
			if head, _ := w.city.entryAt(t, must(identity.NewEntry(w.city.Log(), index))); head.Kind == ledger.KindAccess {
				t.Errorf("%s: a use was recorded there", what)
			}
		}
	}
}

// TestNotAsked: what is wrong with a request before it is sent is sent to nobody, and recorded nowhere; neither is that
// nobody answers.
func TestNotAsked(t *testing.T) {
	w := newWorld(t)
	before := w.county.size(t)
	for what, row := range map[string]struct {
		change func(*records.Question)
		agency identity.Label
		want   text.Code
	}{
		"an agency that is not here":    {func(*records.Question) {}, label("education"), text.UnknownAgency},
		"a purpose that is no label":    {func(q *records.Question) { q.Purpose = "für mich" }, water, text.UnknownPurpose},
		"a limit beyond all":            {func(q *records.Question) { q.Limit = records.MaxLimit + 1 }, water, text.BadRequest},
		"more words than a call may be": {func(q *records.Question) { q.Filter = strings.Repeat("x", maxParameters) }, water, text.TooLarge},
	} {
		q := lookup()
		row.change(&q)
		_, err := w.county.desk.Query(t.Context(), newID(), guiyang, row.agency, q)
		refused(t, what, err, row.want)
	}
	for what, ask := range map[string]func() error{
		"a receipt": func() error {
			_, err := w.county.desk.Receipt(t.Context(), newID(), guiyang, label("education"), must(identity.NewEntry(w.city.Log(), 1)))
			return err
		},
		"the catalogue": func() error {
			_, err := w.county.desk.Datasets(t.Context(), newID(), guiyang, label("education"))
			return err
		},
	} {
		refused(t, what, ask(), text.UnknownAgency)
	}
	if len(w.frames) > 0 {
		t.Errorf("%d requests were sent", len(w.frames))
	}
	w.cut = link.ErrNoLink
	_, err := w.county.desk.Query(t.Context(), newID(), guiyang, water, lookup())
	refused(t, "without a link", err, text.Unreachable)
	if after := w.county.size(t); after != before {
		t.Errorf("%d entries were made", after-before)
	}
}

// TestNotShownBeforeRecorded: an answer that cannot be recorded here is not shown, although it was given.
func TestNotShownBeforeRecorded(t *testing.T) {
	w := newWorld(t)
	id := newID()
	w.county.broken = fmt.Errorf("propose: %w", group.ErrNotDone)
	there := w.city.size(t)
	got, err := w.county.desk.Query(t.Context(), id, guiyang, water, lookup())
	refused(t, "not recorded", err, text.NotReady)
	if got.Rows != nil || got.Count != 0 || w.city.size(t) != there+3 {
		t.Errorf("got %+v, with %d entries there, want nothing after an application, a grant and a use", got, w.city.size(t)-there)
	}
	w.county.broken = nil
	_, err = w.county.desk.Query(t.Context(), id, guiyang, water, lookup())
	refused(t, "tried again under its id", err, text.IDSeen)
	if _, err := w.county.desk.Query(t.Context(), newID(), guiyang, water, lookup()); err != nil {
		t.Errorf("asked again: %v", err)
	}
}

// TestOneUse tries again under one id: before anything came of it that is a new request; afterwards it never uses the data
// twice, whichever end still knows of it.
func TestOneUse(t *testing.T) {
	w := newWorld(t)
	id := newID()
	uses := func() (n uint64) {
		for _, g := range grantsOf(t, w.city, identity.NewAgency(guiyang, civil)) {
			n += g.Uses
		}
		return n
	}
	w.cut = link.ErrNoLink
	_, err := w.county.desk.Query(t.Context(), id, guiyang, water, lookup())
	refused(t, "without a link", err, text.Unreachable)
	w.cut = nil
	q := lookup()
	q.Purpose = "curiosity"
	_, err = w.county.desk.Query(t.Context(), id, guiyang, water, q)
	refused(t, "refused", err, text.UnknownPurpose)
	got, err := w.county.desk.Query(t.Context(), id, guiyang, water, lookup())
	if err != nil {
		t.Fatalf("put right: %v", err)
	}
	for range 2 {
		_, err = w.county.desk.Query(t.Context(), id, guiyang, water, lookup())
		refused(t, "answered before", err, text.IDSeen)
		if seen, ok := errors.AsType[*SeenError](err); !ok || seen.Asked != got.Asked {
			t.Errorf("got %v, want it to name %s", err, got.Asked)
		}
		w.reopen(t, w.county)
	}
	w.lost = true
	id = newID()
	_, err = w.county.desk.Query(t.Context(), id, guiyang, water, lookup())
	refused(t, "the answer lost", err, text.Unreachable)
	w.lost = false
	_, err = w.county.desk.Query(t.Context(), id, guiyang, water, lookup())
	refused(t, "tried again", err, text.IDSeen)
	if _, ok := errors.AsType[*SeenError](err); ok {
		t.Errorf("got %v, of which there is no answer here", err)
	}
	if n := uses(); n != 2 {
		t.Errorf("%d uses were recorded, want 2", n)
	}
}

// TestReplayed sends the same frame again: it is refused, also by a provider that was started anew.
func TestReplayed(t *testing.T) {
	w := newWorld(t)
	if _, err := w.county.desk.Query(t.Context(), newID(), guiyang, water, lookup()); err != nil {
		t.Fatal(err)
	}
	claim := records.Claim{Dataset: villages, Key: "520102016001", Field: "name", Value: []byte(`"别处"`), Purpose: purpose}
	if _, err := w.county.desk.Verify(t.Context(), newID(), guiyang, water, claim); err != nil {
		t.Fatal(err)
	}
	if len(w.frames) != 2 {
		t.Fatalf("%d requests were sent", len(w.frames))
	}
	for _, restarted := range []bool{false, true} {
		if restarted {
			w.reopen(t, w.city)
		}
		before := w.city.size(t)
		for i, frame := range w.frames {
			if p := w.replay(t, frame); p == nil || p.Code != text.Number(text.IDSeen) {
				t.Errorf("restarted %t, frame %d: got %+v, want it refused as seen", restarted, i, p)
			}
		}
		if after := w.city.size(t); after != before {
			t.Errorf("restarted %t: %d entries were made", restarted, after-before)
		}
	}
}

// replay sends a frame of the county to the city once more, and returns the problem that it is answered with.
func (w *world) replay(t *testing.T, frame []byte) *envelope.Problem {
	t.Helper()
	var answers [][]byte
	err := w.city.relay.Serve(t.Context(), nanming, frame, func(frame []byte) error {
		answers = append(answers, frame)
		return nil
	})
	if err != nil || len(answers) != 1 {
		t.Fatalf("got %d answers, %v", len(answers), err)
	}
	e := must(envelope.Decode(answers[0]))
	m, err := envelope.Open(e, w.city.sets, envelope.NewOpener(w.county.Host), e.Header().Issued)
	if err != nil {
		t.Fatal(err)
	}
	return must(envelope.DecodeReply(m.Content, must(envelope.Decode(frame)).Hash())).Problem
}

// TestRevoked: the provider ends a grant of another jurisdiction's agency, and no other.
func TestRevoked(t *testing.T) {
	w := newWorld(t)
	grants := map[identity.Label]identity.Entry{}
	for _, agency := range []identity.Label{water, civil} {
		got, err := w.county.desk.Query(t.Context(), newID(), guiyang, agency, lookup())
		if err != nil || !got.GrantedNow {
			t.Fatalf("%s: granted now %t, %v", agency, got.GrantedNow, err)
		}
		grants[agency] = got.Grant
	}
	if _, err := sharing.Revoke(t.Context(), w.city, newID(), civil, grants[water].Index(), "不再需要"); err != nil {
		t.Fatal(err)
	}
	_, err := w.county.desk.Query(t.Context(), newID(), guiyang, water, lookup())
	refused(t, "after the revocation", err, text.GrantRevoked)
	if args := Failure(err).Args; args["grant"] != grants[water].String() || args["dataset"] != "villages" {
		t.Errorf("got %v", args)
	}
	got, err := w.county.desk.Query(t.Context(), newID(), guiyang, civil, lookup())
	if err != nil || got.Grant != grants[civil] || got.GrantedNow {
		t.Errorf("the other agency: got %+v, %v", got.Use, err)
	}
}

// TestNamesakes: the provider of the city and the agency of the county have one code, and are two agencies at both ends.
func TestNamesakes(t *testing.T) {
	w := newWorld(t)
	q := lookup()
	q.Application = sharing.Application{}
	if got, err := w.city.records.Query(t.Context(), newID(), identity.NewAgency(guiyang, civil), q); err != nil || !got.Grant.IsZero() {
		t.Fatalf("the provider: %+v, %v", got.Use, err)
	}
	_, err := w.county.desk.Query(t.Context(), newID(), guiyang, civil, q)
	refused(t, "the namesake", err, text.BasisNeeded)
	got, err := w.county.desk.Query(t.Context(), newID(), guiyang, civil, lookup())
	if err != nil || !got.GrantedNow {
		t.Fatalf("the namesake applies: %+v, %v", got.Use, err)
	}
	if head, _ := w.city.entryAt(t, got.Access); head.Agency != civil || head.About.In(w.city.Log()) != got.Grant {
		t.Errorf("the access record has the head %+v", head)
	}
	holder := identity.NewAgency(nanming, civil)
	if all := grantsOf(t, w.city, holder); len(all) != 1 || all[0].Consumer != holder {
		t.Errorf("got %+v", all)
	}
}

// TestReceipts: a jurisdiction gets the receipts of its own uses, and learns nothing of any other entry.
func TestReceipts(t *testing.T) {
	w := newWorld(t)
	q := lookup()
	local, err := w.city.records.Query(t.Context(), newID(), identity.NewAgency(guiyang, water), q)
	if err != nil {
		t.Fatal(err)
	}
	q.Evidence = []byte("signed there")
	yunyan := must(identity.ParseJurisdiction("yunyan.guiyang.guizhou"))
	if _, err := w.city.records.Query(t.Context(), newID(), identity.NewAgency(yunyan, water), q); err != nil {
		t.Fatal(err)
	}
	own, err := w.county.desk.Query(t.Context(), newID(), guiyang, water, lookup())
	if err != nil {
		t.Fatal(err)
	}
	entry := func(index uint64) identity.Entry { return must(identity.NewEntry(w.city.Log(), index)) }
	mine := []identity.Entry{own.Access, own.Grant, entry(own.Grant.Index() - 1)}
	for index := range w.city.size(t) + 2 {
		got, err := w.county.desk.Receipt(t.Context(), newID(), guiyang, water, entry(index))
		if slices.Contains(mine, entry(index)) {
			if _, failed := ledger.VerifyReceipt(got.Receipt, got.Preimage, must(w.city.Pin())); err != nil || failed != nil {
				t.Errorf("entry %d: got %v, %v", index, err, failed)
			}
			continue
		}
		refused(t, fmt.Sprintf("entry %d (the local use is %s)", index, local.Access), err, text.NotFound)
		if args := Failure(err).Args; args["where"] != entry(index).String() || got.Receipt != nil {
			t.Errorf("entry %d: got %v", index, args)
		}
	}
	other := must(identity.NewEntry(w.county.Log(), own.Access.Index()))
	_, err = w.county.desk.Receipt(t.Context(), newID(), guiyang, water, other)
	refused(t, "an entry of another ledger", err, text.NotFound)
}

// TestLongAnswer: an answer that would be too long for a message ends with a cursor, which works, and is nobody else's.
func TestLongAnswer(t *testing.T) {
	w := newWorld(t)
	const more = 40
	for n := 2; n <= 1+more; n++ {
		w.city.put(t, n, strings.Repeat("长", 14_000))
	}
	q := lookup()
	q.Key, q.Limit = "", records.MaxLimit
	seen, answers := map[string]bool{}, 0
	for first := true; first || q.Cursor != ""; first = false {
		got, err := w.county.desk.Query(t.Context(), newID(), guiyang, water, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range got.Rows {
			seen[string(row)] = true
		}
		q.Cursor = got.Cursor
		answers++
		if q.Cursor != "" {
			_, err = w.county.desk.Query(t.Context(), newID(), guiyang, civil, q)
			refused(t, "the cursor of another agency", err, text.BadCursor)
		}
	}
	if len(seen) != 1+more || answers < 3 {
		t.Errorf("got %d records in %d answers, want %d in three or more", len(seen), answers, 1+more)
	}
	q.Count = true
	got, err := w.county.desk.Query(t.Context(), newID(), guiyang, water, q)
	if err != nil || got.Count != 1+more || got.Rows != nil || got.Scanned != 1+more {
		t.Errorf("counted: got %d of %d, %v", got.Count, got.Scanned, err)
	}
}

// TestDatasets reads what a clerk must know to ask well, in as many answers as it takes.
func TestDatasets(t *testing.T) {
	w := newWorld(t)
	before := w.county.size(t) + w.city.size(t)
	all, err := w.county.desk.Datasets(t.Context(), newID(), guiyang, water)
	if err != nil || len(all) != 3 {
		t.Fatalf("got %d datasets, %v", len(all), err)
	}
	if got := w.county.size(t) + w.city.size(t); got != before {
		t.Errorf("%d entries were made", got-before)
	}
	if got := all[0]; got.Code != label("fingerprints") || got.Category != "not-shared" || got.Citation == "" {
		t.Errorf("got %+v", got)
	}
	last := all[2]
	if last.Code != villages || last.Title != "目录 villages" || last.Agency != civil || last.Version != 1 || last.Key != "code" {
		t.Errorf("got %+v", last)
	}
	if want := []Purpose{{label(purpose), "居住地核验"}, {label("statistics"), "统计"}}; !slices.Equal(last.Purposes, want) {
		t.Errorf("got the purposes %v, want %v", last.Purposes, want)
	}
	want := []Field{{"code", "string", false}, {"households", "integer", true}, {"name", "string", false}}
	if !slices.Equal(last.Fields, want) {
		t.Errorf("got the fields %v, want %v", last.Fields, want)
	}
	if head, _ := w.city.entryAt(t, last.Entry); head.Kind != ledger.KindCatalogueEntry {
		t.Errorf("%s is of kind %s", last.Entry, head.Kind)
	}
}

// TestExample holds the bytes of the package comment.
func TestExample(t *testing.T) {
	got := encode(queryParameters{Dataset: villages, Key: "520102016001"})
	if want := "a2016876696c6c61676573026c353230313032303136303031"; hex.EncodeToString(got) != want {
		t.Errorf("got %x, want %s", got, want)
	}
}
