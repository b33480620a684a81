package records

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// split is the entry that has the name of a village in two fields, indexes the second, and counts
// by it.
func split() catalog.Entry {
	e := villages()
	e.Title, e.Indexed, e.GroupBy = "村（居）委会名录（分列）", []string{"township", "kind"}, []string{"kind", "township"}
	e.Measures, e.SmallestCell = map[string][]string{"people": {"sum"}}, 2
	e.Schema = []byte(`{"type":"object","required":["code","place","kind"],"properties":{
		"code":{"type":"string","pattern":"^[0-9]{12}$"},"place":{"type":"string"},"kind":{"type":"string"},"township":{"type":"string"},
		"people":{"type":"integer"}}}`)
	return e
}

// splitFile has the villages of the numbers, as the split entry wants them.
func splitFile(numbers ...int) string {
	var b strings.Builder
	b.WriteString("code,place,kind,township\n")
	for _, n := range numbers {
		fmt.Fprintf(&b, "%s,地%d,社区,T1\n", villageKey(n), n)
	}
	return b.String()
}

// clerk publishes an entry together with the rows of a file.
type clerk struct {
	ledger book.Ledger
	desk   *Desk
	next   catalog.Entry
	how    Reading
	all    bool // in place of all records
	id     identity.Message
}

func newClerk(l book.Ledger) *clerk {
	return &clerk{ledger: l, desk: NewDesk(l), next: split(), how: asCSV, id: newID()}
}

// coming prepares the entry.
func (c *clerk) coming(ctx context.Context) (p catalog.Publication, err error) {
	next, p, before, err := catalog.Prepare(ctx, c.ledger, civil, c.next)
	if err == nil && before.Is(p) {
		err = text.Fail(text.EntryInForce, text.Args{"dataset": code.String()}, nil)
	}
	c.how.For = &Coming{Entry: next, Document: p.Document}
	return p, err
}

// stage checks the file and stages its rows.
func (c *clerk) stage(ctx context.Context, data string) (opened identity.Entry, err error) {
	if _, err = c.coming(ctx); err != nil {
		return opened, err
	}
	check, err := c.desk.Check(ctx, civil, code, c.how, strings.NewReader(data))
	if err != nil {
		return opened, err
	}
	f := File{Reading: c.how, Hash: check.Hash, Rows: check.Rows, Good: check.Good, Replace: c.all, Plan: check.Plan}
	done, err := c.desk.Load(ctx, newID(), civil, code, f, strings.NewReader(data), nil)
	return done.Opened, err
}

// publish publishes the entry with the rows that were staged, whatever the plan says.
func (c *clerk) publish(ctx context.Context, opened identity.Entry) (plan Plan, err error) {
	p, err := c.coming(ctx)
	if err != nil {
		return plan, err
	}
	plan, as, err := c.desk.Plan(ctx, civil, c.how.For.Entry, opened)
	if err != nil {
		return plan, err
	}
	p.Checked = &as
	along, err := c.desk.Bring(ctx, p, *plan.Rows)
	if err == nil {
		_, err = c.desk.PublishAlong(ctx, book.By(identity.NewAgency(c.ledger.Name(), agency), c.id, p.Document), along)
	}
	return plan, err
}

// all goes the whole way.
func (c *clerk) whole(ctx context.Context, data string) (Plan, error) {
	opened, err := c.stage(ctx, data)
	if err != nil {
		return Plan{}, err
	}
	return c.publish(ctx, opened)
}

// shownNow returns the version in force, and the records as an answer shows them now, by the last
// digit of their keys; of one that does not fit, "unfit".
func shownNow(l book.Ledger, desk *Desk) (version uint64, shown map[string]string, err error) {
	shown = map[string]string{}
	err = l.View(context.Background(), func(r *state.Reader) error {
		set, err := desk.at(r, code)
		if err != nil {
			return err
		}
		version = set.Version
		newView(r).all(code, nil, onward, func(f found) bool {
			record, failed := desk.payload(r, f.Index, set)
			stored, unread := l.Payload(r, f.Index)
			switch {
			case failure.Is(failed, text.RecordUnfit):
				record = []byte("unfit")
			case failed != nil || unread != nil:
				err = errors.Join(failed, unread)
			}
			shown[string(stored[20:21])] = string(record)
			return err == nil
		})
		return err
	})
	return version, shown, err
}

func splitRecord(n int) string {
	return fmt.Sprintf(`{"code":"%s","kind":"社区","place":"地%d","township":"T1"}`, villageKey(n), n)
}

