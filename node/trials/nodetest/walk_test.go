package nodetest

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/node/faces/client"
)

// What a caller of the API learns: something (given), the receipt of an entry without its payload
// (withheld), words of a record or an application (record), or the code of a refusal.
const given, withheld, record = "given", "withheld", "record"

// The columns of faceWalk are the callers at 贵阳市: the provider of its datasets, the agency that
// has a grant for villages, another agency, one that is not registered, and whoever names none, who
// is an administrator until people sign in.
var faceCallers = []string{"civil-affairs", "water", "archives", "forestry", ""}

type faceRow struct {
	id, what, method, path, body string
	want                         [5]string
}

func all(outcome string) (want [5]string) {
	for i := range want {
		want[i] = outcome
	}
	return want
}

// reads is the row of an operation that tells everybody the same, except an agency that is not one.
func reads(outcome string) (want [5]string) {
	want = all(outcome)
	want[3] = "unknown-agency"
	return want
}

// byAgency is the row of an operation that an agency does: what the three registered ones learn.
func byAgency(provider, grantee, other string) [5]string {
	return [5]string{provider, grantee, other, "unknown-agency", "agency-needed"}
}

// ofProvider is the row of what the provider does, and who runs the jurisdiction in its name.
func ofProvider(outcome string) [5]string {
	return [5]string{outcome, "not-provider", "not-provider", "unknown-agency", outcome}
}

