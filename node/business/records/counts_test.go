package records

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

const countedSchema = `{"type":"object","required":["id"],"properties":{"id":{"type":"string"},"sex":{"type":["string","null"]},
	"town":{"type":"string"},"age":{"type":"integer"},"free":{}}}`

// countedEntry is a dataset that is counted by the fields.
func countedEntry(fields ...string) catalog.Entry {
	e := villages()
	e.Code, e.Schema, e.Key, e.Indexed = residentCode, []byte(countedSchema), "id", nil
	e.GroupBy, e.SmallestCell = fields, 2
	e.Measures = map[string][]string{"age": {"sum"}}
	return e
}

// longTown is longer than a name of a group may be, and beganTown is its name.
var (
	longTown  = `"` + strings.Repeat("长", 400) + `"`
	beganTown = strings.Repeat("长", 340) + "…"
)

// person is a record of the model: its members by field, "" where it has none.
type person struct{ sex, town, age string }

func (p person) record(key int) string {
	b := fmt.Sprintf(`{"id":"%d"`, key)
	for _, m := range []struct{ name, value string }{{"sex", p.sex}, {"town", p.town}, {"age", p.age}} {
		if m.value != "" {
			b += fmt.Sprintf(`,"%s":%s`, m.name, m.value)
		}
	}
	return b + "}"
}

// value returns the group of the record by a field.
func (p person) value(field string) string {
	v := map[string]string{"sex": p.sex, "town": p.town, "age": p.age}[field]
	if v == "" {
		return "null"
	}
	switch text := strings.Trim(v, `"`); {
	case len(text) > maxValueLen:
		return beganTown
	case text == "null" || text == "7":
		return v // as it could be taken for another value
	default:
		return text
	}
}

func drawPerson(t *rapid.T) person {
	return person{
		rapid.SampledFrom([]string{"", "null", `"f"`, `"m"`}).Draw(t, "sex"),
		rapid.SampledFrom([]string{"", `"a"`, `"b"`, `"c"`, `"null"`, `"7"`, longTown, longTown[:len(longTown)-1] + `x"`}).Draw(t, "town"),
		rapid.SampledFrom([]string{"", "1", "20"}).Draw(t, "age"),
	}
}

// tallying is a dataset that is counted beside, by all records that it has.
type tallying struct {
	t interface {
		Helper()
		Fatal(args ...any)
		Fatalf(format string, args ...any)
	}
	ledger *booktest.Ledger
	desk   *Desk
	live   map[int]person // that count
	fields []string       // that the entry declares
	opened uint64         // of the import that is under way; 0: none
	all    bool           // that import takes the place of all records
	labels *labels
	staged []staging
	files  int
}

type staging struct {
	key int
	as  person
}

func (c *tallying) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func drawKey(t *rapid.T) int { return rapid.IntRange(0, 5).Draw(t, "key") }

func (c *tallying) put(t *rapid.T) { c.set(drawKey(t), drawPerson(t)) }

func (c *tallying) set(key int, p person) {
	_, err := c.desk.Put(context.Background(), newID(), civil, residentCode, []byte(p.record(key)))
	c.must(err)
	c.live[key] = p
}

func (c *tallying) retract(t *rapid.T) { c.unset(drawKey(t)) }

func (c *tallying) unset(key int) {
	_, err := c.desk.Retract(context.Background(), newID(), civil, residentCode, fmt.Sprint(key), "r")
	if _, is := c.live[key]; !is {
		if err == nil {
			c.t.Fatal("retracted what is not there")
		}
		return
	}
	c.must(err)
	delete(c.live, key)
}

// open opens an import.
func (c *tallying) open(t *rapid.T) {
	if c.opened == 0 {
		c.begin(rapid.IntRange(0, 2).Draw(t, "in place of all") == 0)
	}
}

func (c *tallying) begin(all bool) {
	c.all = all
	c.files++
	set, err := c.desk.ownDataset(context.Background(), civil, residentCode)
	c.must(err)
	declared, err := c.desk.declare(context.Background(), set)
	c.must(err)
	note, err := c.ledger.Note(RecordType, []byte("{}"))
	c.must(err)
	got, err := commandImportOpen.Do(context.Background(), c.ledger, book.Request{}, openBody{
		ID: sha256.Sum256(fmt.Append(nil, c.files)), Code: residentCode, Version: set.Version, Replace: c.all, Rows: 4, Statement: note,
	})
	c.must(err)
	c.opened, _ = got.Opened.Index()
	c.staged, c.labels = nil, c.desk.newLabels(residentCode, declared)
}