func oldRecord(n int) string {
	return fmt.Sprintf(`{"code":"%s","name":"a","township":"T1"}`, villageKey(n))
}

// alongside returns a ledger with the villages 0 to 2.
func alongside(t *testing.T) (*booktest.Ledger, *Desk) {
	l, desk := open(t)
	a, aFile := villageFile("a", "a", "a")
	load(t, desk, a, aFile)
	return l, desk
}

// before and after are the two answers that there may be.
func beforeAndAfter() (before, after map[string]string) {
	return map[string]string{"0": oldRecord(0), "1": oldRecord(1), "2": oldRecord(2)},
		map[string]string{"1": splitRecord(1), "2": splitRecord(2), "3": splitRecord(3)}
}

// TestAlong: a new version comes together with its records, one entry after the other in one
// command; the plan says what becomes of each record.
func TestAlong(t *testing.T) {
	l, desk := alongside(t)
	c := newClerk(l)
	c.all = true
	plan, err := c.whole(t.Context(), splitFile(1, 2, 3))
	if err != nil {
		t.Fatal(err)
	}
	want := RowsPlan{Import: plan.Rows.Import, Since: plan.Rows.Since, Rows: 3, New: 1, Replaced: 2, Left: 1}
	if *plan.Rows != want || plan.Unfit != 0 || plan.Records != 3 {
		t.Errorf("got %+v of %+v, want %+v", *plan.Rows, plan, want)
	}
	if len(plan.Vanish) != 1 || plan.Vanish[0] != (Holding{"name", 2}) {
		t.Errorf("vanish: got %v, want the names of the two that go on", plan.Vanish)
	}
	version, shown, err := shownNow(l, desk)
	if _, after := beforeAndAfter(); version != 2 || !maps.Equal(shown, after) || err != nil {
		t.Errorf("got version %d, %v, %v; want %v", version, shown, err, after)
	}
	heads := l.Heads(t, 0)
	n := 0
	for i, head := range heads {
		if head.Kind == ledger.KindCatalogueEntry && i > 5 {
			n = i
		}
	}
	if heads[n+1].Kind != ledger.KindImportPublished {
		t.Errorf("after the entry comes %s, want the publication of its rows", heads[n+1].Kind)
	}
	if _, said := entryAt(t, l, uint64(n+1)); !strings.Contains(string(said), `"version":2,"entry_sha256":"`+c.how.For.hex()+`"`) {
		t.Errorf("the act says %s", said)
	}
	reading(t, l, func(r *state.Reader) {
		if set, err := desk.at(r, code); err != nil || fmt.Sprint(set.Found) != "[township kind]" || set.Unsure != ledger.None {
			t.Errorf("found by %v, unsure before %v, %v: want that all records are in the new index, and none is unsure", set.Found, set.Unsure, err)
		}
	})
	if _, err := c.whole(t.Context(), splitFile(1, 2, 3)); !failure.Is(err, text.EntryInForce) {
		t.Errorf("once more: got %v", err)
	}
	data := splitFile(1, 2, 3)
	check, f := checked(t, desk, data)
	if done := load(t, desk, data, f); !done.Unchanged || check.Effect.Unchanged != 3 {
		t.Errorf("the file by itself: got %+v, want that it was published before", done)
	}
}

// TestAlongBeside: records that are not in the file stay, and are told of where they do not fit.
func TestAlongBeside(t *testing.T) {
	l, desk := alongside(t)
	plan, err := newClerk(l).whole(t.Context(), splitFile(1, 2, 3))
	if err != nil {
		t.Fatal(err)
	}
	want := RowsPlan{Import: plan.Rows.Import, Since: plan.Rows.Since, Rows: 3, New: 1, Replaced: 2, Stay: 1}
	if *plan.Rows != want || plan.Unfit != 1 || len(plan.Faults) != 1 || plan.Faults[0].Key != villageKey(0) {
		t.Errorf("got %+v of %+v, want %+v and that 0 does not fit", *plan.Rows, plan, want)
	}
	_, after := beforeAndAfter()
	after["0"] = "unfit"
	if version, shown, err := shownNow(l, desk); version != 2 || !maps.Equal(shown, after) || err != nil {
		t.Errorf("got version %d, %v, %v; want %v", version, shown, err, after)
	}
}

