package api

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// act is a request of an operation that goes through at the door of left, or is refused there as
// otherwise, whoever asks.
type act struct {
	id, method, path string
	as               string // who does it; only of what writes
	body             any
	otherwise        text.Code
}

// readings are requests of the operations that tell what there is. An agency that ended may ask
// them: what it left is under its code and nowhere else.
func (d *door) readings(t *testing.T) []act {
	get := func(id, path string) act { return act{id: id, method: "GET", path: path} }
	refused := func(id, path string, as text.Code) act { return act{id: id, method: "GET", path: path, otherwise: as} }
	return []act{
		get("grants", "/v1/grants"), get("held-grants", "/v1/grants/held"), get("asked", "/v1/asked"), get("count-asked", "/v1/asked/counts"),
		get("uses", "/v1/uses"), get("count-uses", "/v1/uses/counts"), get("audits", "/v1/audits"),
		get("questions", "/v1/questions"), get("question", "/v1/question?name=人口合计"),
		get("entries", "/v1/ledger/entries"), get("entry", "/v1/ledger/entries/0"), get("entry-of", "/v1/entry?entry=guizhou/log/1/0"),
		get("receipt", d.receipt(t, ledger.KindQuestion)), get("receipt-of", fmt.Sprintf("/v1/receipt?entry=guizhou/log/1/%d", d.last(t, ledger.KindQuestion))),
		get("agencies", "/v1/agencies"), get("datasets", "/v1/datasets"), get("dataset", "/v1/datasets/villages"),
		get("standards", "/v1/standards"), get("standard-of", "/v1/standards/towns"), get("roster", "/v1/roster"),
		get("children", "/v1/children"), get("hosted", "/v1/hosted"), get("clock", "/v1/clock"), get("replicas", "/v1/replicas"),
		refused("checkpoint", "/v1/ledger/checkpoint", text.Internal), refused("leaves", "/v1/ledger/leaves", text.Internal), refused("tree", "/v1/tree", text.Internal),
		refused("keys", "/v1/keys", text.KeysPending), refused("to-confirm", "/v1/waiting/guiyang.guizhou", text.NotConfirmable),
	}
}