// faceWalk says what each caller learns from each operation of the API. RECORD, USE, GRANT and AWAY
// stand for entries: a record, the use by the grantee, its grant, a record of 南明区.
func faceWalk() []faceRow {
	provider := byAgency(given, "not-provider", "not-provider")
	const away = `"at":"*.guiyang.guizhou","dataset":"villages","purpose":"statistics"`
	files := "/v1/datasets/villages/imports"
	return append([]faceRow{
		{"status", "", "GET", "/v1/status", "", reads(given)},
		{"checkpoint", "", "GET", "/v1/ledger/checkpoint", "", reads(given)},
		{"checkpoint", "since the first", "GET", "/v1/ledger/checkpoint?since=1", "", reads(given)},
		{"checkpoint", "since what is not yet", "GET", "/v1/ledger/checkpoint?since=4611686018427387903", "", reads("since-beyond")},
		{"leaves", "", "GET", "/v1/ledger/leaves?from=1", "", reads(given)},
		{"entry", "the head of a record", "GET", "/v1/ledger/entries/RECORD", "", reads(given)},
		{"receipt", "a record", "GET", "/v1/ledger/entries/RECORD/receipt", "", [5]string{record, withheld, withheld, "unknown-agency", withheld}},
		{"receipt", "a use", "GET", "/v1/ledger/entries/USE/receipt", "", [5]string{given, given, withheld, "unknown-agency", withheld}},
		{"receipt", "the node's own", "GET", "/v1/ledger/entries/1/receipt", "", [5]string{withheld, withheld, withheld, "unknown-agency", given}},
		{"entry-of", "a record", "GET", "/v1/entry?entry=guiyang.guizhou/log/1/RECORD", "", reads(given)},
		{"entry-of", "a record elsewhere", "GET", "/v1/entry?entry=AWAY", "", byAgency("not-found", "not-found", "not-found")},
		{"receipt-of", "a record", "GET", "/v1/receipt?entry=guiyang.guizhou/log/1/RECORD", "", [5]string{record, withheld, withheld, "unknown-agency", withheld}},
		{"receipt-of", "a record elsewhere", "GET", "/v1/receipt?entry=AWAY", "", byAgency("not-found", "not-found", "not-found")},
		{"agencies", "", "GET", "/v1/agencies", "", reads(given)},
		{"children", "", "GET", "/v1/children", "", reads(given)},
		{"hosted", "", "GET", "/v1/hosted", "", reads(given)},
		{"entries", "", "GET", "/v1/ledger/entries", "", reads(given)},
		{"datasets", "", "GET", "/v1/datasets", "", reads(given)},
		{"dataset", "", "GET", "/v1/datasets/secrets", "", reads(given)},
		{"dataset", "of nobody", "GET", "/v1/datasets/secrets?at=mars", "", reads("jurisdiction-unknown")},
		{"standards", "", "GET", "/v1/standards", "", reads(given)},
		{"standard-of", "none", "GET", "/v1/standards/villages?from=guiyang.guizhou", "", byAgency("no-standard", "no-standard", "no-standard")},
		{"roster", "", "GET", "/v1/roster", "", reads(given)},
		{"tree", "", "GET", "/v1/tree", "", reads(given)},
		{"audits", "", "GET", "/v1/audits", "", reads(given)},
		{"keys", "", "GET", "/v1/keys", "", reads(given)},
		{"clock", "", "GET", "/v1/clock", "", reads(given)},
		{"repair-ledger", "whole", "POST", "/v1/ledger/repair", `{}`, all(given)},
		{"continue-ledger", "not in question", "POST", "/v1/ledger/continuation", `{"reason":"r"}`, all("ledger-not-in-question")},
		{"accept-clock", "not in doubt", "POST", "/v1/clock", `{"reason":"r"}`, all("clock-believed")},
		{"acknowledge-keys", "", "POST", "/v1/keys/acknowledgment", "{}", all(given)},
		{"new-keys", "too soon", "POST", "/v1/keys", "{}", all("keys-too-soon")},
		{"record-history", "", "POST", "/v1/datasets/villages/history", `{"key":"9"}`, provider},
		{"query", "villages", "POST", "/v1/query", `{"dataset":"villages","key":"9","purpose":"statistics"}`, byAgency(record, record, "basis-needed")},
		{"query", "secrets", "POST", "/v1/query", `{"dataset":"secrets","key":"9","purpose":"statistics"}`, byAgency(record, "not-shared", "not-shared")},
		{"query", "secrets, no such record", "POST", "/v1/query", `{"dataset":"secrets","key":"8","purpose":"statistics"}`, byAgency(given, "not-shared", "not-shared")},
		{"verify", "villages", "POST", "/v1/verify", `{"dataset":"villages","key":"9","field":"at","value":"x","purpose":"statistics"}`, byAgency(given, given, "basis-needed")},
		{"verify", "secrets", "POST", "/v1/verify", `{"dataset":"secrets","key":"9","field":"at","value":"x","purpose":"statistics"}`, byAgency(given, "not-shared", "not-shared")},
		{"federated-query", "of counties", "POST", "/v1/federated-query", "{" + away + `,"measure":{"function":"count"}}`, byAgency("nobody-answered", "nobody-answered", "nobody-answered")},
		{"federated-rows", "of counties", "POST", "/v1/federated-rows", "{" + away + `,"key":"1"}`, byAgency(given, given, given)},
		{"grants", "", "GET", "/v1/grants", "", byAgency(record, record, given)},
		{"held-grants", "", "GET", "/v1/grants/held", "", reads(given)},
		{"uses", "", "GET", "/v1/uses", "", reads(given)},
		{"uses", "of a dataset", "GET", "/v1/uses?dataset=villages", "", [5]string{given, "not-provider", "not-provider", "unknown-agency", given}},
		{"count-uses", "of a dataset", "GET", "/v1/uses/counts?dataset=villages", "", [5]string{given, "not-provider", "not-provider", "unknown-agency", given}},
		{"asked", "", "GET", "/v1/asked", "", reads(given)},
		{"asked", "another's", "GET", "/v1/asked?agency=water", "", [5]string{"others-list", given, "others-list", "unknown-agency", given}},
		{"count-asked", "another's", "GET", "/v1/asked/counts?agency=water", "", [5]string{"others-list", given, "others-list", "unknown-agency", given}},
		{"add-agency", "", "POST", "/v1/agencies", `{"code":"walked","title":"x"}`, all(given)},
		{"put-record", "", "POST", "/v1/datasets/villages/records", `{"record":{"code":"5"}}`, provider},
		{"retract-record", "", "POST", "/v1/datasets/villages/retractions", `{"key":"5","reason":"r"}`, provider},
		{"check-import", "", "POST", files + "/check?format=csv&missing=clear", "code\n6\n", provider},
		{"load-import", "", "POST", files + "?format=csv&rows=1&good=1&keep_good=true&file_hash=" + strings.Repeat("0", 64), "code\n6\n", byAgency("file-changed", "not-provider", "not-provider")},
		{"bad-rows-import", "", "POST", files + "/bad-rows?format=csv&missing=clear", "code\n6\n", provider},
		{"check-import", "for an entry to come", "POST", files + "/check?format=csv&missing=clear&entry_length=LENGTH", "LATERcode\n6\n", ofProvider(given)}, // the entry says who acts
		{"load-import", "for an entry to come", "POST", files + "?format=csv&rows=1&good=1&keep_good=false&entry_length=LENGTH&file_hash=" + strings.Repeat("0", 64), "LATERcode\n6\n", ofProvider("plan-needed")},
		{"publish-dataset", "another's", "POST", "/v1/datasets", "VILLAGES", [5]string{given, "not-provider", "not-provider", "unknown-agency", given}},
		{"plan-dataset", "another's", "POST", "/v1/datasets/plan", "VILLAGES", [5]string{given, "not-provider", "not-provider", "unknown-agency", given}},
		{"publish-standard", "another's", "POST", "/v1/standards", "STANDARD", [5]string{given, "not-provider", "not-provider", "unknown-agency", given}},
		{"give-grant", "", "POST", "/v1/grants", `{"dataset":"villages","consumer":"archives","purpose":"statistics","until":"2028-12-31T00:00:00+08:00","basis":"b","paper":"p"}`, provider},
		{"save-question", "", "POST", "/v1/questions", `{"name":"q","dataset":"villages","purpose":"statistics","measure":{"function":"count"}}`, byAgency(given, given, given)},
		{"questions", "", "GET", "/v1/questions", "", byAgency(given, given, given)},
		{"question", "", "GET", "/v1/question?name=q", "", byAgency(given, given, given)},
		{"run-question", "", "POST", "/v1/questions/run", `{"name":"q"}`, byAgency(given, given, given)},
		{"remove-question", "", "POST", "/v1/questions/removal", `{"name":"q"}`, byAgency(given, given, given)},
		{"revoke-grant", "", "POST", "/v1/grants/GRANT/revocation", `{"reason":"r"}`, provider},
		{"renew-grant", "", "POST", "/v1/grants/GRANT/renewal", `{"until":"2029-12-31T00:00:00+08:00","basis":"b","paper":"p"}`, byAgency("renew-revoked", "not-provider", "not-provider")},
	}, append(treeWalk(), reformWalk(provider)...)...)
}