// TestAlongCutOff cuts the way off at each of its commands, before or after the command was
// applied: what is shown is all old until the last command, and all new after it. The same again
// comes to the same end, and stages no row again.
func TestAlongCutOff(t *testing.T) {
	l, _ := alongside(t)
	from := l.Proposals.Load()
	c := newClerk(l)
	c.all = true
	if _, err := c.whole(t.Context(), splitFile(1, 2, 3)); err != nil {
		t.Fatal(err)
	}
	steps := int(l.Proposals.Load() - from)
	before, after := beforeAndAfter()
	for at := range 2 * steps {
		cut := &cutting{nil, 1 + at/2, at%2 == 1}
		t.Run(fmt.Sprintf("at command %d of %d, applied %t", cut.left, steps, cut.after), func(t *testing.T) {
			l, desk := alongside(t)
			cut.Ledger = l
			c := newClerk(cut)
			c.all = true
			if _, err := c.whole(t.Context(), splitFile(1, 2, 3)); !errors.Is(err, errCut) {
				t.Fatalf("got %v, want that it is cut off", err)
			}
			version, shown, err := shownNow(l, desk)
			done := at == 2*steps-1
			if want := map[bool]map[string]string{false: before, true: after}[done]; !maps.Equal(shown, want) || err != nil || (version == 2) != done {
				t.Fatalf("got version %d, %v, %v; want %v", version, shown, err, want)
			}
			again := newClerk(l)
			again.all = true
			if _, err := again.whole(t.Context(), splitFile(1, 2, 3)); done != failure.Is(err, text.EntryInForce) || !done && err != nil {
				t.Errorf("again: got %v", err)
			}
			version, shown, err = shownNow(l, desk)
			if version != 2 || !maps.Equal(shown, after) || err != nil {
				t.Errorf("again: got version %d, %v, %v; want %v", version, shown, err, after)
			}
			staged := 0
			for _, head := range l.Heads(t, 0) {
				if head.Kind == ledger.KindRecord && head.About != ledger.None {
					staged++
				}
			}
			if staged != 3+3 {
				t.Errorf("%d rows were staged, want 3 of the first file and 3 of this one", staged)
			}
		})
	}
}

// otherRecord is a village of the file that somebody puts meanwhile.
var otherRecord = `{"code":"` + villageKey(1) + `","name":"p","township":"T1"}`

// TestAlongPutBetween (S43b): what is put after the check of the file is not written over: the
// publication is refused, and goes on after another check with the rows that are staged.
func TestAlongPutBetween(t *testing.T) {
	for what, put := range map[string]func(*testing.T, *Desk) map[string]string{
		"in the file": func(t *testing.T, desk *Desk) map[string]string { put(t, desk, otherRecord); return nil },
		"beside it":   func(t *testing.T, desk *Desk) map[string]string { put(t, desk, oldRecord(7)); return nil },
		"a retraction": func(t *testing.T, desk *Desk) map[string]string {
			if _, err := desk.Retract(t.Context(), newID(), civil, code, villageKey(0), "r"); err != nil {
				t.Fatal(err)
			}
			return nil
		},
	} {
		t.Run(what, func(t *testing.T) {
			l, desk := alongside(t)
			c := newClerk(l)
			c.all = true
			opened, err := c.stage(t.Context(), splitFile(1, 2, 3))
			if err != nil {
				t.Fatal(err)
			}
			put(t, desk)
			_, had, _ := shownNow(l, desk)
			_, err = c.publish(t.Context(), opened)
			refusedAs(t, "the plan", err, text.RecordsMoved)
			if version, shown, _ := shownNow(l, desk); version != 1 || !maps.Equal(shown, had) {
				t.Errorf("got version %d, %v, want %v", version, shown, had)
			}
			again, err := c.stage(t.Context(), splitFile(1, 2, 3))
			if err != nil || again != opened {
				t.Errorf("again: got %s, %v, want %s", again, err, opened)
			}
			if _, err = c.publish(t.Context(), again); err != nil {
				t.Error(err)
			}
			_, after := beforeAndAfter()
			if version, shown, err := shownNow(l, desk); version != 2 || !maps.Equal(shown, after) || err != nil {
				t.Errorf("got version %d, %v, %v; want %v", version, shown, err, after)
			}
		})
	}
}