// writings are requests of the operations that write, ask for records, or plan to. An agency that
// ended does none of them. Those of the first return are also tried while the agency ends.
func (d *door) writings(t *testing.T) (beside, alone []act) {
	file := "code,name\n9,x\n"
	load := fmt.Sprintf("/v1/datasets/villages/imports?missing=clear&rows=1&good=1&keep_good=false&file_hash=%x", sha256.Sum256([]byte(file)))
	newer := edited(villages(), func(v *client.NewDataset) { v.Code, v.Title = "streets", "街道" })
	ground := client.NewGrant{Dataset: "villages", Consumer: "archives", Purpose: "statistics", Until: use.Until, Basis: "b", Paper: "p"}
	question := edited(totals(), func(q *client.Question) { q.Name = "另一" })
	own, water := "civil-affairs", "water"
	withdrawn := client.Withdrawing{Reason: "r", Plan: d.plan(t, "/v1/datasets/villages/withdrawal", own)}
	taken := client.Withdrawing{Reason: "r", Plan: d.plan(t, "/v1/standards/towns/withdrawal", own)}
	moved := client.Moving{Datasets: []string{"villages"}, Into: "forestry", Plan: d.plan(t, "/v1/moves?datasets=villages&into=forestry", own)}
	ends := client.EndOfAgency{Into: "forestry", Reason: "r", Plan: d.plan(t, "/v1/agencies/civil-affairs/end?into=forestry", own)}
	query := client.Query{Dataset: "villages", Key: "1", Use: use}
	claim := client.Verification{Dataset: "villages", Key: "1", Field: "name", Value: json.RawMessage(`"村1"`), Use: use}
	named := client.QuestionName{Name: "人口合计"}
	many := client.FederatedQuery{At: "*.guizhou", Dataset: "villages", Measure: client.Measure{Function: "count"}, Use: use}
	places := client.NewRoster{CSV: "code,level,label,name_zh,parent,short_zh,name_en\n520000,province,guizhou,贵州省,,贵州,Guizhou\n520100,city,guiyang,贵阳市,520000,贵阳,Guiyang\n"}
	fingerprint := strings.Repeat("0", 24)
	return []act{
			{"publish-dataset", "POST", "/v1/datasets", own, newer, ""},
			{"publish-standard", "POST", "/v1/standards", own, client.NewStandard{NewDataset: newer, Level: "county"}, ""},
			{"put-record", "POST", "/v1/datasets/villages/records", own, client.PutRecord{Record: json.RawMessage(`{"code":"4"}`)}, ""},
			{"retract-record", "POST", "/v1/datasets/villages/retractions", own, client.Retraction{Key: "3", Reason: "r"}, ""},
			{"load-import", "POST", load, own, file, ""},
			{"save-question", "POST", "/v1/questions", water, question, ""},
			{"run-question", "POST", "/v1/questions/run", water, named, ""},
			{"remove-question", "POST", "/v1/questions/removal", water, named, ""},
			{"give-grant", "POST", "/v1/grants", own, ground, ""},
			{"renew-grant", "POST", d.grant(t, ledger.KindGrant, "renewal"), own, client.Renewal{Until: "2027-11-25T09:00:00Z", Basis: "b", Paper: "p"}, ""},
			{"revoke-grant", "POST", d.grant(t, ledger.KindGrant, "revocation"), own, client.Revocation{Reason: "r"}, ""},
			{"allow-grants", "POST", d.grant(t, ledger.KindGrantRevoked, "allowance"), own, client.Revocation{Reason: "r"}, ""},
			{"query", "POST", "/v1/query", own, query, ""},
			{"query", "POST", "/v1/query", "archives", query, ""}, // which applies first
			{"verify", "POST", "/v1/verify", water, claim, ""},
			{"withdraw-dataset", "POST", "/v1/datasets/villages/withdrawal", own, withdrawn, ""},
			{"withdraw-standard", "POST", "/v1/standards/towns/withdrawal", own, taken, ""},
			{"move-datasets", "POST", "/v1/moves", own, moved, ""},
			{"end-agency", "POST", "/v1/agencies/civil-affairs/end", own, ends, ""},
			{"rename-agency", "POST", "/v1/agencies/civil-affairs/title", own, client.Renaming{Title: "新"}, ""},
		}, []act{
			{"publish-roster", "POST", "/v1/roster", own, places, ""},
			{"plan-roster", "POST", "/v1/roster/plan", own, places, ""},
			{"plan-dataset", "POST", "/v1/datasets/plan", own, newer, ""},
			{"check-import", "POST", "/v1/datasets/villages/imports/check", own, file, ""},
			{"bad-rows-import", "POST", "/v1/datasets/villages/imports/bad-rows", own, file, ""},
			{"record-history", "POST", "/v1/datasets/villages/history", own, client.HistoryOf{Key: "3"}, ""},
			{"federated-query", "POST", "/v1/federated-query", water, many, ""},
			{"federated-rows", "POST", "/v1/federated-rows", water, client.RowsQuery{Query: client.Query{At: "*.guizhou", Dataset: "villages", Use: use}}, ""},
			{"plan-withdrawal", "GET", "/v1/datasets/villages/withdrawal", own, nil, ""},
			{"plan-standard-withdrawal", "GET", "/v1/standards/towns/withdrawal", own, nil, ""},
			{"plan-move", "GET", "/v1/moves?datasets=villages&into=forestry", own, nil, ""},
			{"plan-agency-end", "GET", "/v1/agencies/civil-affairs/end?into=forestry", own, nil, ""},
			{"add-agency", "POST", "/v1/agencies", own, client.NewAgency{Code: "sports", Title: "体育局"}, ""},
			{"invite", "POST", "/v1/invitations", own, client.NewInvitation{Name: "贵阳市"}, ""},
			{"plan-invitation", "POST", "/v1/invitations/plan", own, client.NewInvitation{Name: "贵阳市"}, ""},
			{"cancel-invitation", "POST", "/v1/invitations/x/cancellation", own, client.Cancellation{Reason: "r"}, ""},
			{"cancel-invitation-plan", "GET", "/v1/invitations/x/cancellation", own, nil, ""},
			{"withdraw", "POST", "/v1/children/x/withdrawal", own, client.Withdrawal{Reason: "r"}, ""},
			{"withdraw-plan", "GET", "/v1/children/x/withdrawal", own, nil, ""},
			{"confirm", "POST", "/v1/waiting/guiyang.guizhou/confirmation", own, client.NewConfirmation{Fingerprint: fingerprint, Reason: "r"}, ""},
			{"acknowledge-fork", "POST", "/v1/forks/guiyang.guizhou/acknowledgment", own, client.NewForkAcknowledgment{Reason: "r"}, ""},
			{"object", "POST", "/v1/objections", own, client.NewObjection{Document: []byte("x")}, ""},
			{"drill", "POST", "/v1/drills", own, client.NewDrill{At: "sichuan", Fault: "altered"}, ""},
			{"add-hosted", "POST", "/v1/hosted", own, client.NewHosted{Name: "贵阳市"}, ""},
			{"end-hosted", "POST", "/v1/hosting/end", own, client.HostingEnd{Reason: "r"}, ""},
			{"end-hosted-plan", "GET", "/v1/hosting/end", own, nil, ""},
			{"accept-clock", "POST", "/v1/clock", own, client.ClockAcceptance{Reason: "r"}, ""},
			{"repair-ledger", "POST", "/v1/ledger/repair", own, client.NewRepair{}, ""},
			{"continue-ledger", "POST", "/v1/ledger/continuation", own, client.Continuation{Reason: "r"}, ""},
			{"invite-replica", "POST", "/v1/replicas/invitations", own, client.NewReplica{}, ""},
			{"promote-replica", "POST", "/v1/replicas/r2/promotion", own, client.ReplicaPromotion{}, ""},
			{"remove-replica", "POST", "/v1/replicas/r2/removal", own, client.ReplicaRemoval{}, ""},
			{"remove-replica-plan", "GET", "/v1/replicas/r2/removal", own, nil, ""},
			{"acknowledge-keys", "POST", "/v1/keys/acknowledgment", own, client.Acknowledge{}, ""},
			{"new-keys", "POST", "/v1/keys", own, client.NewKeys{}, ""},
		}
}