// stage stages one or two rows, of which the keys may be the same.
func (c *tallying) stage(t *rapid.T) {
	if c.opened == 0 || len(c.staged) >= 4 {
		return
	}
	var rows []staging
	for range rapid.IntRange(1, 4-len(c.staged)).Draw(t, "rows") {
		rows = append(rows, staging{drawKey(t), drawPerson(t)})
	}
	c.chunk(rows)
}

// chunk stages rows.
func (c *tallying) chunk(rows []staging) {
	values := c.labels.newTable()
	body := chunkBody{Import: c.opened, First: uint64(len(c.staged))}
	for _, row := range rows {
		key, p := row.key, row.as
		c.staged = append(c.staged, row)
		note, err := c.ledger.Note(RecordType, []byte(p.record(key)))
		c.must(err)
		groups, err := c.labels.values([]byte(p.record(key)), nil)
		c.must(err)
		body.Rows = append(body.Rows, chunkRow{
			Key: c.desk.keyMAC(residentCode, fmt.Appendf(nil, `"%d"`, key)), Indexed: []indexedMAC{}, Groups: values.add(groups),
			Commitment: note.Evidence.Commitment(), Sealed: note.Sealed,
		})
	}
	body.Values = values.values
	_, err := commandImportChunk.Do(context.Background(), c.ledger, book.Request{}, body)
	if !c.gone(err) {
		c.must(err)
	}
}

// index makes the next staged row findable in each order.
func (c *tallying) index(*rapid.T) {
	if c.opened == 0 || len(c.staged) < 4 {
		return
	}
	if err := indexRows(c.ledger, c.opened, 1); !c.gone(err) {
		c.must(err)
	}
}

// gone reports whether the import cannot go on because the entry has changed, and gives it up.
func (c *tallying) gone(err error) bool {
	if failure.Is(err, text.NotFound) { // the job has given it up
		c.opened = 0
		return true
	}
	if err == nil || !failure.Is(err, text.DatasetMoved) {
		return false
	}
	c.abandon(nil)
	return true
}

func (c *tallying) abandon(*rapid.T) {
	if c.opened == 0 {
		return
	}
	note, err := c.ledger.Note(RecordType, []byte("{}"))
	c.must(err)
	_, err = commandImportAbandon.Do(context.Background(), c.ledger, book.Request{}, abandonBody{Import: c.opened, Statement: note})
	if !failure.Is(err, text.NotFound) {
		c.must(err)
	}
	c.opened = 0
}

func (c *tallying) publish(*rapid.T) {
	if c.opened == 0 || len(c.staged) < 4 {
		return
	}
	if err := indexRows(c.ledger, c.opened, 4); c.gone(err) {
		return
	}
	var now importState
	var last ledger.Ref
	c.must(c.ledger.View(context.Background(), func(s *state.Reader) error {
		now, _ = importAt(s, c.opened)
		last = ChangesOf(s, residentCode).Last
		return nil
	}))
	act, err := c.ledger.Act(publicationHead(c.opened, 0, agency, residentCode), RecordType, []byte("{}"))
	c.must(err)
	_, err = commandImportPublish.Do(context.Background(), c.ledger, book.Request{}, publishBody{
		Import: c.opened, Root: rootOf(now.Frontier), Since: last, Statement: act,
	})
	if c.gone(err) {
		return
	}
	c.must(err)
	if c.all {
		clear(c.live)
	}
	for _, s := range c.staged {
		c.live[s.key] = s.as
	}
	c.opened = 0
}

// declare publishes the entry with other fields.
func (c *tallying) declare(t *rapid.T) {
	all := []string{"sex", "town", "age", "free"}
	c.fields = slices.DeleteFunc(all, func(string) bool { return rapid.Bool().Draw(t, "left out") })
	_, err := publishFit(context.Background(), c.ledger, countedEntry(c.fields...))
	c.must(err)
}

func (c *tallying) recount(*rapid.T) {
	_, err := c.desk.Recount(context.Background(), 0)
	c.must(err)
}

// check compares every count with the model. What is counted must be right at any time; after a
// round of the job, everything is counted that is declared.
func (c *tallying) check(*rapid.T) { c.compare(false) }

