package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"xietong/node/client"
	"xietong/node/text"
)

// The records that the steps ask for.
const (
	villageKey   = "520102016001" // in 南明区
	villageName  = "纪念塔社区"
	otherName    = "甲秀楼社区"
	townshipKey  = "522631111" // in 黎平县, 黔东南州
	townshipName = "肇兴镇"
)

func (d *demo) t(code text.Code, args text.Args) string { return text.T(d.Lang, code, args) }

// publish has every place add its agencies, publish its catalogue and import its real rows, all side by side.
func (d *demo) publish(ctx context.Context) (said, error) {
	var group sync.WaitGroup
	failed := make([]error, len(d.places))
	for i, p := range d.places {
		group.Go(func() { failed[i] = d.publishAt(ctx, p) })
	}
	group.Wait()
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	var townships, villages uint64
	out := said{""}
	for _, p := range d.counties() {
		t, v := rowsOf([]byte(offers(p)[0].rows)), rowsOf([]byte(offers(p)[1].rows))
		townships, villages = townships+t, villages+v
		out = append(out, d.t(text.DemoRows, text.Args{"title": p.title, "townships": count(t), "villages": count(v)}))
	}
	out[0] = d.t(text.DemoPublish, text.Args{"townships": count(townships), "villages": count(villages)})
	return out, nil
}

func (d *demo) publishAt(ctx context.Context, p *place) error {
	for _, a := range agencies(p) {
		if _, err := p.as[""].AddAgency(ctx, a); err != nil {
			return fmt.Errorf("%s: %w", p.title, err)
		}
	}
	for _, o := range offers(p) {
		if _, err := p.as[provider].PublishDataset(ctx, o.dataset); err != nil {
			return fmt.Errorf("%s: %w", p.title, err)
		}
		if o.rows == "" {
			continue
		}
		if _, err := load(ctx, p, o, nil); err != nil {
			return fmt.Errorf("%s: %w", p.title, err)
		}
	}
	return nil
}

func load(ctx context.Context, p *place, o offer, progress func(done, total uint64)) (client.Imported, error) {
	return p.as[provider].ImportRecords(ctx, client.Import{
		Dataset: o.dataset.Code, Format: client.FormatCSV, File: strings.NewReader(o.rows),
		Progress: func(pass string, done, total uint64) {
			if pass == client.PassLoad && progress != nil {
				progress(done, total)
			}
		},
	})
}

// one asks another place for the record with the key, and demands its name.
func one(ctx context.Context, from, to *place, dataset, key, name string) (client.Answer, error) {
	got, err := from.as[consumer].Query(ctx, client.Query{
		At: to.title, Dataset: dataset, Key: key, Fields: []string{"code", "name"}, Use: use("residence-check", to.title),
	})
	if err != nil {
		return got, err
	}
	var row struct{ Code, Name string }
	if len(got.Rows) != 1 || json.Unmarshal(got.Rows[0], &row) != nil || row.Name != name {
		return got, fmt.Errorf("%s is not %s: %s", key, name, got.Rows)
	}
	return got, nil
}

func (d *demo) told(from, to *place, dataset, key, name string, got client.Answer) said {
	return said{
		d.t(text.DemoAsk, text.Args{"consumer": agencies(from)[1].Title, "to": to.title, "dataset": dataset}),
		key + "  " + name,
		d.t(text.DemoLogged, text.Args{"to": to.title, "access": got.Access, "from": from.title, "asked": got.Asked}),
	}
}

// askDown has the city ask a county.
func (d *demo) askDown(ctx context.Context) (said, error) {
	city, county := d.at("guiyang"), d.at("nanming")
	got, err := one(ctx, city, county, "villages", villageKey, villageName)
	d.access, d.asked = got.Access, got.Asked
	return d.told(city, county, "villages", villageKey, villageName, got), err
}

// askUp has a county ask its prefecture.
func (d *demo) askUp(ctx context.Context) (said, error) {
	county, above := d.at("liping"), d.at("qiandongnan")
	got, err := one(ctx, county, above, "townships", townshipKey, townshipName)
	return d.told(county, above, "townships", townshipKey, townshipName, got), err
}

// yesOrNo asks the least that can be asked.
func (d *demo) yesOrNo(ctx context.Context) (said, error) {
	out := said{d.t(text.DemoVerify, nil)}
	for _, want := range []struct{ name, answer string }{{villageName, client.AnswerYes}, {otherName, client.AnswerNo}} {
		value, err := json.Marshal(want.name)
		if err != nil {
			return nil, err
		}
		got, err := d.at("guiyang").as[consumer].Verify(ctx, client.Verification{
			At: "南明区", Dataset: "villages", Key: villageKey, Field: "name", Value: value, Use: use("residence-check", "南明区"),
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

// crash kills a county's node in the middle of an import: its prefecture is told so, the county comes back by itself, and
// nothing that was acknowledged is lost.
func (d *demo) crash(ctx context.Context) (said, error) {
	county, above := d.at("liping"), d.at("qiandongnan")
	o := wholeProvince()
	if _, err := county.as[provider].PublishDataset(ctx, o.dataset); err != nil {
		return nil, err
	}
	var staged uint64
	_, err := load(ctx, county, o, func(done, total uint64) {
		if staged == 0 && done < total {
			staged = done
			d.killed = county.kill(os.Kill)
		}
	})
	if err == nil || staged == 0 || d.killed != nil {
		return nil, fmt.Errorf("the node was to be killed in an import: %v, %w", err, d.killed)
	}
	if err := d.start(ctx, county); err != nil {
		return nil, err
	}
	if err := d.linked(ctx); err != nil {
		return nil, err
	}
	before, err := countAll(ctx, above, county)
	if err != nil {
		return nil, err
	}
	done, err := load(ctx, county, o, nil)
	if err != nil {
		return nil, err
	}
	after, err := countAll(ctx, above, county)
	if err != nil {
		return nil, err
	}
	if before != 0 || after != rowsOf(allVillages) {
		return nil, fmt.Errorf("visible before %d, after %d; staged %d", before, after, staged)
	}
	return said{
		d.t(text.DemoCrash, text.Args{"title": county.title, "staged": count(staged)}),
		d.t(text.DemoResumed, text.Args{"above": above.title, "rows": count(done.Rows), "entry": done.Published}),
	}, nil
}

// countAll has a place count the records of the larger dataset at another.
func countAll(ctx context.Context, from, to *place) (uint64, error) {
	got, err := from.as[consumer].Query(ctx, client.Query{
		At: to.title, Dataset: wholeProvince().dataset.Code, Count: true, Use: use("statistics", to.title),
	})
	return got.Count, err
}
