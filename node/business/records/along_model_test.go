package records

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
)

// A shape is what a version of the entry wants of a record.
type shape struct {
	fields, required, indexed []string
}

var shapes = map[string]shape{
	"joined": {[]string{"code", "name", "township"}, []string{"code", "name"}, []string{"township"}},
	"split":  {[]string{"code", "kind", "place", "township"}, []string{"code", "kind", "place"}, []string{"kind", "township"}},
	"loose":  {[]string{"code", "name", "place", "township"}, []string{"code"}, []string{"name", "township"}},
}

func (s shape) entry(title string) catalog.Entry {
	properties := map[string]any{"people": map[string]any{"type": "integer"}}
	for _, f := range s.fields {
		properties[f] = map[string]any{"type": "string"}
	}
	e := villages()
	e.Title, e.Indexed, e.GroupBy, e.SmallestCell = title, s.indexed, s.indexed, 2
	e.Measures = map[string][]string{"people": {"sum"}}
	e.Schema = must(json.Marshal(map[string]any{"type": "object", "required": s.required, "properties": properties}))
	return e
}

// record is a record of the model: its values by field.
type record map[string]string

// shown returns a record as an answer has it, "unfit" where it is in none.
func (s shape) shown(r record) string {
	shown := record{}
	for _, f := range s.fields {
		if v, ok := r[f]; ok {
			shown[f] = v
		}
	}
	if slices.ContainsFunc(s.required, func(f string) bool { return shown[f] == "" }) {
		return "unfit"
	}
	return string(must(json.Marshal(shown)))
}

func (s shape) draw(t *rapid.T, key int) record {
	r := record{"code": villageKey(key)}
	for _, f := range s.fields[1:] {
		if slices.Contains(s.required, f) || rapid.Bool().Draw(t, "has "+f) {
			r[f] = rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, f)
		}
	}
	return r
}

// moment is a dataset of the model at one position: an entry and the records.
type moment struct {
	version uint64
	shape   string
	records map[int]record
}

func (m moment) next(change func(*moment)) moment {
	n := moment{m.version, m.shape, maps.Clone(m.records)}
	change(&n)
	return n
}

// told returns what is kept of each record, and what an answer has of it.
func (m moment) told() map[string]string {
	told := map[string]string{}
	for key, r := range m.records {
		told[fmt.Sprint(key)] = string(must(json.Marshal(r))) + shapes[m.shape].shown(r)
	}
	return told
}

// watched is a ledger of which every command is followed by a look: it finds the moment before, or
// the one after, and the one before never again.
type watched struct {
	*booktest.Ledger
	t             *rapid.T
	desk          *Desk
	before, after moment
	left          int // commands until the next one fails; 0: none does
	applied       bool
}

func (w *watched) Propose(ctx context.Context, kind state.Kind, q book.Request, body []byte) ([]byte, error) {
	if w.left--; w.left == 0 && !w.applied {
		return nil, errCut
	}
	data, err := w.Ledger.Propose(ctx, kind, q, body)
	w.look()
	if w.left == 0 {
		return nil, errCut
	}
	return data, err
}

func (w *watched) look() {
	version, told := w.now()
	for _, m := range []moment{w.after, w.before} {
		if m.version == version && maps.Equal(told, m.told()) {
			w.before = m
			w.count(m)
			return
		}
	}
	w.t.Fatalf("got version %d with %v, want %+v or %+v", version, told, w.before, w.after)
}