// TestAlongPutInTheLastMoment puts a record between the plan and the command that publishes.
func TestAlongPutInTheLastMoment(t *testing.T) {
	l, desk := alongside(t)
	c := newClerk(l)
	opened, err := c.stage(t.Context(), splitFile(0, 1, 2))
	if err != nil {
		t.Fatal(err)
	}
	l.Before = func(kind state.Kind) {
		if kind == state.Kind(commandAlong) {
			l.Before = nil
			put(t, desk, otherRecord)
		}
	}
	_, err = c.publish(t.Context(), opened)
	refusedAs(t, "the command", err, text.RecordsMoved)
	before, _ := beforeAndAfter()
	before["1"] = otherRecord
	if version, shown, err := shownNow(l, desk); version != 1 || !maps.Equal(shown, before) || err != nil {
		t.Errorf("got version %d, %v, %v", version, shown, err)
	}
}

// TestAlongRefused (S43): rows come along with the entry that they were checked by, whole, once.
func TestAlongRefused(t *testing.T) {
	ctx := t.Context()
	other := split()
	other.Title = "another"
	for what, row := range map[string]struct {
		between func(t *testing.T, l *booktest.Ledger, c *clerk)
		want    text.Code
	}{
		"another entry":    {func(_ *testing.T, _ *booktest.Ledger, c *clerk) { c.next = other }, text.NotAlong},
		"another in force": {func(t *testing.T, l *booktest.Ledger, _ *clerk) { must(0, republish(ctx, l)) }, text.NotAlong},
		"given up": {func(t *testing.T, l *booktest.Ledger, _ *clerk) {
			data, f := villageFile("b")
			load(t, NewDesk(l), data, f)
		}, text.NotAlong},
		"the entry without them": {func(t *testing.T, l *booktest.Ledger, _ *clerk) {
			must(publishFit(ctx, l, split()))
		}, text.EntryInForce},
	} {
		t.Run(what, func(t *testing.T) {
			l, _ := alongside(t)
			c := newClerk(l)
			opened, err := c.stage(ctx, splitFile(0, 1, 2))
			if err != nil {
				t.Fatal(err)
			}
			row.between(t, l, c)
			_, err = c.publish(ctx, opened)
			refusedAs(t, what, err, row.want)
		})
	}
	l, desk := alongside(t)
	c := newClerk(l)
	must(c.coming(ctx))
	data := splitFile(0, 1) + villageKey(2) + ",only a place,,T1\n"
	check, err := desk.Check(ctx, civil, code, c.how, strings.NewReader(data))
	if err != nil || check.BadCount != 1 {
		t.Fatalf("got %+v, %v", check, err)
	}
	f := File{Reading: c.how, Hash: check.Hash, Rows: check.Rows, Good: check.Good, Plan: check.Plan, KeepGood: true}
	_, err = desk.Load(ctx, newID(), civil, code, f, strings.NewReader(data), nil)
	refusedAs(t, "the good rows alone", err, text.AlongNotGood)
	opened, err := newClerk(&cutting{l, 3, false}).stage(ctx, splitFile(0, 1, 2))
	if !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	reading(t, l, func(r *state.Reader) {
		at, _ := unfinished(r, code)
		opened = l.Names().Entry(at)
	})
	_, err = newClerk(l).publish(ctx, opened)
	refusedAs(t, "rows that are not all staged", err, text.NotAlong)
}

