package demo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"xietong/node/ground/text"
)

// pinFile holds the pin of the province, which is all that a verifier needs to know before.
const pinFile = "root.pin"

func (d *demo) file(name string) string { return filepath.Join(d.Folder, name) }

// prove has another process check the receipts of step 1, from the ledgers of both sides, with the
// pin of the province alone. That process must refuse a receipt with a flipped bit, another
// payload, or another pin.
func (d *demo) prove(ctx context.Context) (said, error) {
	from, top := d.at(d.stage.from), d.top()
	access, err := from.as[consumer].ReceiptOf(ctx, d.access)
	if err != nil {
		return nil, err
	}
	asked, err := from.as[consumer].ReceiptOf(ctx, d.asked)
	if err != nil {
		return nil, err
	}
	flipped := append([]byte{}, access.Receipt...)
	flipped[len(flipped)/2] ^= 1
	for name, data := range map[string][]byte{
		"access.receipt": access.Receipt, "access.payload": access.Payload, "asked.receipt": asked.Receipt,
		"asked.payload": asked.Payload, "flipped.receipt": flipped, pinFile: []byte(top.pin + "\n"),
	} {
		if err := os.WriteFile(d.file(name), data, 0o600); err != nil {
			return nil, err
		}
	}
	out := said{d.t(text.DemoProve, text.Args{"root": top.title})}
	for _, entry := range []struct{ name, file string }{{d.access, "access"}, {d.asked, "asked"}} {
		var report struct {
			Entry string   `json:"entry"`
			Chain []string `json:"chain"`
		}
		err := d.runJSON(ctx, &report, "--json", "ledger", "verify", entry.file+".receipt", entry.file+".payload", "--root", top.pin)
		if err == nil && report.Entry != entry.name {
			err = fmt.Errorf("verified %q", report.Entry)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", entry.name, err)
		}
		out = append(out, d.t(text.DemoValid, text.Args{"entry": report.Entry, "chain": d.called(report.Chain)}))
	}
	for _, c := range []struct {
		receipt, payload, pin string
		told                  text.Code
	}{
		{"flipped.receipt", "access.payload", top.pin, text.DemoFlipped},
		{"access.receipt", "asked.payload", top.pin, text.DemoOtherPayload},
		{"access.receipt", "access.payload", d.at(d.stage.near).pin, text.DemoOtherRoot},
	} {
		if told, err := d.command(ctx, "ledger", "verify", c.receipt, c.payload, "--root", c.pin).CombinedOutput(); err == nil {
			return nil, fmt.Errorf("%s with %s from %s was verified\n%s", c.receipt, c.payload, c.pin, told)
		}
		out = append(out, d.t(c.told, nil))
	}
	return out, nil
}

// called replaces the names of a chain by the titles of the places.
func (d *demo) called(chain []string) string {
	for i, name := range chain {
		for _, p := range d.places {
			if p.name == name {
				chain[i] = p.title
			}
		}
	}
	return strings.Join(chain, " > ")
}
