package calls

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/catalog"
	"xietong/node/host"
	"xietong/node/records"
	"xietong/node/text"
)

// TestTable compares the operations with the public list.
func TestTable(t *testing.T) {
	doc, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(doc), "\n## Operations of calls\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var listed, served []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|").FindAllStringSubmatch(section, -1) {
		listed = append(listed, m[1])
	}
	for _, operations := range []map[identity.Label]relay.Operation{new(Desk).Operations(), new(Desk).Federated()} {
		for l := range operations {
			served = append(served, l.String())
		}
	}
	slices.Sort(listed)
	slices.Sort(served)
	if !slices.Equal(listed, served) || len(served) != 7 {
		t.Errorf("docs/protocol.md lists %q, and %q are served", listed, served)
	}
}

// received is a call of the county as the relay hands it over.
func received(operation identity.Label, parameters []byte) relay.Received {
	return relay.Received{
		Header:   envelope.Header{ID: newID(), Origin: nanming, Destination: guiyang},
		Call:     envelope.Call{Operation: operation, Agency: water, Purpose: label(purpose), Parameters: parameters},
		Evidence: []byte("signed there"),
	}
}

// TestMalformedCalls: a call that is not what it must be is refused, and nothing is recorded.
func TestMalformedCalls(t *testing.T) {
	w := newWorld(t)
	before := w.city.size(t)
	operations := w.city.desk.Operations()
	query := encode(queryOf(lookup()))
	twice := queryOf(lookup())
	twice.Where = []condition{{Field: "name", Value: []byte(`"a"`)}, {Field: "name", Value: []byte(`"b"`)}}
	many := queryOf(lookup())
	for n := range maxConditions + 1 {
		many.Where = append(many.Where, condition{Field: fmt.Sprintf("f%04d", n), Value: []byte(`1`)})
	}
	for what, row := range map[string]struct {
		operation  identity.Label
		parameters []byte
	}{
		"nothing":              {opQuery, []byte{}},
		"another form":         {opVerify, query},
		"more than there is":   {opQuery, append(slices.Clone(query), 0)},
		"a spelling too long":  {opQuery, append([]byte{0xb8, query[0] & 0x1f}, query[1:]...)},
		"a field of two":       {opQuery, encode(twice)},
		"an empty application": {opQuery, encode(queryParameters{Dataset: villages, Application: &application{}})},
		"another of the kind":  {opVerify, encode(verifyParameters{Dataset: villages, Value: []byte(`1`), Application: &application{}})},
		"null for a value":     {opQuery, encode(queryParameters{Dataset: villages, Where: []condition{{Field: "name"}}})},
		"another null":         {opVerify, encode(verifyParameters{Dataset: villages})},
		"more than all fields": {opQuery, encode(many)},
		"long parameters":      {opQuery, encode(queryParameters{Dataset: villages, Filter: strings.Repeat("x", maxParameters)})},
		"a code of no label":   {opDatasets, encode(map[int]string{1: "Not a label"})},
		"no entry":             {opReceipt, encode(map[int]string{})},
		"an entry of no form":  {opReceipt, encode(map[int]string{1: "7"})},
	} {
		result, err := operations[row.operation](t.Context(), received(row.operation, row.parameters))
		refused(t, what, err, text.BadRequest)
		if result.Content != nil {
			t.Errorf("%s: got %x", what, result.Content)
		}
	}
	for _, operation := range []identity.Label{opQuery, opVerify} {
		r := received(operation, query)
		r.Call.Agency = identity.Label{}
		_, err := operations[operation](t.Context(), r)
		refused(t, operation.String()+" for nobody", err, text.AgencyNeeded)
	}
	if after := w.city.size(t); after != before {
		t.Errorf("%d entries were made", after-before)
	}
}

// told is an Asker that gives what a test says.
type told struct {
	answer relay.Answer
	err    error
}

func (a told) Federate(context.Context, identity.Message, identity.Jurisdiction, envelope.Call) (relay.Answer, error) {
	return a.answer, a.err
}

func (a told) Share(context.Context, relay.Received, identity.Jurisdiction) (relay.Answer, error) {
	return a.answer, a.err
}

func (a told) Ask(context.Context, identity.Message, identity.Jurisdiction, envelope.Call) (relay.Answer, error) {
	return a.answer, a.err
}

