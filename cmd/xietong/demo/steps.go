package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// The records that the steps ask for, of 黎平县 and 威宁县.
const (
	villageKey   = "522631111200"
	villageName  = "肇兴村村民委员会"
	verifiedKey  = "522631111205"
	verifiedName = "堂安村村民委员会"
	otherName    = "登杠村村民委员会"
	weiningKey   = "520526001001"
	weiningName  = "大洼塘社区居民委员会"
)

func (d *demo) t(code text.Code, args text.Args) string { return text.T(d.Lang, code, args) }

// publish has every place add its agencies, the province publish the standard entries, and every
// county adopt them and import its real rows. The places work side by side. It returns how many
// rows each dataset has in all.
func (d *demo) publish(ctx context.Context) (rows map[string]uint64, err error) {
	top := d.top()
	if err := d.enter(ctx, top); err != nil {
		return nil, err
	}
	for _, standard := range d.stage.standards() {
		if _, err := top.as[provider].PublishStandard(ctx, standard); err != nil {
			return nil, fmt.Errorf("%s: %w", top.title, err)
		}
	}
	if err := d.each(len(d.places), func(i int) error { return d.publishAt(ctx, d.places[i]) }); err != nil {
		return nil, err
	}
	rows = map[string]uint64{}
	for _, p := range d.level(levelCounty) {
		for _, o := range d.stage.offers(p) {
			if o.rows != "" {
				rows[o.dataset.Code] += rowsOf([]byte(o.rows))
			}
		}
	}
	return rows, nil
}

// enter adds the agencies of a place.
func (d *demo) enter(ctx context.Context, p *place) error {
	for _, a := range agencies(p) {
		if _, err := p.as[""].AddAgency(ctx, a); err != nil {
			return fmt.Errorf("%s: %w", p.title, err)
		}
	}
	return nil
}

func (d *demo) publishAt(ctx context.Context, p *place) error {
	if p.above == nil {
		return nil // the root has published the standards
	}
	if err := d.enter(ctx, p); err != nil || p.level != levelCounty {
		return err // its counties have the data
	}
	for _, o := range d.stage.offers(p) {
		if err := d.offer(ctx, p, o); err != nil {
			return fmt.Errorf("%s: %w", p.title, err)
		}
		if o.rows == "" {
			continue
		}
		rows := client.Import{Dataset: o.dataset.Code, Format: client.FormatCSV, File: strings.NewReader(o.rows)}
		if _, err := p.as[provider].ImportRecords(ctx, rows); err != nil {
			return fmt.Errorf("%s: %w", p.title, err)
		}
	}
	return nil
}

// offer publishes a dataset; a dataset with rows is an adoption of the province's standard entry
// with the same code.
func (d *demo) offer(ctx context.Context, p *place, o offer) error {
	if o.rows != "" {
		s, err := p.as[provider].StandardOf(ctx, o.dataset.Code, "")
		if err != nil {
			return err
		}
		o.dataset = s.NewDataset
		o.dataset.Agency, o.dataset.Standard = provider, s.Entry
	}
	_, err := p.as[provider].PublishDataset(ctx, o.dataset)
	return err
}

