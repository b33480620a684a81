package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"xietong/node/client"
	"xietong/node/text"
)

// agencies are departments that every county has.
var agencies = []client.NewAgency{
	{Code: "civil-affairs", Title: "南明区民政局"},
	{Code: "housing", Title: "南明区住房和城乡建设局"},
	{Code: "natural-resources", Title: "南明区自然资源局"},
	{Code: "education", Title: "南明区教育局"},
}

// proved is the index of the entry that the demo proves: the first agency. Entry 0 is the key set.
const proved = 1

func (d *demo) addAgencies(ctx context.Context) (string, error) {
	for _, a := range agencies {
		if _, err := d.client.AddAgency(ctx, a); err != nil {
			return "", err
		}
	}
	c, err := d.client.Checkpoint(ctx)
	if err != nil {
		return "", err
	}
	args := text.Args{"count": fmt.Sprint(len(agencies)), "size": fmt.Sprint(c.Size), "root": c.Root[:16]}
	return text.T(d.Lang, text.DemoAgencies, args), nil
}

// crash kills the node outright and holds that nothing acknowledged is lost.
func (d *demo) crash(ctx context.Context) (string, error) {
	if err := d.kill(os.Kill); err != nil {
		return "", err
	}
	if err := d.serve(ctx); err != nil {
		return "", err
	}
	all, err := d.client.Agencies(ctx)
	if err != nil {
		return "", err
	}
	if len(all) != len(agencies) {
		return "", fmt.Errorf("%d of %d agencies came back", len(all), len(agencies))
	}
	return text.T(d.Lang, text.DemoCrash, text.Args{"count": fmt.Sprint(len(all))}), nil
}

func receiptName(kind string) string { return fmt.Sprintf("entry-%d.%s", proved, kind) }

// verify has a second process check a receipt, without the node.
func (d *demo) verify(ctx context.Context) (string, error) {
	if out, err := d.command(ctx, "--data", dataName, "ledger", "receipt", fmt.Sprint(proved)).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	if out, err := d.verifyFile(ctx, receiptName("receipt")); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return text.T(d.Lang, text.DemoProved, text.Args{"entry": fmt.Sprint(proved)}), nil
}

func (d *demo) verifyFile(ctx context.Context, receipt string) ([]byte, error) {
	return d.command(ctx, "ledger", "verify", receipt, receiptName("payload"), "--root", d.pin).CombinedOutput()
}

// flipped changes one bit of the receipt and demands that it is refused.
func (d *demo) flipped(ctx context.Context) (string, error) {
	data, err := os.ReadFile(filepath.Join(d.Folder, receiptName("receipt")))
	if err != nil {
		return "", err
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(filepath.Join(d.Folder, receiptName("flipped")), data, 0o600); err != nil {
		return "", err
	}
	if _, err := d.verifyFile(ctx, receiptName("flipped")); err == nil {
		return "", errors.New("the receipt with one bit flipped was taken")
	}
	return text.T(d.Lang, text.DemoFlipped, nil), nil
}

// refused asks for what must be refused.
func (d *demo) refused(ctx context.Context) (string, error) {
	_, err := d.client.AddAgency(ctx, client.NewAgency{Code: agencies[0].Code, Title: "另一个部门"})
	p, ok := errors.AsType[*client.Problem](err)
	if !ok {
		return "", fmt.Errorf("a taken code was given again: %w", err)
	}
	return text.T(d.Lang, text.DemoTaken, text.Args{"code": agencies[0].Code, "why": p.What()}), nil
}