// treeWalk is the part of the node and the tree.
func treeWalk() []faceRow {
	return []faceRow{
		{"plan-roster", "no list", "POST", "/v1/roster/plan", `{"csv":"x"}`, all("roster-faulty")},
		{"publish-roster", "no list", "POST", "/v1/roster", `{"csv":"x"}`, all("roster-faulty")},
		{"invite", "", "POST", "/v1/invitations", `{"name":"云岩区"}`, all(given)},
		{"withdraw", "who is no child", "POST", "/v1/children/x/withdrawal", `{"reason":"r"}`, all("jurisdiction-unknown")},
		{"plan-invitation", "", "POST", "/v1/invitations/plan", `{"name":"云岩区"}`, all(given)},
		{"withdraw-plan", "who is no child", "GET", "/v1/children/x/withdrawal", "", reads("jurisdiction-unknown")},
		{"cancel-invitation-plan", "none waits", "GET", "/v1/invitations/南明区/cancellation", "", reads("no-invitation")},
		{"cancel-invitation", "none waits", "POST", "/v1/invitations/南明区/cancellation", `{"reason":"r"}`, all("no-invitation")},
		{"to-confirm", "its own child", "GET", "/v1/waiting/nanming", "", reads("not-confirmable")},
		{"acknowledge-fork", "none", "POST", "/v1/forks/nanming/acknowledgment", `{"reason":"r"}`, all("no-fork")},
		{"confirm", "its own child", "POST", "/v1/waiting/nanming/confirmation", `{"fingerprint":"0000 0000 0000 0000 0000 0000","reason":"r"}`, all("not-confirmable")},
		{"object", "no objection", "POST", "/v1/objections", `{"document":"eA=="}`, all("bad-request")},
		{"drill", "", "POST", "/v1/drills", `{"at":"nanming.guiyang.guizhou","fault":"altered"}`, all(given)},
		{"health", "", "GET", "/v1/health", "", all(given)},
		{"ready", "", "GET", "/v1/ready", "", all(given)},
		{"problem", "", "GET", "/problems/not-shared", "", all(given)},
		{"stop", "run by another program", "POST", "/v1/stop", `{}`, all("not-stoppable")},
		{"end-hosted-plan", "the node's own", "GET", "/v1/hosting/end", "", reads("host-first")},
		{"end-hosted", "the node's own", "POST", "/v1/hosting/end", `{"reason":"r"}`, all("host-first")},
		{"replicas", "", "GET", "/v1/replicas", "", reads(given)},
		{"invite-replica", "", "POST", "/v1/replicas/invitations", `{}`, all(given)},
		{"promote-replica", "that has not come", "POST", "/v1/replicas/r2/promotion", `{}`, all("replica-not-come")},
		{"remove-replica-plan", "the last", "GET", "/v1/replicas/r1/removal", "", reads("replica-last")},
		{"remove-replica", "the last", "POST", "/v1/replicas/r1/removal", `{}`, all("replica-last")},
		{"add-hosted", "unknown", "POST", "/v1/hosted", `{"name":"乌有"}`, all("place-unknown")},
	}
}

