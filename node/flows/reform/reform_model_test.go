package reform

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/business/sharing"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

var (
	modelAgencies = []string{"civil", "tax", "water"}
	modelDatasets = []string{"towns", "villages"}
)

// compared is the jurisdiction beside its model.
type compared struct {
	*world
	t *rapid.T
	m model
}

// demand compares the outcome of an act with what it should be.
func (c *compared) demand(what any, err error, want text.Code) {
	got := text.Code("")
	if err != nil {
		got = failure.Of(err).Code
	}
	if got != want {
		c.t.Fatalf("%v: got %q (%v), want %q\n%s", what, got, err, want, c.m.told())
	}
}

func (c *compared) agency(t *rapid.T) string {
	return rapid.SampledFrom(modelAgencies).Draw(t, "agency")
}
func (c *compared) code(t *rapid.T) string {
	return rapid.SampledFrom(modelDatasets).Draw(t, "dataset")
}

// order draws an act that is shown first.
func (c *compared) order(t *rapid.T) order {
	o := order{act: rapid.SampledFrom([]string{"withdraw", "move", "end"}).Draw(t, "act")}
	switch o.act {
	case "withdraw":
		o.codes = []string{c.code(t)}
	case "move":
		o.codes, o.into = rapid.SliceOfNDistinct(rapid.SampledFrom(modelDatasets), 1, 2, rapid.ID[string]).Draw(t, "datasets"), c.agency(t)
		slices.Sort(o.codes)
	case "end":
		o.codes, o.into, o.drop = []string{c.agency(t)}, rapid.SampledFrom(append(modelAgencies, "")).Draw(t, "into"), rapid.Bool().Draw(t, "drop")
	}
	return o
}

// shows looks at the plan of an order.
func (c *compared) shows(o order) (Plan, error) {
	switch o.act {
	case "withdraw":
		return c.desk.PlanWithdrawal(ctx, catalog.Actor{}, label(o.codes[0]))
	case "move":
		return c.desk.PlanMove(ctx, catalog.Actor{}, labels(o.codes), o.into)
	}
	return c.desk.PlanEnd(ctx, catalog.Actor{}, Order{label(o.codes[0]), o.into, o.drop})
}

func labels(codes []string) (all []identity.Label) {
	for _, code := range codes {
		all = append(all, label(code))
	}
	return all
}

func (w *world) carryOut(o order, hash string) error {
	var err error
	switch to := (Agreed{hash, "机构改革"}); o.act {
	case "withdraw":
		_, err = w.desk.Withdraw(ctx, newID(), catalog.Actor{}, label(o.codes[0]), to)
	case "move":
		_, err = w.desk.Move(ctx, newID(), catalog.Actor{}, labels(o.codes), o.into, to)
	default:
		_, err = w.desk.End(ctx, newID(), catalog.Actor{}, Order{label(o.codes[0]), o.into, o.drop}, to)
	}
	return err
}

// plans draws an order, compares its plan with what it should show, and returns its hash.
func (c *compared) plans(t *rapid.T) (o order, s shown, hash string, why text.Code) {
	o = c.order(t)
	p, err := c.shows(o)
	s, why = c.m.plan(o)
	c.demand(o, err, why)
	if why != "" {
		return o, s, "", why
	}
	count := 0
	for _, d := range p.Datasets {
		count += int(d.Records)
	}
	if p.Ending != s.ending || p.Lasting != s.lasting || count != s.records || o.act != "withdraw" && len(p.Datasets) != s.moved {
		c.t.Fatalf("%v shows %+v, want %+v", o, p, s)
	}
	return o, s, p.Hash, ""
}

// acts does at once what was shown.
func (c *compared) acts(t *rapid.T) {
	o, _, hash, why := c.plans(t)
	c.demand(o, c.carryOut(o, hash), why)
	if why == "" {
		c.m = c.m.do(o)
	}
}

// actsLate does what was shown after something else was done: it is refused where it would be
// another act by then.
func (c *compared) actsLate(t *rapid.T) {
	o, s, hash, why := c.plans(t)
	if why != "" {
		return
	}
	c.other(t, o)
	now, why := c.m.plan(o)
	if now.records = s.records; why == "" && now != s { // records stay, so they may change
		why = text.PlanMoved
	}
	c.demand(fmt.Sprint("late ", o), c.carryOut(o, hash), why)
	if why == "" {
		c.m = c.m.do(o)
	}
}