// left is a door whose agencies have something to leave: water a saved question with the result of
// a month and the grant under which it was asked, civil-affairs two datasets, a standard, and a
// grant that it revoked.
func left(t *testing.T) *door {
	t.Helper()
	d := open(t)
	for _, agency := range []string{"forestry", "archives"} {
		d.done(t, "POST", "/v1/agencies", "", client.NewAgency{Code: agency, Title: agency})
	}
	standard := client.NewStandard{NewDataset: edited(villages(), func(v *client.NewDataset) { v.Code = "towns" }), Level: "county"}
	d.done(t, "POST", "/v1/standards", "civil-affairs", standard)
	d.done(t, "POST", "/v1/datasets", "civil-affairs", edited(villages(), func(v *client.NewDataset) { v.Code = "lakes" }))
	d.send(t, request{method: "POST", path: "/v1/query", as: "forestry", body: client.Query{Dataset: "lakes", Key: "1", Use: use}})
	d.done(t, "POST", d.grant(t, ledger.KindGrant, "revocation"), "civil-affairs", client.Revocation{Reason: "r"})
	d.done(t, "POST", "/v1/questions", "water", totals())
	d.runs(t, "人口合计")
	return d
}

// grant returns the path of what is done with the last grant, or the last one that was revoked.
func (d *door) grant(t *testing.T, kind ledger.Kind, verb string) string {
	t.Helper()
	index := d.last(t, kind)
	if kind == ledger.KindGrantRevoked {
		index, _ = d.Heads(t, index)[0].About.Index()
	}
	return fmt.Sprintf("/v1/grants/%d/%s", index, verb)
}

// receipt returns the path of the receipt of the last entry of a kind.
func (d *door) receipt(t *testing.T, kind ledger.Kind) string {
	t.Helper()
	return fmt.Sprintf("/v1/ledger/entries/%d/receipt", d.last(t, kind))
}

