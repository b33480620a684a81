package api

import (
	"maps"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"xietong/node/faces/client"
)

// keyless are the operations that are sent with a body and need no idempotency key: they record
// nothing that a second request could double.
var keyless = []string{"record-history", "check-import", "bad-rows-import"}

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
				}
			}
			header(client.HeaderJurisdiction, "Which hosted jurisdiction; may be left out where there is one", false)
			header(client.HeaderAgency, "Which agency acts: its code", false)
			header("Accept-Language", "Language of problems: zh or en", false)
			if op == item.Post && !slices.Contains(keyless, op.OperationID) {
				header(client.HeaderIdempotency, "UUIDv7; the same request with the same key is done once", true)
			}
		}
	}
}