// reformWalk is the part of what ends and moves.
func reformWalk(provider [5]string) []faceRow {
	return []faceRow{
		{"allow-grants", "", "POST", "/v1/grants/GRANT/allowance", `{"reason":"r"}`, provider},
		{"plan-withdrawal", "", "GET", "/v1/datasets/villages/withdrawal", "", ofProvider(given)},
		{"withdraw-dataset", "no plan", "POST", "/v1/datasets/villages/withdrawal", `{"reason":"r"}`, ofProvider("end-plan-needed")},
		{"plan-standard-withdrawal", "", "GET", "/v1/standards/towns/withdrawal", "", ofProvider(given)},
		{"withdraw-standard", "no plan", "POST", "/v1/standards/towns/withdrawal", `{"reason":"r"}`, ofProvider("end-plan-needed")},
		{"plan-move", "", "GET", "/v1/moves?datasets=villages&into=archives", "", ofProvider(given)},
		{"move-datasets", "no plan", "POST", "/v1/moves", `{"datasets":["villages"],"into":"archives"}`, ofProvider("end-plan-needed")},
		{"plan-agency-end", "", "GET", "/v1/agencies/archives/end?drop_grants=true", "", [5]string{"not-that-agency", "not-that-agency", given, "unknown-agency", given}},
		{"end-agency", "no plan", "POST", "/v1/agencies/archives/end", `{"reason":"r","drop_grants":true}`, [5]string{"not-that-agency", "not-that-agency", "end-plan-needed", "unknown-agency", "end-plan-needed"}},
		{"rename-agency", "", "POST", "/v1/agencies/walked/title", `{"title":"y"}`, all(given)},
	}
}

// secret is a word that stands in every record, and in the application.
const secret = "金丝雀"

// walking fills the ledger of 贵阳市 for the walk, and returns what stands for the entries.
func walking(t *testing.T, city, county *Node) *strings.Replacer {
	t.Helper()
	offer(t, city)
	offer(t, county)
	if _, err := city.Client("").AddAgency(t.Context(), client.NewAgency{Code: "archives", Title: "档案局"}); err != nil {
		t.Fatal(err)
	}
	sets, err := city.Client("civil-affairs").Datasets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	villages := sets[0].NewDataset
	later := villages
	later.Title += "（新）"
	secrets, standard := villages, client.NewStandard{NewDataset: villages, Level: "county"}
	secrets.Code, secrets.Category, secrets.Citation, standard.Code = "secrets", "not-shared", "《居民身份证法》", "towns"
	if _, err := city.Client("civil-affairs").PublishDataset(t.Context(), secrets); err != nil {
		t.Fatal(err)
	}
	for _, set := range []string{"secrets", "villages"} {
		put := client.PutRecord{Record: json.RawMessage(`{"code":"9","at":"` + secret + `"}`)}
		if _, err := city.Client("civil-affairs").PutRecord(t.Context(), set, put); err != nil {
			t.Fatal(err)
		}
	}
	got, err := city.Client("water").Query(t.Context(), client.Query{Dataset: "villages", Key: "1", Use: client.Use{
		Purpose: "statistics", Basis: secret, Scenario: "s", Scope: "s", Method: "m", Until: "2028-12-31T00:00:00+08:00",
	}})
	if err != nil {
		t.Fatal(err)
	}
	index := func(entry string) string { return entry[strings.LastIndexByte(entry, '/')+1:] }
	records := recorded(city, "record")
	encoded := func(v any) string { data, _ := json.Marshal(v); return string(data) }
	return strings.NewReplacer("RECORD", index(records[len(records)-1]), "USE", index(got.Access), "GRANT", index(got.Grant),
		"AWAY", recorded(county, "record")[0], "VILLAGES", encoded(villages), "STANDARD", encoded(standard),
		"LATER", encoded(later), "LENGTH", strconv.Itoa(len(encoded(later))))
}