// TestUnreadableAnswers: what another jurisdiction signed as an answer and is none is recorded as such, and not shown.
func TestUnreadableAnswers(t *testing.T) {
	w := newWorld(t)
	entry := func(p *place) identity.Entry { return must(identity.NewEntry(p.Log(), 7)) }
	good := queryResult{Rows: [][]byte{[]byte(`{}`)}, Count: 1, AsOf: 6, Grant: entry(w.city)}
	changed := func(f func(*queryResult)) []byte {
		r := good
		f(&r)
		return encode(r)
	}
	for what, row := range map[string]struct {
		content []byte
		entry   identity.Entry
	}{
		"nothing":                 {nil, entry(w.city)},
		"a row that is no JSON":   {changed(func(r *queryResult) { r.Rows = [][]byte{[]byte(`{}]`)} }), entry(w.city)},
		"a row that is no object": {changed(func(r *queryResult) { r.Rows = [][]byte{[]byte(`7`)} }), entry(w.city)},
		"a count of other rows":   {changed(func(r *queryResult) { r.Count = 2 }), entry(w.city)},
		"rows without end":        {changed(func(r *queryResult) { r.Rows = make([][]byte, records.MaxLimit+1) }), entry(w.city)},
		"a grant of another":      {changed(func(r *queryResult) { r.Grant = entry(w.county) }), entry(w.city)},
		"no grant":                {changed(func(r *queryResult) { r.Grant = identity.Entry{} }), entry(w.city)},
		"a record of another":     {encode(good), entry(w.county)},
		"a use that nobody wrote": {encode(good), identity.Entry{}},
	} {
		w.county.desk.asker = told{answer: relay.Answer{
			Result: relay.Result{Content: row.content, Entry: row.entry}, Evidence: []byte("signed there"),
		}}
		id, before := newID(), w.county.size(t)
		got, err := w.county.desk.Query(t.Context(), id, guiyang, water, lookup())
		refused(t, what, err, text.AnswerRefused)
		if got.Rows != nil || w.county.size(t) != before+1 {
			t.Fatalf("%s: got %q, and %d entries were made, want one", what, got.Rows, w.county.size(t)-before)
		}
		_, said := w.county.entryAt(t, must(identity.NewEntry(w.county.Log(), before)))
		if said["outcome"] != float64(text.Number(text.AnswerRefused)) || said["entry"] != nil || said["request_id"] != id.String() {
			t.Errorf("%s: recorded as %v", what, said)
		}
	}
	claim := records.Claim{Dataset: villages, Key: "1", Field: "name", Value: []byte(`1`), Purpose: purpose}
	w.county.desk.asker = told{answer: relay.Answer{Result: relay.Result{
		Content: encode(verifyResult{Outcome: "maybe", Grant: entry(w.city)}), Entry: entry(w.city),
	}}}
	_, err := w.county.desk.Verify(t.Context(), newID(), guiyang, water, claim)
	refused(t, "a verdict that is none", err, text.AnswerRefused)
	w.county.desk.asker = told{answer: relay.Answer{Result: relay.Result{Content: encode(receiptResult{Receipt: []byte{}})}}}
	_, err = w.county.desk.Receipt(t.Context(), newID(), guiyang, water, entry(w.city))
	refused(t, "a receipt that is none", err, text.AnswerRefused)
	for what, page := range map[string]datasetsResult{
		"a catalogue in no order":         {Datasets: []datasetWire{{Code: villages, Agency: civil, Entry: entry(w.city)}, {Code: label("loans"), Agency: civil, Entry: entry(w.city)}}},
		"one that goes on where it began": {After: villages},
	} {
		w.county.desk.asker = told{answer: relay.Answer{Result: relay.Result{Content: encode(page)}}}
		_, err = w.county.desk.Datasets(t.Context(), newID(), guiyang, water)
		refused(t, what, err, text.AnswerRefused)
	}
}

// TestAnsweredOnce: two answers under one id, which an honest provider never gives, are not both shown.
func TestAnsweredOnce(t *testing.T) {
	w := newWorld(t)
	r := request{id: newID(), to: guiyang, agency: water, dataset: villages, call: envelope.Call{Operation: opQuery}}
	first, err := w.county.desk.record(t.Context(), r, outcome{evidence: []byte("a")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.county.desk.record(t.Context(), r, outcome{evidence: []byte("b")})
	refused(t, "another answer", err, text.IDSeen)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	second, err := w.county.desk.record(ended, r, outcome{number: text.Number(text.IDSeen), evidence: []byte("c")})
	if err != nil || second.Index() != first.Index()+1 {
		t.Errorf("a refusal, for nobody who waits: got %s, %v", second, err)
	}
}

// TestAtOnce asks under one id several times at once: one is answered.
func TestAtOnce(t *testing.T) {
	w := newWorld(t)
	if _, err := w.county.desk.Query(t.Context(), newID(), guiyang, water, lookup()); err != nil {
		t.Fatal(err)
	}
	id := newID()
	errs := make([]error, 8)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { _, errs[i] = w.county.desk.Query(t.Context(), id, guiyang, water, lookup()) })
	}
	all.Wait()
	answers := 0
	for _, err := range errs {
		if err == nil {
			answers++
			continue
		}
		refused(t, "one of several", err, text.IDSeen)
	}
	if answers != 1 {
		t.Errorf("%d were answered, want 1", answers)
	}
}

