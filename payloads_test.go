package xietong_test

import (
	"go/ast"
	"slices"
	"testing"
)

// opening are the methods that open a payload, and the files that call them. A payload leaves by
// none but these: the answer to a use, which policy permits and the ledger records before it is
// given; the receipt of an entry, with whose payload belongs to the asker; the words of an
// application, for the two sides of its grant; the numbers of a use, and no more of its payload,
// for the provider's list; the check of all records against a later version of their entry, which
// is recorded before its provider is told of it, and what came since, of which nothing is told but
// whether the plan still holds; the proof of an endorsement. A roster is for
// everybody. What a provider's file is compared with are its own records, and numbers alone leave;
// so do rows that are staged for a later version, with what their import stated when it was opened.
// Why a record was retracted or a grant revoked is its provider's own word: that alone leaves, and
// to the provider alone. Whether an invitation that was taken back was for the secret that is
// brought, its entry tells. Of a stopped directory ledger verify tells how many payloads do not
// open, and where the first is. The record of a use is compared with what the same request, whose
// answer was lost, would be recorded as; nothing of it leaves.
var opening = map[string][]string{
	"Payload": {
		"node/business/records/caught.go", "node/business/records/coming.go", "node/business/records/desk.go", "node/business/records/plan.go",
		"node/business/usage/list.go", "node/business/sharing/list.go", "node/business/sharing/recorded.go", "node/business/questions/questions.go", "node/ground/book/reason.go",
		"node/trials/measure/appender.go", "node/tree/endorse.go", "node/tree/rosters/read.go",
	},
	"OpenReason": {"node/business/records/desk.go", "node/business/sharing/list.go"},
	"Preimage":   {"node/business/sharing/receipts.go", "node/ground/host/payload.go", "node/ground/host/chain.go"},
	"Sealed":     {"node/ground/host/payload.go", "node/ground/offline/offline.go"},
}

// TestOneDoorForPayloads finds every place that opens a payload. A new one is a new door: it must
// be behind a decision and a record, and its reason stand above.
func TestOneDoorForPayloads(t *testing.T) {
	found := map[string][]string{}
	for _, s := range sources(t) {
		if s.test || !within(s.dir, "node", "cmd") || within(s.dir, "node/ground/book/booktest", "node/flows/callstest") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || opening[sel.Sel.Name] == nil {
				return true
			}
			found[sel.Sel.Name] = append(found[sel.Sel.Name], s.path)
			if !slices.Contains(opening[sel.Sel.Name], s.path) {
				t.Errorf("%s calls %s: a payload leaves through one door only", fileSet.Position(call.Pos()), sel.Sel.Name)
			}
			return true
		})
	}
	for name, files := range opening {
		for _, file := range files {
			if !slices.Contains(found[name], file) {
				t.Errorf("%s does not call %s any more: take its line out", file, name)
			}
		}
	}
}
