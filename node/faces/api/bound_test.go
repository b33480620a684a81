package api

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// unbound are the operations that need a key and go through at no door of these tests: they need a
// tree, keys or another node. The tests of those rooms send them again.
var unbound = []string{
	"accept-clock", "continue-ledger", "acknowledge-keys", "new-keys", "invite", "cancel-invitation", "withdraw", "confirm", "object", "acknowledge-fork", "drill", "add-hosted", "end-hosted",
	"invite-replica", "promote-replica", "remove-replica",
	"federated-query", "federated-rows",
}

// others are, of each operation that goes through at the door of left, requests that ask something
// else: of another place in its path, or with another body.
var others = map[string][]func(*act){
	"publish-dataset":   {body(func(v *client.NewDataset) { v.Title = "别的" }), body(func(v *client.NewDataset) { v.Code = "alleys" })},
	"publish-standard":  {body(func(v *client.NewStandard) { v.Title = "别的" }), body(func(v *client.NewStandard) { v.Code = "alleys" })},
	"put-record":        {body(func(v *client.PutRecord) { v.Record = json.RawMessage(`{"code":"5"}`) }), path("villages", "lakes")},
	"retract-record":    {body(func(v *client.Retraction) { v.Key = "2" }), body(func(v *client.Retraction) { v.Reason = "s" }), path("villages", "lakes")},
	"load-import":       {anotherFile, path("villages", "lakes")},
	"save-question":     {body(func(v *client.Question) { v.Name = "第三" }), body(func(v *client.Question) { v.Measure = &client.Measure{Function: "count"} })},
	"run-question":      {body(func(v *client.QuestionName) { v.Name = "另一" })},
	"remove-question":   {body(func(v *client.QuestionName) { v.Name = "另一" })},
	"give-grant":        {body(func(v *client.NewGrant) { v.Consumer = "water" }), body(func(v *client.NewGrant) { v.Basis = "c" })},
	"renew-grant":       {body(func(v *client.Renewal) { v.Until = "2027-11-26T09:00:00Z" }), body(func(v *client.Renewal) { v.Paper = "q" })},
	"revoke-grant":      {body(func(v *client.Revocation) { v.Reason = "s" })},
	"allow-grants":      {body(func(v *client.Revocation) { v.Reason = "s" })},
	"query":             {body(func(v *client.Query) { v.Key = "2" })},
	"verify":            {body(func(v *client.Verification) { v.Key = "2" })},
	"withdraw-dataset":  {body(func(v *client.Withdrawing) { v.Reason = "s" }), path("villages", "lakes")},
	"withdraw-standard": {body(func(v *client.Withdrawing) { v.Reason = "s" }), path("towns", "lakes")},
	"move-datasets":     {body(func(v *client.Moving) { v.Into = "archives" }), body(func(v *client.Moving) { v.Datasets = []string{"lakes"} })},
	"end-agency":        {body(func(v *client.EndOfAgency) { v.Reason = "s" }), path("civil-affairs", "archives")},
	"rename-agency":     {body(func(v *client.Renaming) { v.Title = "旧" }), path("civil-affairs", "archives")},
	"publish-roster":    {body(func(v *client.NewRoster) { v.CSV = strings.ReplaceAll(v.CSV, "Guiyang", "Gui Yang") })},
	"add-agency":        {body(func(v *client.NewAgency) { v.Code = "music" }), body(func(v *client.NewAgency) { v.Title = "音乐局" }), body(func(v *client.NewAgency) { v.Again = true })},
}

func body[T any](edit func(*T)) func(*act) {
	return func(a *act) { a.body = edited(a.body.(T), edit) }
}

func path(from, to string) func(*act) {
	return func(a *act) { a.path = strings.ReplaceAll(a.path, from, to) }
}

// lastLine returns the answer without the progress before it.
func lastLine(w *httptest.ResponseRecorder) string {
	lines := strings.Split(strings.TrimSpace(w.Body.String()), "\n")
	return lines[len(lines)-1]
}

// anotherFile brings another row, and says so in the path.
func anotherFile(a *act) {
	was := fmt.Sprintf("%x", sha256.Sum256([]byte(a.body.(string))))
	a.body = "code,name\n8,y\n"
	a.path = strings.ReplaceAll(a.path, was, fmt.Sprintf("%x", sha256.Sum256([]byte(a.body.(string)))))
}

// TestKeyIsOfOneRequest sends each operation that needs a key twice, and then others under the same
// key: the same request gets the same answer, and any other is refused and does nothing.
func TestKeyIsOfOneRequest(t *testing.T) {
	of := func(d *door) []act {
		beside, alone := d.writings(t)
		return slices.DeleteFunc(slices.Concat(beside, alone), func(a act) bool {
			return a.method != http.MethodPost || slices.Contains(keyless, a.id) || slices.Contains(unbound, a.id) || strings.HasPrefix(a.id, "plan-")
		})
	}
	for i, a := range of(left(t)) {
		t.Run(a.id, func(t *testing.T) {
			d := left(t)
			a := of(d)[i]
			if list, ok := a.body.(client.NewRoster); ok {
				var p client.RosterPlan
				if err := json.Unmarshal(d.done(t, "POST", a.path+"/plan", a.as, list), &p); err != nil {
					t.Fatal(err)
				}
				list.Plan = p.Hash
				a.body = list
			}
			first := d.send(t, keyed(a.path, a.as, a.body))
			entries := len(d.Heads(t, 0))
			again := d.send(t, keyed(a.path, a.as, a.body))
			if first.Code != http.StatusOK || lastLine(again) != lastLine(first) {
				t.Errorf("got %d %s, and again %d %s", first.Code, first.Body, again.Code, again.Body)
			}
			if len(others[a.id]) == 0 {
				t.Errorf("no other request is known")
			}
			for _, edit := range others[a.id] {
				other := a
				edit(&other)
				d.refused(t, "another request under its key", keyed(other.path, other.as, other.body), text.IDReused)
			}
			if n := len(d.Heads(t, 0)); n != entries {
				t.Errorf("%d entries, want %d", n, entries)
			}
		})
	}
}
