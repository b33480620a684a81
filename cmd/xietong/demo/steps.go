package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"xietong/node/client"
	"xietong/node/text"
)

// The records that the steps ask for.
const (
	villageKey  = "520102016001"
	villageName = "纪念塔社区"
	otherName   = "甲秀楼社区"
)

func (d *demo) t(code text.Code, args text.Args) string { return text.T(d.Lang, code, args) }

// publish adds the agencies and publishes the catalogue.
func (d *demo) publish(ctx context.Context) (said, error) {
	for _, a := range agencies {
		if _, err := d.provider.AddAgency(ctx, a); err != nil {
			return nil, err
		}
	}
	categories := map[string]text.Code{client.Unconditional: text.CategoryUnconditional, client.NotShared: text.CategoryNotShared}
	out := said{d.t(text.DemoPublish, text.Args{"provider": agencies[0].Title})}
	for _, o := range offered {
		published, err := d.provider.PublishDataset(ctx, o)
		if err != nil {
			return nil, err
		}
		out = append(out, fmt.Sprintf("%s  %s  %s", published.Code, published.Title, d.t(categories[o.Category], nil)))
	}
	return out, nil
}

func (d *demo) load(ctx context.Context, dataset, file string, progress func(done, total uint64)) (client.Imported, error) {
	return d.provider.ImportRecords(ctx, client.Import{
		Dataset: dataset, Format: client.FormatCSV, File: strings.NewReader(file),
		Progress: func(pass string, done, total uint64) {
			if pass == client.PassLoad && progress != nil {
				progress(done, total)
			}
		},
	})
}

// imports brings the county's real rows.
func (d *demo) imports(ctx context.Context) (said, error) {
	townships, err := d.load(ctx, "townships", ofCounty(allTownships, 2), nil)
	if err != nil {
		return nil, err
	}
	villages, err := d.load(ctx, "villages", ofCounty(allVillages, 3), nil)
	if err != nil {
		return nil, err
	}
	return said{d.t(text.DemoImport, text.Args{
		"townships": fmt.Sprint(townships.Rows), "villages": fmt.Sprint(villages.Rows), "entry": villages.Published,
	})}, nil
}

// ask has another agency ask for one village.
func (d *demo) ask(ctx context.Context) (said, error) {
	q := client.Query{Dataset: "villages", Key: villageKey, Fields: []string{"code", "name", "township"}, Use: use("residence-check")}
	got, err := d.consumer.Query(ctx, q)
	if err != nil {
		return nil, err
	}
	var row struct{ Code, Name, Township string }
	if len(got.Rows) != 1 || json.Unmarshal(got.Rows[0], &row) != nil || row.Name != villageName {
		return nil, fmt.Errorf("the village is not as it was imported: %s", got.Rows)
	}
	d.access = got.Access
	return said{
		d.t(text.DemoAsk, text.Args{"consumer": agencies[1].Title}),
		fmt.Sprintf("%s  %s  %s", row.Code, row.Name, row.Township),
		d.t(text.DemoLogged, text.Args{"grant": got.Grant, "access": got.Access}),
	}, nil
}

// yesOrNo asks the least that can be asked.
func (d *demo) yesOrNo(ctx context.Context) (said, error) {
	out := said{d.t(text.DemoVerify, nil)}
	for _, want := range []struct{ name, answer string }{{villageName, client.AnswerYes}, {otherName, client.AnswerNo}} {
		value, err := json.Marshal(want.name)
		if err != nil {
			return nil, err
		}
		got, err := d.consumer.Verify(ctx, client.Verification{
			Dataset: "villages", Key: villageKey, Field: "name", Value: value, Use: use("residence-check"),
		})
		if err != nil {
			return nil, err
		}
		if got.Answer != want.answer {
			return nil, fmt.Errorf("is it called %s: %s", want.name, got.Answer)
		}
		answer := map[string]text.Code{client.AnswerYes: text.CLIVerifyYes, client.AnswerNo: text.CLIVerifyNo}[got.Answer]
		out = append(out, d.t(text.DemoCalled, text.Args{"key": villageKey, "name": want.name, "answer": d.t(answer, nil)}))
	}
	return out, nil
}