// last returns the index of the last entry of a kind.
func (d *door) last(t *testing.T, kind ledger.Kind) uint64 {
	t.Helper()
	for i, head := range slices.Backward(d.Heads(t, 0)) {
		if head.Kind == kind {
			return uint64(i)
		}
	}
	t.Fatalf("no entry of the kind %s", kind)
	return 0
}

// plan returns the hash of the plan of a path.
func (d *door) plan(t *testing.T, path, as string) string {
	t.Helper()
	var p client.EndPlan
	if err := json.Unmarshal(d.done(t, "GET", path, as, nil), &p); err != nil {
		t.Fatal(err)
	}
	return p.Hash
}

// end ends an agency, or merges it into another one.
func (d *door) end(t *testing.T, agency, into string) (done client.EndDone) {
	t.Helper()
	path := "/v1/agencies/" + agency + "/end"
	query := map[bool]string{true: "?into=" + into}[into != ""]
	order := client.EndOfAgency{Into: into, Reason: "机构改革", Plan: d.plan(t, path+query, "")}
	if err := json.Unmarshal(d.done(t, "POST", path, "", order), &done); err != nil {
		t.Fatal(err)
	}
	return done
}

// withdrawn is left with all taken back that civil-affairs offers, so that it may end with no
// successor.
func withdrawn(t *testing.T) *door {
	t.Helper()
	d := left(t)
	for _, path := range []string{"/v1/datasets/villages/withdrawal", "/v1/datasets/lakes/withdrawal", "/v1/standards/towns/withdrawal"} {
		d.done(t, "POST", path, "", client.Withdrawing{Reason: "r", Plan: d.plan(t, path, "")})
	}
	return d
}

// TestEndedReadsAndWritesNothing: whoever acts for the jurisdiction reads what an agency left that
// ended, under its code, and does nothing else in its name. Each operation is one or the other.
func TestEndedReadsAndWritesNothing(t *testing.T) {
	d := left(t)
	reads := d.readings(t)
	writes := slices.Concat(d.writings(t))
	d.chosen(t, slices.Concat(reads, writes))
	if done := d.end(t, "water", "forestry"); done.Questions != 1 {
		t.Errorf("the plan tells of %d saved questions, want 1", done.Questions)
	}
	for _, a := range reads {
		if w := d.send(t, request{method: a.method, path: a.path, as: "water"}); a.otherwise == "" && w.Code != 200 {
			t.Errorf("%s: got %d %s", a.id, w.Code, w.Body)
		} else if a.otherwise != "" {
			d.refused(t, a.id, request{method: a.method, path: a.path, as: "water"}, a.otherwise)
		}
	}
	before := len(d.Heads(t, 0))
	for _, a := range writes {
		d.refused(t, a.id, request{method: a.method, path: a.path, as: "water", body: a.body}, text.AgencyMerged)
	}
	if after := d.Heads(t, uint64(before)); len(after) > 0 {
		t.Errorf("what was refused left the entries %+v", after)
	}
}

// chosen demands that the acts are of every operation of a jurisdiction, and of each one kind.
func (d *door) chosen(t *testing.T, all []act) {
	t.Helper()
	var described struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(d.done(t, "GET", "/openapi.json", "", nil), &described); err != nil {
		t.Fatal(err)
	}
	for path, methods := range described.Paths {
		for _, o := range methods {
			if !slices.Contains(ofNode, o.OperationID) && !slices.ContainsFunc(all, func(a act) bool { return a.id == o.OperationID }) {
				t.Errorf("%s (%s): say whether an agency that ended may ask it: a reading, or a writing", o.OperationID, path)
			}
		}
	}
}

