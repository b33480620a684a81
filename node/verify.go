package node

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/host"
	"xietong/node/text"
)

// ReceiptReport is what a receipt proves.
type ReceiptReport struct {
	Entry       string   `json:"entry"`
	Kind        string   `json:"kind"`
	Agency      string   `json:"agency"`
	Code        string   `json:"code"`
	Time        string   `json:"time"` // RFC 3339
	TreeSize    uint64   `json:"tree_size"`
	Index       uint64   `json:"index"`
	Chain       []string `json:"chain"`             // from the pinned jurisdiction down
	AsOf        string   `json:"as_of,omitempty"`   // RFC 3339: when the oldest endorsement was issued; withdrawals since are not seen
	Signed      bool     `json:"signed"`            // an act of the agency, not the node's own statement
	Payload     []byte   `json:"payload,omitempty"` // absent when none was given
	ContentType string   `json:"content_type,omitempty"`
}

// VerifyReceipt verifies a receipt, and its payload if one is given, from a pin. It is pure: no node, no network.
func VerifyReceipt(receipt, payload []byte, pin string) (ReceiptReport, error) {
	root, err := trust.ParsePin(pin)
	if err != nil {
		return ReceiptReport{}, text.Fail(text.BadRequest, text.Args{"where": "--root", "reason": err.Error()}, err)
	}
	v, err := ledger.VerifyReceipt(receipt, payload, root)
	if err != nil {
		return ReceiptReport{}, text.Fail(text.ReceiptRefused, text.Args{"file": "", "reason": err.Error()}, err)
	}
	head := v.Leaf.Head
	r := ReceiptReport{
		Entry: v.Entry.String(), Kind: head.Kind.String(), Agency: head.Agency.String(), Code: head.Code.String(),
		Time: time.UnixMilli(int64(head.Time)).UTC().Format(time.RFC3339), Index: v.Entry.Index(), TreeSize: v.TreeSize,
		Signed: v.Leaf.Evidence.Signed(),
	}
	for _, j := range v.Chain {
		r.Chain = append(r.Chain, j.String())
	}
	if v.AsOf > 0 {
		r.AsOf = time.UnixMilli(int64(v.AsOf)).UTC().Format(time.RFC3339)
	}
	if v.Payload != nil {
		r.Payload, r.ContentType = v.Payload.Payload, v.Payload.ContentType
	}
	return r, nil
}

// DataReport is what VerifyData found.
type DataReport struct {
	Name       string `json:"name"`
	Entries    uint64 `json:"entries"`
	Root       string `json:"root"`                // lower-case hex
	Checkpoint uint64 `json:"checkpoint"`          // entries under the newest checkpoint
	Pin        string `json:"pin"`                 // of the first key set in the file: compare it with the one you trust
	FirstBad   string `json:"first_bad,omitempty"` // the first bad entry and why it is bad; absent: all is well
}

// VerifyData derives the ledger of one jurisdiction in a copied or stopped data directory anew, and names the first bad
// entry. name may be empty where one jurisdiction is hosted.
func VerifyData(ctx context.Context, dir, name string, progress func(done, total uint64)) (DataReport, error) {
	settings, err := readConfig(dir)
	if err != nil {
		return DataReport{}, err
	}
	if name == "" && len(settings.Jurisdictions) == 1 {
		name = settings.Jurisdictions[0].Name.String()
	}
	j, err := identity.ParseJurisdiction(name)
	if err != nil {
		return DataReport{}, text.Fail(text.BadRequest, text.Args{"where": "--in", "reason": err.Error()}, err)
	}
	report := DataReport{Name: name}
	found, err := state.Verify(ctx, filepath.Join(host.Folder(dir, j), "state.db"), progress)
	if bad, ok := errors.AsType[*state.BadEntryError](err); ok {
		report.FirstBad = bad.Error()
		return report, nil
	}
	if err != nil {
		return report, dirError(dir, err)
	}
	report.Entries, report.Root, report.Checkpoint = found.Entries, fmt.Sprintf("%x", found.Root[:]), found.Checkpoint
	report.Pin, err = checkSigned(found)
	if err != nil {
		report.FirstBad = err.Error()
	}
	return report, nil
}

// checkSigned verifies the newest checkpoint against the root that its entries give. The first key set is taken as it
// stands: whoever trusts a pin compares it with the one returned.
func checkSigned(found state.Report) (pin string, err error) {
	if len(found.KeySets) == 0 {
		return "", nil
	}
	first, err := trust.PinOf(found.KeySets[0])
	if err != nil {
		return "", err
	}
	walked, err := trust.Walk(first, found.KeySets)
	if err != nil || found.Note == nil {
		return first.String(), err
	}
	c, err := ledger.OpenCheckpoint(found.Note, found.Log, walked[len(walked)-1])
	if err == nil && (c.Size != found.Checkpoint || c.Root != found.Signed) {
		err = errors.New("the signed checkpoint is not the root that its entries give")
	}
	return first.String(), err
}