// refusals shows that what must fail fails, with the reason.
func (d *demo) refusals(ctx context.Context) (said, error) {
	counted := client.Query{Dataset: "villages", Count: true, Use: use("statistics")}
	granted, err := d.consumer.Query(ctx, counted)
	if err != nil {
		return nil, err
	}
	if granted.Count != rowsOf([]byte(ofCounty(allVillages, 3))) {
		return nil, fmt.Errorf("counted %d villages", granted.Count)
	}
	var index uint64
	if _, err := fmt.Sscan(granted.Grant[strings.LastIndexByte(granted.Grant, '/')+1:], &index); err != nil {
		return nil, err
	}
	if _, err := d.provider.RevokeGrant(ctx, index, client.Revocation{Reason: "演示"}); err != nil {
		return nil, err
	}
	out := said{d.t(text.DemoRefusals, nil)}
	for _, c := range []struct {
		want text.Code
		try  func() error
	}{
		{text.PurposeNeeded, func() error {
			_, err := d.consumer.Query(ctx, client.Query{Dataset: "villages", Key: villageKey})
			return err
		}},
		{text.NotShared, func() error {
			_, err := d.consumer.Query(ctx, client.Query{Dataset: "adoptions", Count: true, Use: use("statistics")})
			return err
		}},
		{text.GrantRevoked, func() error { _, err := d.consumer.Query(ctx, counted); return err }},
		{text.NotProvider, func() error {
			_, err := d.consumer.PutRecord(ctx, "villages", client.PutRecord{Record: json.RawMessage(`{"code":"520102016001","name":"x"}`)})
			return err
		}},
	} {
		p, ok := errors.AsType[*client.Problem](c.try())
		if !ok || p.Code != string(c.want) {
			return nil, fmt.Errorf("want the refusal %s, got %v", c.want, p)
		}
		out = append(out, d.t(text.DemoRefused, text.Args{"why": p.What()}))
	}
	return out, d.badRow(ctx, &out)
}

// badRow shows that a file with one bad row changes nothing.
func (d *demo) badRow(ctx context.Context, out *said) error {
	_, err := d.load(ctx, "villages", "code,name\n520102016999,新社区\n52010,坏行\n", nil)
	bad, ok := errors.AsType[*client.BadRowsError](err)
	if !ok || len(bad.Check.Bad) != 1 || bad.Check.Bad[0].Reason != "pattern" {
		return fmt.Errorf("a file with a bad row was taken: %w", err)
	}
	row := bad.Check.Bad[0]
	*out = append(*out, d.t(text.DemoRefused, text.Args{"why": d.t(text.CLIImportBadRow, text.Args{
		"row": fmt.Sprint(row.Row), "column": row.Column, "reason": text.Word(d.Lang, row.Reason),
	})}))
	return nil
}

// crash kills the node in the middle of an import, and holds that nothing acknowledged is lost and that the same command
// goes on where it stopped.
func (d *demo) crash(ctx context.Context) (said, error) {
	var staged uint64
	_, err := d.load(ctx, "villages-guizhou", string(allVillages), func(done, total uint64) {
		if staged == 0 && done < total {
			staged = done
			d.killed = d.kill(os.Kill)
		}
	})
	if err == nil || staged == 0 || d.killed != nil {
		return nil, fmt.Errorf("the node was to be killed in an import: %v, %w", err, d.killed)
	}
	if err := d.serve(ctx); err != nil {
		return nil, err
	}
	before, err := d.provider.Query(ctx, client.Query{Dataset: "villages-guizhou", Count: true, Use: client.Use{Purpose: "statistics"}})
	if err != nil {
		return nil, err
	}
	var resumed uint64
	done, err := d.load(ctx, "villages-guizhou", string(allVillages), func(done, _ uint64) {
		if resumed == 0 {
			resumed = done
		}
	})
	if err != nil {
		return nil, err
	}
	after, err := d.provider.Query(ctx, client.Query{Dataset: "villages-guizhou", Count: true, Use: client.Use{Purpose: "statistics"}})
	if err != nil {
		return nil, err
	}
	if before.Count != 0 || after.Count != rowsOf(allVillages) || resumed <= staged {
		return nil, fmt.Errorf("visible before %d, after %d; staged %d, resumed at %d", before.Count, after.Count, staged, resumed)
	}
	return said{
		d.t(text.DemoCrash, text.Args{"staged": fmt.Sprint(staged)}),
		d.t(text.DemoResumed, text.Args{"rows": fmt.Sprint(done.Rows), "entry": done.Published}),
	}, nil
}

func (d *demo) file(name string) string { return filepath.Join(d.Folder, name) }

// prove has a second process check the receipt of step 3, without the node, and refuse it with one bit flipped.
func (d *demo) prove(ctx context.Context) (said, error) {
	var index uint64
	if _, err := fmt.Sscan(d.access[strings.LastIndexByte(d.access, '/')+1:], &index); err != nil {
		return nil, err
	}
	got, err := d.provider.Receipt(ctx, index)
	if err != nil {
		return nil, err
	}
	flipped := append([]byte{}, got.Receipt...)
	flipped[len(flipped)/2] ^= 1
	for name, data := range map[string][]byte{"access.receipt": got.Receipt, "access.payload": got.Payload, "flipped.receipt": flipped} {
		if err := os.WriteFile(d.file(name), data, 0o600); err != nil {
			return nil, err
		}
	}
	if out, err := d.verifyFile(ctx, "access.receipt"); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	if _, err := d.verifyFile(ctx, "flipped.receipt"); err == nil {
		return nil, errors.New("the receipt with one bit flipped was taken")
	}
	return said{
		d.t(text.DemoProve, nil), d.t(text.DemoValid, text.Args{"entry": d.access}), d.t(text.DemoFlipped, nil),
	}, nil
}

func (d *demo) verifyFile(ctx context.Context, receipt string) ([]byte, error) {
	return d.command(ctx, "ledger", "verify", receipt, "access.payload", "--root", d.pin).CombinedOutput()
}
