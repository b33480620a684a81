package api

import (
	"maps"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"xietong/node/faces/client"
)

// keyless are the operations that are sent with a body and need no idempotency key: they record
// nothing that a second request could double.
var keyless = []string{"record-history", "check-import", "bad-rows-import", "plan-roster", "plan-invitation", "repair-ledger"}

// ofNode are the operations that are not about one hosted jurisdiction.
var ofNode = []string{"status", "health", "ready", "problem", "stop"}

const (
	aboutKey   = "UUIDv7 in lower case, of your own; the same request with the same key is done once, and a new request has a new one"
	exampleKey = "0199b1d4-7c3e-7a52-8f1b-3d6c5a9e2b40"
)

// describeHeaders says in the description which headers an operation takes, also of those that are
// served beside huma: what only reads takes no key, and what writes or uses data needs one.
func describeHeaders(o *huma.OpenAPI) {
	for _, path := range slices.Sorted(maps.Keys(o.Paths)) {
		item := o.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post} {
			if op == nil {
				continue
			}
			op.Parameters = slices.DeleteFunc(op.Parameters, func(p *huma.Param) bool { return p.Name == client.HeaderIdempotency })
			header := func(name, says string, required bool) {
				if !slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.Name == name }) {
					op.Parameters = append(op.Parameters, &huma.Param{
						Name: name, In: "header", Description: says, Required: required, Schema: &huma.Schema{Type: huma.TypeString},
					})
					if name == client.HeaderIdempotency {
						last := op.Parameters[len(op.Parameters)-1]
						last.Example, last.Schema.Format = exampleKey, "uuid"
					}
				}
			}
			if slices.Contains(ofNode, op.OperationID) {
				op.Parameters = slices.DeleteFunc(op.Parameters, func(p *huma.Param) bool {
					return p.Name == client.HeaderJurisdiction || p.Name == client.HeaderAgency
				})
			} else {
				header(client.HeaderJurisdiction, "Which hosted jurisdiction; may be left out where there is one", false)
				header(client.HeaderAgency, "Which agency acts: its code", false)
			}
			header("Accept-Language", "Language of problems: zh or en", false)
			header("Prefer", "reader=command-line: problems name flags and commands", false)
			if op == item.Post && !slices.Contains(keyless, op.OperationID) {
				header(client.HeaderIdempotency, aboutKey, true)
			}
		}
	}
}
