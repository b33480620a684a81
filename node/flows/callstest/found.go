package callstest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/business/sharing"
	"xietong/node/flows/adoption"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// The agencies, the dataset and the application that every place has.
var (
	Civil    = Label("civil-affairs") // provides the datasets
	Water    = Label("water")
	Villages = Label("villages")
	// Applied is the content of an application.
	Applied = sharing.Application{
		Basis: "《居住证暂行条例》", Scenario: "居住证办理", Scope: "南明区", Method: "query",
		Until: time.Now().AddDate(1, 0, 0).UTC().Format(time.RFC3339),
	}
)

// Purpose is the first of the purposes of a dataset; "statistics" is the second.
const Purpose = "residence-check"

// Schema is the schema of the datasets.
const Schema = `{"type":"object","required":["code","name"],"properties":{
	"code":{"type":"string","pattern":"^[0-9]{12}$"},"name":{"type":"string"},"households":{"type":["integer","null"]}}}`

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Name parses the name of a jurisdiction.
func Name(s string) identity.Jurisdiction { return must(identity.ParseJurisdiction(s)) }

// Label parses a code.
func Label(s string) identity.Label { return must(identity.ParseLabel(s)) }

// NewID returns a new id.
func NewID() identity.Message { return must(identity.NewMessage()) }

// By is an agency of the place that acts.
func By(agency identity.Label) catalog.Actor { return catalog.Local(agency.String()) }

// found registers the agencies and publishes the datasets: one for anybody, one on conditions, one
// that is not shared. The first has one record.
func (p *Place) found(t testing.TB) {
	t.Helper()
	for _, code := range []identity.Label{Civil, Water} {
		must(catalog.AddAgency(t.Context(), p.Host, identity.Message{}, catalog.Agency{Code: code, Title: code.String()}))
	}
	for code, category := range map[string]string{"villages": "unconditional", "loans": "conditional", "fingerprints": "not-shared"} {
		e := Dataset(code)
		if e.Category = category; category == "not-shared" {
			e.Citation = "《居民身份证法》第十九条"
		}
		p.Publish(t, e)
	}
	p.Put(t, Villages, Village(1, "纪念塔社区"))
}

// Dataset is the entry of a dataset that anybody may use.
func Dataset(code string) catalog.Entry {
	return catalog.Entry{
		Code: Label(code), Title: "目录 " + code, Agency: Civil, Category: "unconditional", Key: "code", NotSecret: true,
		UpdateCycle: "yearly", Schema: []byte(Schema),
		Purposes: []catalog.Purpose{{Code: Label(Purpose), Title: "居住地核验"}, {Code: Label("statistics"), Title: "统计"}},
	}
}

// Publish publishes a dataset.
func (p *Place) Publish(t testing.TB, e catalog.Entry) catalog.Published {
	t.Helper()
	plan := must(p.Adoption.Plan(t.Context(), By(Civil), e, identity.Entry{}))
	return must(p.Adoption.Publish(t.Context(), NewID(), By(Civil), e, adoption.Agreed{Plan: plan.Hash, LeaveOut: true}))
}

// Village is a record of a dataset.
func Village(n int, name string) string {
	return fmt.Sprintf(`{"code":"520102016%03d","households":%d,"name":"%s"}`, n, n, name)
}

// Put puts a record.
func (p *Place) Put(t testing.TB, dataset identity.Label, record string) {
	t.Helper()
	if _, err := p.Records.Put(t.Context(), NewID(), By(Civil), dataset, []byte(record)); err != nil {
		t.Fatal(err)
	}
}

// Lookup is the question for the one record.
func Lookup() records.Question {
	return records.Question{Dataset: Villages, Key: "520102016001", Purpose: Purpose, Application: Applied}
}

// Size returns how many entries the ledger has.
func (p *Place) Size(t testing.TB) (size uint64) {
	t.Helper()
	if err := p.View(t.Context(), func(r *state.Reader) error { size = r.Size(); return nil }); err != nil {
		t.Fatal(err)
	}
	return size
}

// EntryAt returns the head and the payload of an entry of the ledger.
func (p *Place) EntryAt(t testing.TB, e identity.Entry) (head ledger.Head, payload []byte) {
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
		payload, err = p.Payload(r, e.Index())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return head, payload
}

// SaidAt is EntryAt with the payload decoded from JSON.
func (p *Place) SaidAt(t testing.TB, e identity.Entry) (head ledger.Head, said map[string]any) {
	t.Helper()
	head, payload := p.EntryAt(t, e)
	if err := json.Unmarshal(payload, &said); err != nil {
		t.Fatalf("%s: %v", e, err)
	}
	return head, said
}

// GrantsOf returns the grants of an agency, as the place knows them.
func (p *Place) GrantsOf(t testing.TB, agency identity.Agency) (all []sharing.Grant) {
	t.Helper()
	err := p.View(t.Context(), func(r *state.Reader) error {
		for _, g := range sharing.GrantsOf(r, p.Records, agency, sharing.Wanted{}) {
			all = append(all, g.Grant)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Refused demands the refusal, and returns it.
func Refused(t testing.TB, what string, err error, want text.Code) *text.Failure {
	t.Helper()
	if err == nil || failure.Of(err).Code != want {
		t.Errorf("%s: got %v, want %s", what, err, want)
		return &text.Failure{}
	}
	return failure.Of(err)
}

// Revoke has a place revoke its keys, and use the next ones.
func (w *World) Revoke(t testing.TB, p *Place) {
	t.Helper()
	must(p.NewKeys(t.Context(), NewID(), host.Change{Revoke: true}))
	if err := p.RenewKeys(t.Context(), func(uint64) bool { return true }); err != nil {
		t.Fatal(err)
	}
	sets := must(trust.Walk(must(p.Pin()), must(p.KeySets(t.Context()))))
	p.Sets = trust.Believe(sets, func(uint64) (at time.Time, ok bool) { return at, false })
}
