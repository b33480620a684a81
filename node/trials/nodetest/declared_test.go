package nodetest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// ofNode are the operations about the node, and not about one of the jurisdictions that it hosts.
var ofNode = []string{"status", "health", "ready", "problem", "stop"}

// TestKeysAreDeclared sends every request of the walk without an idempotency key: the description
// says of exactly those operations that they need one, which refuse a request without.
func TestKeysAreDeclared(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		city := tree.Node("guiyang")
		names := walking(t, city, tree.Node("nanming"))
		h := &http.Client{Transport: client.Transport(city.machine.dial)}
		defer h.CloseIdleConnections()
		demanded := map[string]bool{}
		for _, row := range faceWalk() {
			row.path, row.body = names.Replace(row.path), names.Replace(row.body)
			_, body := sendUnder(t, h, city, row, "civil-affairs", "")
			demanded[row.id] = demanded[row.id] || strings.Contains(body, `"code":"`+string(text.KeyMissing)+`"`)
		}
		for id, headers := range declaredHeaders(t, h) {
			if need, said := demanded[id], headers[client.HeaderIdempotency]; need != said {
				t.Errorf("%s: a key is needed: %t, and said to be: %t", id, need, said)
			}
			if slices.Contains(ofNode, id) {
				continue
			}
			for _, name := range []string{client.HeaderJurisdiction, client.HeaderAgency, "Accept-Language"} {
				if _, said := headers[name]; !said {
					t.Errorf("%s: the header %s is not described", id, name)
				}
			}
		}
	})
}

// declaredHeaders returns the headers of each operation, and whether they are said to be needed.
func declaredHeaders(t *testing.T, h *http.Client) map[string]map[string]bool {
	t.Helper()
	w, err := h.Get("http://node/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	var described struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Parameters  []struct {
				Name, In string
				Required bool
			}
		}
	}
	if err := json.NewDecoder(w.Body).Decode(&described); err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]bool{}
	for _, methods := range described.Paths {
		for _, o := range methods {
			all[o.OperationID] = map[string]bool{}
			for _, p := range o.Parameters {
				if p.In == "header" {
					all[o.OperationID][p.Name] = p.Required
				}
			}
		}
	}
	return all
}