// now is moment.told of the ledger.
func (w *watched) now() (version uint64, told map[string]string) {
	version, told, err := shownNow(w.Ledger, w.desk)
	if err == nil {
		err = w.View(w.t.Context(), func(r *state.Reader) error {
			newView(r).all(code, nil, onward, func(f found) bool {
				stored := string(must(w.Payload(r, f.Index)))
				told[stored[20:21]] = stored + told[stored[20:21]]
				return true
			})
			return nil
		})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return version, told
}

// count compares what is kept of the records: how many they are, in all and by what is declared,
// and which of them an index finds.
func (w *watched) count(m moment) {
	err := w.View(w.t.Context(), func(r *state.Reader) error {
		if got := countsOf(r, code).total(r, code); got != uint64(len(m.records)) {
			w.t.Fatalf("got %d records, want %d", got, len(m.records))
		}
		set := must(w.desk.at(r, code))
		for _, field := range set.GroupBy {
			w.countBy(r, set, m, field)
		}
		for _, field := range set.Found {
			for _, value := range []string{"a", "b", "c"} {
				var got, want []string
				newView(r).indexed(code, field, w.desk.valueMAC(code, field, fmt.Appendf(nil, "%q", value)), 0, onward, func(f found) bool {
					stored := must(w.Payload(r, f.Index))
					got = append(got, string(stored[20:21]))
					return true
				})
				for key, r := range m.records {
					if r[field] == value {
						want = append(want, fmt.Sprint(key))
					}
				}
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					w.t.Fatalf("%s = %s finds %v, want %v", field, value, got, want)
				}
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *watched) countBy(r *state.Reader, set dataset, m moment, field string) {
	measure := gather.Measure{Function: gather.Count, By: []gather.By{{Field: field}}}
	s := &search{
		desk: w.desk, reader: r, tallies: newTallies(measure, maxAnswerLen),
		p: plan{set: set, q: Question{Dataset: code, Measure: measure}},
	}
	if !must(s.kept(w.t.Context())) {
		return
	}
	got, want := map[string]uint64{}, map[string]uint64{}
	for _, g := range s.tallies.of {
		got[strings.Join(g.values, "/")] = g.count
	}
	for _, one := range m.records {
		v := one[field]
		if v == "" {
			v = "null"
		}
		want[v]++
	}
	if !maps.Equal(got, want) {
		w.t.Fatalf("by %s: got %v, want %v", field, got, want)
	}
}

// act does something that makes the moment after of the moment before, at once or not at all. It
// may be cut off at any of its commands.
func (w *watched) act(change func(*moment), do func(context.Context) error) {
	w.after = w.before.next(change)
	w.left, w.applied = rapid.IntRange(0, 9).Draw(w.t, "cut off at"), rapid.Bool().Draw(w.t, "applied")
	err := do(w.t.Context())
	w.left = 0
	if err == nil {
		w.before = w.after
	} else if !errors.Is(err, errCut) {
		w.t.Fatal(err)
	}
	w.look()
	w.after = w.before
}

func (w *watched) put(t *rapid.T) {
	key := drawKey(t)
	r := shapes[w.before.shape].draw(t, key)
	w.act(func(m *moment) { m.records[key] = r }, func(ctx context.Context) error {
		_, err := w.desk.Put(ctx, newID(), civil, code, must(json.Marshal(r)))
		return err
	})
}

func (w *watched) retract(t *rapid.T) {
	key := drawKey(t)
	if _, ok := w.before.records[key]; !ok {
		return
	}
	w.act(func(m *moment) { delete(m.records, key) }, func(ctx context.Context) error {
		_, err := w.desk.Retract(ctx, newID(), civil, code, villageKey(key), "r")
		return err
	})
}

// drawnFile is a file of the model: its rows, and the fields for which it has no column.
type drawnFile struct {
	data    string
	rows    map[int]record
	missing Missing
	lacks   []string
}

// drawFile draws a file for a shape. Where it keeps, its rows have what the records have of the
// fields that it lacks.
func drawFile(t *rapid.T, s shape, keeps bool, present map[int]record) (f drawnFile) {
	f.rows, f.missing = map[int]record{}, MissingClear
	if keeps {
		f.missing = MissingKeep
	}
	columns := []string{}
	for _, field := range s.fields {
		if slices.Contains(s.required, field) || rapid.Bool().Draw(t, "has a column "+field) {
			columns = append(columns, field)
		} else {
			f.lacks = append(f.lacks, field)
		}
	}
	f.data = strings.Join(columns, ",") + "\n"
	for _, key := range rapid.SliceOfNDistinct(rapid.IntRange(0, 5), 1, 5, rapid.ID[int]).Draw(t, "keys") {
		row, cells := s.draw(t, key), []string{}
		for _, field := range columns {
			cells = append(cells, row[field])
		}
		for _, field := range f.lacks {
			if delete(row, field); keeps && present[key][field] != "" {
				row[field] = present[key][field]
			}
		}
		f.rows[key] = row
		f.data += strings.Join(cells, ",") + "\n"
	}
	return f
}

// returns is how many records have which member that no answer shows at the moment, and each answer
// would show by the shape, with the rows.
func (m moment) returns(to shape, rows map[int]record, all bool) map[string]uint64 {
	count := map[string]uint64{}
	for key, r := range m.records {
		then, comes := rows[key]
		if !comes && all {
			continue
		}
		for field := range r {
			if _, has := then[field]; (has || !comes) && !slices.Contains(shapes[m.shape].fields, field) && slices.Contains(to.fields, field) {
				count[field]++
			}
		}
	}
	return count
}

// bring publishes another version with rows.
func (w *watched) bring(t *rapid.T) {
	to := rapid.SampledFrom([]string{"joined", "split", "loose"}).Draw(t, "shape")
	f := drawFile(t, shapes[to], rapid.Bool().Draw(t, "keeps"), w.before.records)
	c := newClerk(w)
	c.desk, c.how.Missing = w.desk, f.missing
	c.next, c.all = shapes[to].entry(fmt.Sprint("version ", w.before.version+1)), rapid.Bool().Draw(t, "all")
	want := w.before.returns(shapes[to], f.rows, c.all)
	w.act(func(m *moment) {
		if m.version, m.shape = m.version+1, to; c.all {
			clear(m.records)
		}
		maps.Copy(m.records, f.rows)
	}, func(ctx context.Context) error {
		plan, err := c.whole(ctx, f.data)
		got := map[string]uint64{}
		for _, held := range plan.Return {
			got[held.Field] = held.Records
		}
		if err == nil && !maps.Equal(got, want) {
			w.t.Fatalf("the plan says that %v return, want %v", got, want)
		}
		return err
	})
}

// change publishes another version without rows.
func (w *watched) change(t *rapid.T) {
	to := rapid.SampledFrom([]string{"joined", "split", "loose"}).Draw(t, "shape")
	w.act(func(m *moment) { m.version, m.shape = m.version+1, to }, func(ctx context.Context) error {
		_, p, _, err := catalog.Prepare(ctx, w, civil, shapes[to].entry(fmt.Sprint("version ", w.before.version+1)))
		if err != nil {
			return err
		}
		_, as, err := w.desk.Plan(ctx, civil, shapes[to].entry(fmt.Sprint("version ", w.before.version+1)), identity.Entry{})
		if err == nil {
			p.Checked = &as
			_, err = catalog.Propose(ctx, w, book.Request{}, p)
		}
		return err
	})
}

// load imports a file into the entry in force. It keeps nothing where a record does not fit, of
// which nothing can be kept.
func (w *watched) load(t *rapid.T) {
	s, keeps := shapes[w.before.shape], rapid.Bool().Draw(t, "keeps")
	for _, r := range w.before.records {
		keeps = keeps && s.shown(r) != "unfit"
	}
	f := drawFile(t, s, keeps, w.before.records)
	how, all := asCSV, rapid.Bool().Draw(t, "all")
	how.Missing = f.missing
	w.act(func(m *moment) {
		if all {
			clear(m.records)
		}
		maps.Copy(m.records, f.rows)
	}, func(ctx context.Context) error {
		check, err := w.desk.Check(ctx, civil, code, how, strings.NewReader(f.data))
		if err != nil {
			return err
		}
		checked := File{Reading: how, Hash: check.Hash, Rows: check.Rows, Good: check.Good, Replace: all, Plan: check.Plan}
		_, err = w.desk.Load(ctx, newID(), civil, code, checked, strings.NewReader(f.data), nil)
		return err
	})
}

func (w *watched) recount(*rapid.T) {
	w.act(func(*moment) {}, func(ctx context.Context) error {
		_, err := w.desk.Recount(ctx, 0)
		return err
	})
}

// TestAlongModel: at every position, whatever was cut off before, an answer is by the entry and the
// records before or by those after, and never by one of each.
func TestAlongModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := &watched{Ledger: booktest.New(t, nanming.String(), commands()), t: rt, before: moment{1, "joined", map[int]record{}}}
		for _, a := range []catalog.Agency{{Code: agency, Title: "民政局"}, {Code: water.Code(), Title: "水务局"}} {
			must(catalog.AddAgency(t.Context(), w.Ledger, identity.Message{}, a))
		}
		must(catalog.Publish(t.Context(), w.Ledger, newID(), civil, shapes["joined"].entry("version 1")))
		w.after, w.desk = w.before, NewDesk(w)
		rt.Repeat(map[string]func(*rapid.T){
			"put": w.put, "retract": w.retract, "bring": w.bring, "bring more": w.bring, "change": w.change, "load": w.load, "recount": w.recount,
		})
	})
}
