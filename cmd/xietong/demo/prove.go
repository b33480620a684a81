package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"xietong/node/text"
)

func (d *demo) file(name string) string { return filepath.Join(d.Folder, name) }

// prove has another process check the receipts of step 2, from the ledgers of both sides, with nothing but the pin of the
// province, and refuse them where a bit or the pin is another.
func (d *demo) prove(ctx context.Context) (said, error) {
	city, root := d.at("guiyang"), d.at("guizhou")
	access, err := city.as[consumer].ReceiptOf(ctx, d.access)
	if err != nil {
		return nil, err
	}
	asked, err := city.as[consumer].ReceiptOf(ctx, d.asked)
	if err != nil {
		return nil, err
	}
	flipped := append([]byte{}, access.Receipt...)
	flipped[len(flipped)/2] ^= 1
	for name, data := range map[string][]byte{
		"access.receipt": access.Receipt, "access.payload": access.Payload, "asked.receipt": asked.Receipt,
		"asked.payload": asked.Payload, "flipped.receipt": flipped,
	} {
		if err := os.WriteFile(d.file(name), data, 0o600); err != nil {
			return nil, err
		}
	}
	for _, c := range []struct {
		receipt, payload, pin string
		holds                 bool
	}{
		{"access.receipt", "access.payload", root.pin, true},
		{"asked.receipt", "asked.payload", root.pin, true},
		{"flipped.receipt", "access.payload", root.pin, false},
		{"access.receipt", "asked.payload", root.pin, false},
		{"access.receipt", "access.payload", d.at("qiandongnan").pin, false},
	} {
		out, err := d.command(ctx, "ledger", "verify", c.receipt, c.payload, "--root", c.pin).CombinedOutput()
		if held := err == nil; held != c.holds {
			return nil, errors.Join(err, fmt.Errorf("%s with %s from %s: verified is %t\n%s", c.receipt, c.payload, c.pin, held, out))
		}
	}
	chain := "贵州省 > 贵阳市 > 南明区"
	return said{
		d.t(text.DemoProve, text.Args{"root": root.title}),
		d.t(text.DemoValid, text.Args{"entry": d.access, "chain": chain}),
		d.t(text.DemoValid, text.Args{"entry": d.asked, "chain": "贵州省 > 贵阳市"}),
		d.t(text.DemoFlipped, nil), d.t(text.DemoOtherRoot, nil),
	}, nil
}