// send sends a request as a caller, and says what the caller learned.
func send(t *testing.T, h *http.Client, n *Node, row faceRow, as string) (learned, body string) {
	t.Helper()
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	return sendUnder(t, h, n, row, as, id.String())
}

// sendUnder sends a request under an idempotency key; "": none.
func sendUnder(t *testing.T, h *http.Client, n *Node, row faceRow, as, key string) (learned, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), row.method, "http://node"+row.path, strings.NewReader(row.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(client.HeaderJurisdiction, n.Name())
	if key != "" {
		r.Header.Set(client.HeaderIdempotency, key)
	}
	if as != "" {
		r.Header.Set(client.HeaderAgency, as)
	}
	w, err := h.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	data, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Code     string
		Payload  []byte
		Withheld bool
	}
	_ = json.Unmarshal(data, &got) // lines are no one value
	body = string(data) + string(got.Payload)
	switch {
	case w.StatusCode != http.StatusOK:
		return got.Code, body
	case got.Withheld && got.Payload == nil:
		return withheld, body
	case strings.Contains(body, secret):
		return record, body
	}
	return given, body
}

// instances is the member of a refusal that names the request, and differs in each.
var instances = regexp.MustCompile(`"instance":"[^"]*"`)

// TestFaceWalk (S08c) has every kind of local caller do every operation of the API. An operation
// without a row fails, and so does a word of a record or an application that comes to another
// caller.
func TestFaceWalk(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		city := tree.Node("guiyang")
		names := walking(t, city, tree.Node("nanming"))
		h := &http.Client{Transport: client.Transport(city.machine.dial)}
		defer h.CloseIdleConnections()
		var rows []string
		refusals := map[string]string{} // of a dataset that is not shared
		for _, row := range faceWalk() {
			rows = append(rows, row.id)
			row.path, row.body = names.Replace(row.path), names.Replace(row.body)
			for i, as := range faceCallers {
				learned, body := send(t, h, city, row, as)
				if learned != row.want[i] {
					t.Errorf("%s %s by %q: got %s, want %s: %.300s", row.id, row.what, as, learned, row.want[i], body)
				}
				if row.want[i] != record && strings.Contains(body, secret) {
					t.Errorf("%s %s by %q: it tells of %s", row.id, row.what, as, secret)
				}
				if learned == "not-shared" {
					refusals[instances.ReplaceAllString(body, "")] = row.what
				}
			}
		}
		if len(refusals) != 1 {
			t.Errorf("what is not shared is refused in %d ways: %v", len(refusals), refusals)
		}
		slices.Sort(rows)
		if want := described(t, h); !slices.Equal(slices.Compact(rows), want) {
			t.Errorf("the walk has rows for %q, and the API has %q", slices.Compact(rows), want)
		}
	})
}

// described returns the ids of all operations of the API.
func described(t *testing.T, h *http.Client) (ids []string) {
	t.Helper()
	w, err := h.Get("http://node/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	var doc struct {
		Paths map[string]map[string]struct{ OperationID string }
	}
	if err := json.NewDecoder(w.Body).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	for path, methods := range doc.Paths {
		for method, o := range methods {
			if o.OperationID == "" {
				t.Errorf("%s %s has no id", method, path)
			}
			ids = append(ids, o.OperationID)
		}
	}
	slices.Sort(ids)
	return ids
}