// TestLongCatalogue reads a catalogue that is longer than a message.
func TestLongCatalogue(t *testing.T) {
	w := newWorld(t)
	var want []string
	for n := range 8 {
		e := catalog.Entry{
			Code: label(fmt.Sprintf("long-%d", n)), Title: "长", Agency: civil, Category: "unconditional", Key: "code", NotSecret: true,
			UpdateCycle: strings.Repeat("x", 200<<10), Purposes: []catalog.Purpose{{Code: label(purpose), Title: "核验"}}, Schema: []byte(schema),
		}
		must(catalog.Publish(t.Context(), w.city.Host, newID(), e))
		want = append(want, e.Code.String())
	}
	all, err := w.county.desk.Datasets(t.Context(), newID(), guiyang, water)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range all {
		got = append(got, d.Code.String())
	}
	want = append(want, "fingerprints", "loans", "villages")
	slices.Sort(want)
	if !slices.Equal(got, want) || len(w.frames) < 3 {
		t.Errorf("got %q in %d answers, want %q", got, len(w.frames), want)
	}
}

// TestProblem: every error becomes a row of the table, and nothing of the machine crosses the link.
func TestProblem(t *testing.T) {
	ledgerTime := time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)
	for what, row := range map[string]struct {
		err  error
		code text.Code
		args []string
	}{
		"a failure": {text.Fail(text.NotShared, text.Args{"dataset": "d", "citation": "c"}, errors.New("x")), text.NotShared, []string{"d", "c"}},
		"a refusal": {fmt.Errorf("x: %w", &state.Refusal{Code: 26, Args: []string{"g", "d", "e"}}), text.GrantRevoked, []string{"g", "d", "e"}},
		"an id":     {&state.Refusal{Code: state.CodeSeen}, text.IDSeen, []string{}},
		"a full disk": {
			fmt.Errorf("x: %w", &group.SpaceError{Dir: "secret folder", Free: 1 << 20, Needed: 64 << 20}), text.DiskFull,
			[]string{"-", "1 MiB", "64 MiB"},
		},
		"a clock": {
			&host.ClockError{Behind: 7 * time.Minute, Ledger: ledgerTime}, text.ClockSetBack,
			[]string{"7m0s", "2026-11-24T01:00:00Z"},
		},
		"not done":        {fmt.Errorf("secret: %w", group.ErrNotDone), text.NotReady, []string{"not done"}},
		"nobody knows":    {fmt.Errorf("secret: %w", group.ErrUnknownOutcome), text.NotReady, []string{"outcome unknown"}},
		"anything else":   {errors.New("secret"), text.Internal, []string{}},
		"an unknown code": {&state.Refusal{Code: 60000, Args: []string{"secret"}}, text.Internal, []string{}},
	} {
		code, args := Problem(row.err)
		if code != text.Number(row.code) || !slices.Equal(args, row.args) {
			t.Errorf("%s: got %d %q, want %d %q", what, code, args, text.Number(row.code), row.args)
		}
	}
	refusal := Failure(fmt.Errorf("ask: %w", &relay.Problem{At: guiyang, Code: 76, Args: []string{"guiyang.guizhou", "no-link"}}))
	if refusal.Code != text.Unreachable || refusal.Args["reason"] != "no-link" {
		t.Errorf("a problem of a call: got %v", refusal)
	}
}

// FuzzParameters holds that whatever is taken says one thing, and is written again as it came.
func FuzzParameters(f *testing.F) {
	f.Add(encode(queryOf(lookup())))
	f.Add(encode(queryParameters{Dataset: villages, Where: []condition{{Field: "a", Value: []byte(`1`)}, {Field: "b", Value: []byte(`2`)}}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		var p queryParameters
		if canon.Unmarshal(data, maxParameters, &p) != nil {
			return
		}
		q, err := p.question()
		if err != nil {
			return
		}
		again := queryOf(q)
		again.Limit = p.Limit // beyond MaxLimit one is as good as another
		if got := encode(again); string(got) != string(data) {
			t.Errorf("%x is read and written as %x", data, got)
		}
	})
}

// FuzzResults: what another jurisdiction sends as a result is refused, or it can be shown as it is.
func FuzzResults(f *testing.F) {
	grant, err := identity.ParseEntry("guiyang.guizhou/log/1/7")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encode(queryResult{Rows: [][]byte{[]byte(village(1, "纪念塔社区"))}, Count: 1, Scanned: 1, Cursor: "AAAA", AsOf: 9, Grant: grant}), false)
	f.Add(encode(queryResult{Count: 3, AsOf: 9, Grant: grant, GrantedNow: true}), true)
	f.Fuzz(func(t *testing.T, data []byte, count bool) {
		var r queryResult
		if canon.Unmarshal(data, maxResult, &r) != nil || r.check(count) != nil {
			return
		}
		if got := encode(r); string(got) != string(data) {
			t.Errorf("%x is read and written as %x", data, got)
		}
		for _, row := range r.Rows {
			if count || json.Unmarshal(row, &map[string]json.RawMessage{}) != nil {
				t.Errorf("the row %q is shown", row)
			}
		}
	})
}