func (c *tallying) compare(whole bool) {
	c.must(c.ledger.View(context.Background(), func(r *state.Reader) error {
		counts := countsOf(r, residentCode)
		if got := counts.total(r, residentCode); got != uint64(len(c.live)) {
			c.t.Fatalf("got %d records, want %d", got, len(c.live))
		}
		for _, by := range c.declarations() {
			want := map[string]uint64{}
			if by == nil {
				want[""] = 0
			}
			for _, p := range c.live {
				values := make([]string, len(by))
				for i, field := range by {
					values[i] = p.value(field)
				}
				want[strings.Join(values, "/")]++
			}
			s := c.search(r, by)
			kept, err := s.kept(context.Background())
			c.must(err)
			if kept {
				got := map[string]uint64{}
				for _, g := range s.tallies.of {
					got[strings.Join(g.values, "/")] = g.count
				}
				if !maps.Equal(got, want) {
					c.t.Fatalf("by %v: got %v, want %v", by, got, want)
				}
			} else if whole {
				c.t.Fatalf("by %v: not counted, of the fields %+v", by, counts)
			}
		}
		if whole {
			c.clean(r)
		}
		return nil
	}))
}

func (c *tallying) search(r *state.Reader, by []string) *search {
	m := gather.Measure{Function: gather.Count}
	for _, field := range by {
		m.By = append(m.By, gather.By{Field: field})
	}
	set, err := c.desk.at(r, residentCode)
	c.must(err)
	return &search{
		desk: c.desk, reader: r, tallies: newTallies(m, maxAnswerLen), p: plan{set: set, q: Question{Dataset: residentCode, Measure: m}},
	}
}

// declarations returns the fields and the pairs by which the entry has the records counted.
func (c *tallying) declarations() (all [][]string) {
	fields := slices.DeleteFunc(slices.Clone(c.fields), func(f string) bool { return f == "free" })
	for _, a := range fields {
		all = append(all, []string{a})
		for _, b := range fields {
			if a != b {
				all = append(all, []string{a, b})
			}
		}
	}
	return append(all, nil)
}

// clean checks that nothing is kept that counts no record: no counter of 0, no value that no record
// has, nothing of fields that are not declared.
func (c *tallying) clean(r *state.Reader) {
	counts := countsOf(r, residentCode)
	if counts.untidy() {
		c.t.Fatalf("after a round: %+v", counts)
	}
	known := map[string]uint64{}
	for _, bucket := range []string{bucketLabels, bucketGroupIDs} {
		r.Scan(bucket, nil, nil, func(k, _ []byte) bool {
			known[fmt.Sprint(bucket, number(k[len(datasetPrefix(residentCode)):][:8]))]++
			return true
		})
	}
	total := uint64(0)
	for _, f := range counts.Fields {
		if labels, ids := known[fmt.Sprint(bucketLabels, f.Number)], known[fmt.Sprint(bucketGroupIDs, f.Number)]; labels != f.Values || ids != f.Values {
			c.t.Fatalf("%s has %d values, %d labels, %d numbers", f.Name, f.Values, labels, ids)
		}
		if have := uint64(len(counts.groups(r, residentCode, f.Number, 0))); have > f.Values || c.opened == 0 && have != f.Values {
			c.t.Fatalf("%s has %d values and %d groups", f.Name, f.Values, have)
		}
		total += 2 * f.Values
	}
	all := uint64(0)
	for _, n := range known {
		all += n
	}
	if all != total {
		c.t.Fatalf("%d values are kept, want %d", all, total)
	}
	pairs := map[[2]uint64]uint64{}
	r.Scan(bucketCounters, nil, nil, func(k, v []byte) bool {
		of := counterOf(residentCode, k)
		if n := count(k, v); n == 0 || n < 0 && ledger.RefTo(c.opened) != of.of {
			c.t.Fatalf("counter %+v is %d", of, n)
		}
		if of.B != 0 {
			pairs[[2]uint64{of.A, of.B}]++
		}
		return true
	})
	for _, p := range counts.Pairs {
		if pairs[[2]uint64{p.A, p.B}] != p.Counters {
			c.t.Fatalf("pair %+v has %d counters", p, pairs[[2]uint64{p.A, p.B}])
		}
	}
}

// TestCountsAreKept (M4) counts beside: however records come and go (put, replaced, retracted,
// imported, given up) and whatever a later version of the entry declares, what is counted is what a
// recount gives, and nothing else is kept.
func TestCountsAreKept(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := booktest.New(t, nanming.String(), commands())
		if err := publish(l); err != nil {
			rt.Fatal(err)
		}
		c := &tallying{t: rt, ledger: l, desk: NewDesk(l), live: map[int]person{}}
		c.declare(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"put": c.put, "put more": c.put, "retract": c.retract, "open": c.open, "stage": c.stage, "stage more": c.stage, "index": c.index,
			"publish": c.publish, "publish soon": c.publish, "abandon": c.abandon, "declare": c.declare, "recount": c.recount, "": c.check,
		})
		c.recount(rt)
		c.compare(true)
	})
}