// TestAlongWithoutItsEntry: where the entry comes into force without the rows that wait for it, the
// file is imported into it, and no row is staged again.
func TestAlongWithoutItsEntry(t *testing.T) {
	l, desk := alongside(t)
	data := splitFile(0, 1, 2)
	opened, err := newClerk(l).stage(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := publishFit(t.Context(), l, split()); err != nil {
		t.Fatal(err)
	}
	_, f := checked(t, desk, data)
	f.Replace, f.Plan = false, ""
	if done := load(t, desk, data, f); done.Opened != opened || done.Unchanged {
		t.Errorf("got %+v, want that it goes on with %s", done, opened)
	}
}

// TestAlongIsTidiedUp: rows that wait for an entry are left alone, and cleared when another comes.
func TestAlongIsTidiedUp(t *testing.T) {
	l, desk := alongside(t)
	if _, err := newClerk(l).stage(t.Context(), splitFile(0, 1, 2)); err != nil {
		t.Fatal(err)
	}
	left := func() (n int) {
		if _, err := desk.Recount(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		reading(t, l, func(r *state.Reader) {
			r.Scan(stagedRows.Name, nil, nil, func([]byte, []byte) bool { n++; return true })
		})
		return n
	}
	if n := left(); n != 3 {
		t.Errorf("%d rows wait, want 3", n)
	}
	if err := republish(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if n := left(); n != 0 {
		t.Errorf("%d rows are left after another entry came, want none", n)
	}
}

// TestAlongIsCounted: by a field that both versions declare the records are counted through, and
// by a new one when the job has filled it in.
func TestAlongIsCounted(t *testing.T) {
	l, desk := alongside(t)
	first := villages()
	first.GroupBy, first.SmallestCell, first.Measures = []string{"township"}, 2, split().Measures
	first.Schema = []byte(strings.Replace(villageSchema, `"name":{`, `"people":{"type":"integer"},"name":{`, 1))
	if _, err := publishFit(t.Context(), l, first); err != nil {
		t.Fatal(err)
	}
	if _, err := desk.Recount(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	c := newClerk(l)
	c.all = true
	if _, err := c.whole(t.Context(), splitFile(1, 2, 3)); err != nil {
		t.Fatal(err)
	}
	counted := func(field string) (n uint64, kept bool) {
		reading(t, l, func(r *state.Reader) {
			set := must(desk.at(r, code))
			m := gather.Measure{Function: gather.Count, By: []gather.By{{Field: field}}}
			s := &search{desk: desk, reader: r, tallies: newTallies(m, maxAnswerLen), p: plan{set: set, q: Question{Dataset: code, Measure: m}}}
			kept = must(s.kept(t.Context()))
			for _, g := range s.tallies.of {
				n += g.count
			}
		})
		return n, kept
	}
	if n, kept := counted("township"); n != 3 || !kept {
		t.Errorf("by the old field at once: got %d, kept %t", n, kept)
	}
	if _, kept := counted("kind"); kept {
		t.Error("by the new field: it is counted before anybody counted")
	}
	if _, err := desk.Recount(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"township", "kind"} {
		if n, kept := counted(field); n != 3 || !kept {
			t.Errorf("by %s after the job: got %d, kept %t", field, n, kept)
		}
	}
}

// TestAlongKeeps: a file without a column for a field keeps what the records have of it, as the new
// entry shows it; of other records than it was checked with it is not published.
func TestAlongKeeps(t *testing.T) {
	l, desk := alongside(t)
	c := newClerk(l)
	c.how.Missing = MissingKeep
	data := strings.ReplaceAll(splitFile(0, 1, 2), ",T1\n", "\n")
	data = strings.Replace(data, ",township\n", "\n", 1)
	opened, err := c.stage(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	put(t, desk, strings.Replace(oldRecord(1), "T1", "T2", 1))
	_, err = c.publish(t.Context(), opened)
	refusedAs(t, "values of other records", err, text.RecordsMoved)
	if plan, err := c.whole(t.Context(), data); err != nil || plan.Rows.Replaced != 3 {
		t.Fatalf("got %+v, %v", plan, err)
	}
	want := map[string]string{"0": splitRecord(0), "1": strings.Replace(splitRecord(1), "T1", "T2", 1), "2": splitRecord(2)}
	if version, shown, err := shownNow(l, desk); version != 2 || !maps.Equal(shown, want) || err != nil {
		t.Errorf("got version %d, %v, %v; want %v", version, shown, err, want)
	}
}

// full is a ledger whose disk is full from one command on.
type full struct {
	*booktest.Ledger
	left int // commands until then
}

func (f *full) Propose(ctx context.Context, kind state.Kind, q book.Request, body []byte) ([]byte, error) {
	if f.left--; f.left < 0 {
		return nil, text.Fail(text.DiskFull, nil, nil)
	}
	return f.Ledger.Propose(ctx, kind, q, body)
}

// TestAlongOnAFullDisk: wherever the disk becomes full, the answer stays the old one, and the same
// goes on when there is room.
func TestAlongOnAFullDisk(t *testing.T) {
	before, after := beforeAndAfter()
	for left := 0; ; left++ {
		l, desk := alongside(t)
		c := newClerk(&full{l, left})
		c.all = true
		_, err := c.whole(t.Context(), splitFile(1, 2, 3))
		if err == nil {
			return
		}
		refusedAs(t, "a full disk", err, text.DiskFull)
		if version, shown, err := shownNow(l, desk); version != 1 || !maps.Equal(shown, before) || err != nil {
			t.Fatalf("after %d commands: got version %d, %v, %v", left, version, shown, err)
		}
		c.ledger, c.desk = l, desk
		if _, err := c.whole(t.Context(), splitFile(1, 2, 3)); err != nil {
			t.Fatalf("again after %d commands: %v", left, err)
		}
		if version, shown, err := shownNow(l, desk); version != 2 || !maps.Equal(shown, after) || err != nil {
			t.Fatalf("again after %d commands: got version %d, %v, %v", left, version, shown, err)
		}
	}
}