// one asks another place for the record with the key, and demands that the record has the name.
func one(ctx context.Context, from, to *place, dataset, key, name string) (client.Answer, error) {
	got, err := from.as[consumer].Query(ctx, client.Query{
		At: to.name, Dataset: dataset, Key: key, Fields: []string{"code", "name"}, Use: use("residence-check", to.title),
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

// ask has a clerk of one county ask a county of another prefecture.
func (d *demo) ask(ctx context.Context) (said, error) {
	from, to := d.at(d.stage.from), d.at(d.stage.to)
	asked, _, _, _ := d.stage.samples()
	got, err := one(ctx, from, to, d.stage.dataset(), asked.key, asked.name)
	d.access, d.asked = got.Access, got.Asked
	return said{
		d.t(d.stage.sentence(text.DemoAsk, text.DemoAskPlace), text.Args{"from": from.title, "to": to.title}),
		asked.key + "  " + asked.name,
		d.t(text.DemoWay, text.Args{"way": way(from, to), "access": indexIn(got.Access), "asked": indexIn(got.Asked)}),
	}, err
}

// yesOrNo asks two questions that are answered with yes or no, the least that can be asked.
func (d *demo) yesOrNo(ctx context.Context) (said, error) {
	from, to := d.at(d.stage.from), d.at(d.stage.to)
	_, verified, other, _ := d.stage.samples()
	out := said{d.t(text.DemoVerify, text.Args{"to": to.title})}
	for _, want := range []struct{ name, answer string }{{verified.name, client.AnswerYes}, {other, client.AnswerNo}} {
		value, err := json.Marshal(want.name)
		if err != nil {
			return nil, err
		}
		got, err := from.as[consumer].Verify(ctx, client.Verification{
			At: to.name, Dataset: d.stage.dataset(), Key: verified.key, Field: "name", Value: value, Use: use("residence-check", to.title),
		})
		if err != nil {
			return nil, err
		}
		if got.Answer != want.answer {
			return nil, fmt.Errorf("is it called %s: %s", want.name, got.Answer)
		}
		answer := map[string]text.Code{client.AnswerYes: text.CLIVerifyYes, client.AnswerNo: text.CLIVerifyNo}[got.Answer]
		out = append(out, d.t(text.DemoCalled, text.Args{"key": verified.key, "name": want.name, "answer": d.t(answer, nil)}))
	}
	return out, nil
}

// total has the province count the villages in all counties, and demands the sum of the data of the
// counties whose nodes run.
func (d *demo) total(ctx context.Context) (client.FederatedAnswer, error) {
	got, err := d.top().as[consumer].QueryFederated(ctx, client.FederatedQuery{
		At: "**." + d.top().name, Dataset: d.stage.dataset(), Measure: client.Measure{Function: client.MeasureCount, By: []string{d.stage.by()}},
		Use: client.Use{Purpose: "statistics"},
	})
	if err != nil {
		return got, err
	}
	var want, answered uint64
	for _, p := range d.level(levelCounty) {
		if p.node != nil {
			want, answered = want+d.stage.recordsOf(p), answered+1
		}
	}
	if got.Total != want || got.Answered != answered || len(got.Lies) > 0 {
		return got, fmt.Errorf("counted %d records in %d counties, want %d in %d; %v", got.Total, got.Answered, want, answered, got.Lies)
	}
	return got, nil
}

// countAll counts over the whole province; the hops add up on the way.
func (d *demo) countAll(ctx context.Context) (said, error) {
	got, err := d.total(ctx)
	out := said{d.t(d.stage.sentence(text.DemoCount, text.DemoCountPlaces), text.Args{"title": d.stage.list[0].DisplayName})}
	line := ""
	for i, g := range got.Groups {
		line += calledGroup(g.Values[0]) + " " + count(g.Count) + "  "
		if i%5 == 4 || i == len(got.Groups)-1 {
			out, line = append(out, strings.TrimSpace(line)), ""
		}
	}
	return append(out, d.covers(got)), err
}

// calledGroup returns what a group is called: a place, or the value of a field.
func calledGroup(v client.GroupValue) string {
	var value string
	if v.Title == "" && json.Unmarshal(v.Value, &value) == nil {
		return value
	}
	return v.Title
}

func (d *demo) covers(got client.FederatedAnswer) string {
	return d.t(text.DemoCovers, text.Args{
		"total": count(got.Total), "answered": count(got.Answered), "members": count(got.Members), "audited": count(uint64(len(got.Audited))),
	})
}

// switchOff ends the node of a county and counts again: the answer names the county that it does
// not cover, and why.
func (d *demo) switchOff(ctx context.Context) (said, error) {
	off := d.at(d.stage.off)
	status, err := off.as[""].Status(ctx)
	if err != nil {
		return nil, err
	}
	d.kept = status.Jurisdictions[0].TreeSize
	if err := off.stop(); err != nil {
		return nil, err
	}
	if err := d.unlinked(ctx, off); err != nil {
		return nil, err
	}
	got, err := d.total(ctx)
	if err != nil {
		return nil, err
	}
	out := said{d.t(text.DemoOff, text.Args{"title": off.title}), d.covers(got)}
	for _, m := range got.Missing {
		if m.Name != off.name {
			continue
		}
		heard, err := time.Parse(time.RFC3339, m.LastHeard)
		if err != nil || m.State != client.StateUnreachable {
			return nil, fmt.Errorf("%s is told as %+v", off.title, m)
		}
		return append(out, d.t(text.DemoMissing, text.Args{
			"title": m.Title, "by": m.By, "seconds": fmt.Sprintf("%.0f", time.Since(heard).Seconds()),
		})), nil
	}
	return nil, fmt.Errorf("nobody says that %s is missing", off.title)
}

// switchOn starts that node again: it links by itself, its ledger is unchanged, and it answers.
func (d *demo) switchOn(ctx context.Context) (said, error) {
	from, back := d.at(d.stage.from), d.at(d.stage.off)
	if err := d.start(ctx, back); err != nil {
		return nil, err
	}
	status, err := back.as[""].Status(ctx)
	if err != nil {
		return nil, err
	}
	if status.Jurisdictions[0].TreeSize != d.kept {
		return nil, fmt.Errorf("%d entries before, %d after", d.kept, status.Jurisdictions[0].TreeSize)
	}
	if err := d.linked(ctx); err != nil {
		return nil, err
	}
	_, _, _, its := d.stage.samples()
	got, err := one(ctx, from, back, d.stage.dataset(), its.key, its.name)
	return said{
		d.t(text.DemoBack, text.Args{"title": back.title, "entries": count(d.kept), "access": indexIn(got.Access)}), its.key + "  " + its.name,
	}, err
}