// actsBeside has something else done between the decision and its record: it is refused, or does
// what was shown.
func (c *compared) actsBeside(t *rapid.T) {
	o, s, hash, why := c.plans(t)
	if why != "" {
		return
	}
	c.Before = func(state.Kind) {
		c.Before = nil
		c.other(t, o)
	}
	err := c.carryOut(o, hash)
	c.Before = nil
	now, why := c.m.plan(o)
	switch same := why == "" && now.acts == s.acts; {
	case err == nil && !same:
		c.t.Fatalf("beside another act, %v did %+v, and had shown %+v (%s)", o, now, s, why)
	case err == nil:
		c.m = c.m.do(o)
	case same && now.titles == s.titles:
		c.t.Fatalf("beside another act, %v was refused without a reason: %v", o, err)
	case !failure.Is(err, text.PlanMoved, text.DatasetMoved, why):
		c.t.Fatalf("beside another act, %v: got %v, want it refused as %s", o, err, why)
	}
}

// other does one of the acts that show no plan: every other time a use that touches what the order
// is about, for a new grant changes most plans.
func (c *compared) other(t *rapid.T, o order) {
	switch {
	case !rapid.Bool().Draw(t, "touches"):
		acts := []func(*rapid.T){c.publishes, c.puts, c.uses, c.revokes, c.allows, c.renames, c.adds, c.returns}
		acts[rapid.IntRange(0, len(acts)-1).Draw(t, "other act")](t)
	case o.act == "end":
		c.reads(o.codes[0], c.code(t))
	default:
		c.reads(c.agency(t), o.codes[0])
	}
}

// begin adds all agencies, publishes all datasets and gives a grant.
func (c *compared) begin() {
	for _, code := range modelAgencies {
		c.add(c.t, code)
		c.m.agencies[code] = modelAgency{title: "局" + code}
	}
	for _, code := range modelDatasets {
		p := c.world.publish(c.t, code, "civil")
		c.m.datasets[code] = modelDataset{agency: "civil", title: p.Title, version: 1}
	}
	c.reads("tax", "towns")
}

func (c *compared) adds(t *rapid.T) {
	code, title := c.agency(t), rapid.SampledFrom([]string{"局", "委"}).Draw(t, "title")
	have, known := c.m.agencies[code]
	want := c.m.there(code)
	switch {
	case !known:
		c.m.agencies[code], want = modelAgency{title: title}, ""
	case want == "" && have.title != title:
		want = text.AgencyTaken
	}
	_, err := catalog.AddAgency(ctx, c, newID(), catalog.Agency{Code: label(code), Title: title})
	c.demand("add "+code, err, want)
}

func (c *compared) renames(t *rapid.T) {
	code, title := c.agency(t), rapid.SampledFrom([]string{"局", "委"}).Draw(t, "title")
	want := c.m.there(code)
	_, err := catalog.RenameAgency(ctx, c, newID(), catalog.Agency{Code: label(code), Title: title})
	c.demand("rename "+code, err, want)
	if want == "" {
		c.m.agencies[code] = modelAgency{title: title}
	}
}

func (c *compared) returns(t *rapid.T) {
	code, title := c.agency(t), rapid.SampledFrom([]string{"局", "委"}).Draw(t, "title")
	have, known := c.m.agencies[code]
	want := text.Code("")
	switch {
	case !known:
		want = text.UnknownAgency
	case have.title != title:
		want = text.AgencyTaken
	case !have.ended:
		want = text.AgencyLives
	}
	_, err := c.desk.Return(ctx, newID(), catalog.Agency{Code: label(code), Title: title})
	c.demand("add again "+code, err, want)
	if want == "" {
		c.m.agencies[code] = modelAgency{title: title}
	}
}

func (c *compared) publishes(t *rapid.T) {
	code, by, title := c.code(t), c.agency(t), rapid.SampledFrom([]string{"名录", "名册"}).Draw(t, "title")
	e := entry(code, by)
	e.Title = title
	d, known := c.m.datasets[code]
	want := c.m.acting(by)
	if want == "" && known && d.agency != by {
		if want = text.AgencyOfEntry; c.m.there(d.agency) != "" {
			want = text.ProviderEnded
		}
	}
	_, err := catalog.Publish(ctx, c, newID(), catalog.Local(by), e)
	c.demand(fmt.Sprint("publish ", code, " by ", by), err, want)
	if want == "" && (!known || d.withdrawn || d.title != title) {
		c.m.datasets[code] = modelDataset{by, title, d.version + 1, false, d.records}
	}
}

func (c *compared) puts(t *rapid.T) {
	code, by := c.code(t), c.agency(t)
	want := c.m.acting(by)
	if want == "" {
		want = c.m.offered(code)
	}
	if want == "" && c.m.datasets[code].agency != by {
		want = text.NotProvider
	}
	d := c.m.datasets[code]
	record := fmt.Sprintf(`{"id":"%d"}`, d.records)
	_, err := c.records.Put(ctx, newID(), catalog.Local(by), label(code), []byte(record))
	c.demand(fmt.Sprint("put into ", code, " by ", by), err, want)
	if want == "" {
		d.records++
		c.m.datasets[code] = d
	}
}