// TestEndedLeavesToBeRead: what an agency left is told under its code as before it ended, and not
// under that of its successor; a record is not given, since that is a use.
func TestEndedLeavesToBeRead(t *testing.T) {
	d := left(t)
	told := func(as string) (out []string) {
		for _, path := range []string{
			"/v1/questions", "/v1/question?name=人口合计", "/v1/grants?consumer=water&sort=grant", d.receipt(t, ledger.KindQuestion),
		} {
			w := d.send(t, request{method: "GET", path: path, as: as})
			out = append(out, strings.NewReplacer(`"state":"live"`, "", `"state":"closed"`, "", `"consumer"`, "").Replace(w.Body.String()))
		}
		return out
	}
	before := told("water")
	d.end(t, "water", "forestry")
	after, of := told("water"), told("forestry")
	for i := range before {
		if i != 2 && after[i] != before[i] {
			t.Errorf("before:\n%s\nafter:\n%s", before[i], after[i])
		}
		if of[i] == before[i] {
			t.Errorf("its successor is told %s", of[i])
		}
	}
	if !strings.Contains(after[0], "人口合计") || !strings.Contains(after[2], "agency/water") || !strings.Contains(after[3], "payload") {
		t.Errorf("got %q", after)
	}
}

// TestEndedGetsNoRecord: the receipt of a record gives the record, which is a use, so it is not
// given to a provider that ended; that of its other entries is.
func TestEndedGetsNoRecord(t *testing.T) {
	d := withdrawn(t)
	record := d.receipt(t, ledger.KindRecord)
	d.done(t, "GET", record, "civil-affairs", nil)
	d.end(t, "civil-affairs", "")
	entries := len(d.Heads(t, 0))
	d.refused(t, "a record", request{method: "GET", path: record, as: "civil-affairs"}, text.AgencyEnded)
	if got := d.done(t, "GET", d.receipt(t, ledger.KindAccess), "civil-affairs", nil); !strings.Contains(string(got), "payload") {
		t.Errorf("of a use it is given %s", got)
	}
	if n := len(d.Heads(t, 0)); n != entries {
		t.Errorf("%d entries, want %d", n, entries)
	}
}

// TestEndsBesideWhatItWrites has the agency end before each command of what it writes: nothing is
// written in its name after that, nor for it in the name of its successor.
func TestEndsBesideWhatItWrites(t *testing.T) {
	if testing.Short() {
		t.Skip("it makes a door for each command")
	}
	all, _ := left(t).writings(t)
	for i := range all {
		endsBeside(t, "forestry", left, func(d *door) act {
			acts, _ := d.writings(t)
			return acts[i]
		})
	}
	for _, last := range []func(d *door) act{
		func(d *door) act {
			return act{"revoke-grant", "POST", d.grant(t, ledger.KindGrant, "revocation"), "civil-affairs", client.Revocation{Reason: "r"}, ""}
		},
		func(d *door) act {
			return act{"allow-grants", "POST", d.grant(t, ledger.KindGrantRevoked, "allowance"), "civil-affairs", client.Revocation{Reason: "r"}, ""}
		},
		func(d *door) act {
			return act{"receipt", "GET", d.receipt(t, ledger.KindRecord), "civil-affairs", nil, ""}
		},
	} {
		endsBeside(t, "", withdrawn, last)
	}
}

// endsBeside has the agency that acts end before each command of the act.
func endsBeside(t *testing.T, into string, open func(*testing.T) *door, of func(*door) act) {
	t.Helper()
	for nth := 0; ; nth++ {
		d := open(t)
		a, commands, size := of(d), 0, 0
		d.Before = func(state.Kind) {
			if commands++; commands == nth+1 {
				d.Before = nil
				d.end(t, a.as, into)
				size = len(d.Heads(t, 0))
			}
		}
		w := d.send(t, request{method: a.method, path: a.path, as: a.as, body: a.body})
		if d.Before != nil { // it had no further command
			if nth == 0 || w.Code != 200 {
				t.Errorf("%s: with %d commands: got %d %s", a.id, commands, w.Code, w.Body)
			}
			return
		}
		after := slices.DeleteFunc(d.Heads(t, uint64(size)), func(h ledger.Head) bool { // the node says that nothing came of it
			return h.Kind == ledger.KindUseRefused || h.Kind == ledger.KindImportAbandoned
		})
		if len(after) > 0 {
			t.Errorf("%s: after the end before command %d: got %+v, and %d %s", a.id, nth, after, w.Code, w.Body)
		}
	}
}