// uses has an agency count a dataset, and apply for a grant where it needs one.
func (c *compared) uses(t *rapid.T) { c.reads(c.agency(t), c.code(t)) }

func (c *compared) reads(by, code string) {
	want, anew := c.m.reads(by, code)
	got, err := c.use(by, code, "0")
	c.demand(fmt.Sprint(by, " uses ", code), err, want)
	if want != "" {
		return
	}
	if has := min(1, c.m.datasets[code].records); len(got.Rows) != has {
		c.t.Fatalf("%s uses %s: got %d rows, want %d", by, code, len(got.Rows), has)
	}
	if anew {
		_ = c.View(ctx, func(r *state.Reader) error {
			all := sharing.Grants(r)
			c.m.grants = append(c.m.grants, modelGrant{index: all[len(all)-1].Index, by: by, dataset: code})
			return nil
		})
	}
}

// aboutGrant draws a grant, and says why an agency cannot act on it.
func (c *compared) aboutGrant(t *rapid.T) (at int, by string, want text.Code) {
	at, by = rapid.IntRange(0, len(c.m.grants)-1).Draw(t, "grant"), c.agency(t)
	if want = c.m.acting(by); want == "" && c.m.datasets[c.m.grants[at].dataset].agency != by {
		want = text.NotProvider
	}
	return at, by, want
}

func (c *compared) revokes(t *rapid.T) {
	if len(c.m.grants) == 0 {
		return
	}
	at, by, want := c.aboutGrant(t)
	g := &c.m.grants[at]
	_, err := sharing.Revoke(ctx, c, newID(), catalog.Local(by), g.index, "越权")
	c.demand(fmt.Sprint("revoke ", *g, " by ", by), err, want)
	if want == "" {
		g.revoked, g.bars = true, true
	}
}

func (c *compared) allows(t *rapid.T) {
	if len(c.m.grants) == 0 {
		return
	}
	at, by, want := c.aboutGrant(t)
	g := c.m.grants[at]
	if want == "" && !g.revoked {
		want = text.NotRevoked
	}
	_, err := sharing.Allow(ctx, c, newID(), catalog.Local(by), g.index, "已整改")
	c.demand(fmt.Sprint("allow ", g, " by ", by), err, want)
	if want == "" {
		c.m.grants[at].bars = false
	}
}

// told is model.told of the ledger.
func (w *world) told() (string, error) {
	var lines []string
	err := w.View(ctx, func(r *state.Reader) error {
		agencies, err := catalog.Agencies(r)
		if err != nil {
			return err
		}
		for _, a := range agencies {
			into := ""
			if a.Ended != nil {
				into = a.Ended.Into.String()
			}
			lines = append(lines, fmt.Sprint("agency ", a.Code, " ", a.Title, " ", a.Ended != nil, " ", into))
			own := identity.NewAgency(w.Name(), a.Code)
			for _, g := range sharing.GrantsOf(r, w.records, own, sharing.Wanted{}) {
				if g.Consumer == own {
					lines = append(lines, fmt.Sprint("grant ", g.Index, " ", a.Code, " ", g.Dataset, " ", g.State))
				} else {
					lines = append(lines, fmt.Sprint("given by ", a.Code, ": ", g.Index))
				}
			}
		}
		datasets, err := catalog.Datasets(r)
		for _, d := range datasets {
			lines = append(lines, fmt.Sprint("dataset ", d.Code, " ", d.Title, " ", d.Agency, " ", d.Version, " ", d.Withdrawn != nil, " ", records.Count(r, d.Code)))
		}
		return err
	})
	slices.Sort(lines)
	return strings.Join(lines, "\n"), err
}

// check compares what the lists tell, and who may read what.
func (c *compared) check(t *rapid.T) {
	if got, err := c.told(); err != nil || got != c.m.told() {
		c.t.Fatalf("got %v\n%s\nwant\n%s", err, got, c.m.told())
	}
	for _, by := range modelAgencies {
		for _, code := range modelDatasets {
			if _, anew := c.m.reads(by, code); !anew { // another use would change what there is
				c.reads(by, code)
			}
		}
	}
}

// TestReformModel: after any acts, in any order and beside one another, the lists tell what there
// is, everybody may read what they should, and nothing is done that was not shown.
func TestReformModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := &compared{newWorld(t), rt, model{map[string]modelAgency{}, map[string]modelDataset{}, nil}}
		if rapid.Bool().Draw(rt, "begun") {
			c.begin()
		}
		rt.Repeat(map[string]func(*rapid.T){
			"": c.check, "add": c.adds, "publish": c.publishes, "put": c.puts, "use": c.uses, "revoke": c.revokes, "allow": c.allows,
			"rename": c.renames, "again": c.returns, "act": c.acts, "act more": c.acts, "late": c.actsLate, "beside": c.actsBeside,
		})
	})
}
