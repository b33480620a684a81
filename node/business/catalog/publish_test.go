package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

// open returns a ledger in memory with the agencies.
func open(t *testing.T, agencies ...string) *booktest.Ledger {
	t.Helper()
	registry := state.NewRegistry()
	Register(registry, nil)
	l := booktest.New(t, "nanming.guiyang.guizhou", registry)
	for _, code := range agencies {
		add(t, l, code, "部门"+code)
	}
	return l
}

func add(t *testing.T, l *booktest.Ledger, code, title string) Listed {
	t.Helper()
	listed, err := AddAgency(t.Context(), l, newID(t), Agency{Code: label(t, code), Title: title})
	if err != nil {
		t.Fatalf("add agency %s: %v", code, err)
	}
	return listed
}

// entry is a catalogue entry that can be published.
func entry(t *testing.T) Entry {
	e := standard(t).Entry
	e.Counts, e.GroupBy, e.SmallestCell = nil, nil, 0
	e.Schema = json.RawMessage(`{"type":"object","properties":{"code":{"type":"string"},"name":{"type":"string"},
		"income":{"type":["number","null"]},"age":{"type":"integer"}}}`)
	return e
}

// refused checks that act is refused with the code and writes nothing, and returns the values of
// the refusal.
func refused(t *testing.T, l *booktest.Ledger, what string, want text.Code, act func() error) text.Args {
	t.Helper()
	before := len(l.Heads(t, 0))
	err := act()
	if !failure.Is(err, want) {
		t.Errorf("%s: got %v, want %s", what, err, want)
		return nil
	}
	if after := len(l.Heads(t, 0)); after != before {
		t.Errorf("%s: what was refused left %d entries", what, after-before)
	}
	return failure.Of(err).Args
}

// TestAgencies checks that each agency is added once, and that its code is never given to another.
func TestAgencies(t *testing.T) {
	l := open(t)
	water := add(t, l, "water", "水务局")
	if again := add(t, l, "water", "水务局"); again.Entry != water.Entry || water.Unchanged || !again.Unchanged {
		t.Errorf("again: got %+v, want %s, and that nothing was written", again, water.Entry)
	}
	id, roads := newID(t), Agency{Code: label(t, "roads"), Title: "交通局"}
	for range 2 { // the same request is answered as it was
		if got, err := AddAgency(t.Context(), l, id, roads); err != nil || got.Unchanged {
			t.Errorf("the same request: got %+v, %v", got, err)
		}
	}
	args := refused(t, l, "another title", text.AgencyTaken, func() error {
		_, err := AddAgency(t.Context(), l, newID(t), Agency{Code: label(t, "water"), Title: "林业局"})
		return err
	})
	if args["agency"] != "water" || args["title"] != "水务局" {
		t.Errorf("got %v", args)
	}
	for what, a := range map[string]Agency{
		"no code": {Title: "x"}, "no title": {Code: label(t, "x")}, "a title of no text": {Code: label(t, "x"), Title: "\xff"},
		"a long title": {Code: label(t, "x"), Title: strings.Repeat("x", 201)},
	} {
		refused(t, l, what, text.BadRequest, func() error {
			_, err := AddAgency(t.Context(), l, newID(t), a)
			return err
		})
	}
	add(t, l, "archives", strings.Repeat("x", MaxTitleLen))
	err := l.View(t.Context(), func(r *state.Reader) error {
		all, err := Agencies(r)
		if len(all) != 3 || all[0].Code.String() != "archives" || all[2].Title != "水务局" || all[2].Entry != water.Entry {
			t.Errorf("got %+v", all)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if head := l.Heads(t, 0)[0]; head.Kind != ledger.KindAgency || head.Agency != label(t, "water") {
		t.Errorf("got the head %+v", head)
	}
}

// TestDisguisedAgency (A58): no title looks like that of another agency and is another one. What
// came in before is listed as it is, told as a twin, and renamed.
func TestDisguisedAgency(t *testing.T) {
	l := open(t)
	add(t, l, "water", "水务局")
	disguised := Agency{Code: label(t, "x"), Title: "⽔务局\ufe00"}
	for what, state := range map[string]func(context.Context, book.Ledger, identity.Message, Agency) (Listed, error){"added": AddAgency, "renamed": RenameAgency} {
		args := refused(t, l, what, text.NameDisguised, func() error {
			_, err := state(t.Context(), l, newID(t), disguised)
			return err
		})
		if args["name"] != "title" || args["value"] != "U+2F54" || args["position"] != "1" {
			t.Errorf("%s: told %v", what, args)
		}
	}
	act, _, err := disguised.Act(l, ledger.KindAgency)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := commandAgencyAdd.Do(t.Context(), l, book.Request{}, agencyAdd{Code: disguised.Code, Title: disguised.Title, Statement: act}); err != nil {
		t.Fatalf("replayed: %v", err)
	}
	err = l.View(t.Context(), func(r *state.Reader) error {
		all, err := Agencies(r)
		if len(all) != 2 || all[1].Title != disguised.Title || SameTitle(all, disguised).String() != "water" {
			t.Errorf("got %+v", all)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := RenameAgency(t.Context(), l, newID(t), Agency{Code: disguised.Code, Title: "水务一局"}); err != nil {
		t.Errorf("renamed: %v", err)
	}
}

// TestActor resolves actors: the agency that is named, or the only one that there is.
func TestActor(t *testing.T) {
	foreign := identity.NewAgency(jurisdiction(t, "guizhou"), label(t, "statistics"))
	own := identity.NewAgency(jurisdiction(t, "nanming.guiyang.guizhou"), label(t, "a"))
	for _, row := range []struct {
		agencies string
		by       Actor
		want     string // agency, or code of the refusal
	}{
		{"", Local(""), "no-agency"},
		{"", Local("a"), "no-agency"},
		{"a", Local(""), "spiffe://nanming.guiyang.guizhou/agency/a"},
		{"a b", Local(""), "agency-needed"},
		{"a b", Local("b"), "spiffe://nanming.guiyang.guizhou/agency/b"},
		{"a b", Local("c"), "unknown-agency"},
		{"a b", Local("不是代码"), "unknown-agency"},
		{"a", Foreign(foreign), "spiffe://guizhou/agency/statistics"},
		{"", Foreign(foreign), "spiffe://guizhou/agency/statistics"},
		{"a b", Foreign(own), "spiffe://nanming.guiyang.guizhou/agency/a"},
		{"b c", Foreign(own), "unknown-agency"},
	} {
		l := open(t, strings.Fields(row.agencies)...)
		var got identity.Agency
		err := l.View(t.Context(), func(r *state.Reader) (err error) {
			got, err = row.by.Resolve(r)
			return err
		})
		told := got.String()
		if err != nil {
			told = string(failure.Of(err).Code)
		}
		if told != row.want {
			t.Errorf("%+v of %q: got %s, want %s", row.by, row.agencies, told, row.want)
		}
	}
}

func jurisdiction(t *testing.T, name string) identity.Jurisdiction {
	t.Helper()
	j, err := identity.ParseJurisdiction(name)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// TestPublish publishes an entry and its next version, as acts of the agency that acts.
func TestPublish(t *testing.T) {
	l := open(t, "civil-affairs")
	e := entry(t)
	e.Agency = identity.Label{}
	first, err := Publish(t.Context(), l, newID(t), Local(""), e)
	if err != nil || first.Version != 1 || first.Agency.String() != "civil-affairs" {
		t.Fatalf("got %+v, %v", first, err)
	}
	e.Title = "新名录"
	second, err := Publish(t.Context(), l, newID(t), Local("civil-affairs"), e)
	if err != nil || second.Version != 2 || second.At == first.At {
		t.Fatalf("got %+v, %v", second, err)
	}
	err = l.View(t.Context(), func(r *state.Reader) error {
		kept, err := Dataset(r, e.Code)
		if kept.Title != e.Title || kept.Version != 2 || kept.At != second.At || string(kept.Document) != string(second.Document) {
			t.Errorf("got %+v, want what publishing gave", kept)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	head := l.Heads(t, second.At.Index())[0]
	if head.Kind != ledger.KindCatalogueEntry || head.Agency.String() != "civil-affairs" || head.Code != e.Code {
		t.Errorf("got the head %+v", head)
	}
}

// TestPublishInvalid checks that an invalid entry is refused with the reason.
func TestPublishInvalid(t *testing.T) {
	l := open(t, "civil-affairs")
	for what, row := range map[string]struct {
		edit func(*Entry)
		want string // in the reason
	}{
		"counts without a standard": {func(e *Entry) { e.Counts = standard(t).Counts }, "only who adopts a standard"},
		"of a text":                 {func(e *Entry) { e.Measures = policy.Measures{"name": {"sum"}} }, "no field name of type integer or number"},
		"of an unknown field":       {func(e *Entry) { e.Measures = policy.Measures{"height": {"sum"}} }, "no field height"},
		"a function twice":          {func(e *Entry) { e.Measures = policy.Measures{"age": {"sum", "average", "sum"}} }, "sum of age"},
		"an unknown function":       {func(e *Entry) { e.Measures = policy.Measures{"age": {"median"}} }, "median of age"},
		"a count":                   {func(e *Entry) { e.Measures = policy.Measures{"age": {"count"}} }, "count of age"},
		"no function":               {func(e *Entry) { e.Measures = policy.Measures{"age": {}} }, "no function of age"},
		"of too many fields": {func(e *Entry) {
			e.Measures = policy.Measures{}
			for n := range MaxMeasured + 1 {
				e.Measures[fmt.Sprint(n)] = []string{"sum"}
			}
		}, "at most 16 fields are measured"},
		"by an unknown field": {func(e *Entry) { e.Measures, e.GroupBy = policy.Measures{"age": {"sum"}}, []string{"x"} }, "no field x to group by"},
		"a negative cell":     {func(e *Entry) { e.SmallestCell = -1 }, "smallest cell"},
		"a large cell":        {func(e *Entry) { e.SmallestCell = MaxCell + 1 }, "smallest cell"},
		"a long title":        {func(e *Entry) { e.Title = strings.Repeat("x", MaxTitleLen+1) }, "title"},
		"a title of no text":  {func(e *Entry) { e.Title = "\xff" }, "UTF-8"},
		"no purpose":          {func(e *Entry) { e.Purposes = nil }, "purposes"},
		"a purpose twice":     {func(e *Entry) { e.Purposes = append(e.Purposes, e.Purposes[0]) }, "a code of its own"},
		"no key":              {func(e *Entry) { e.Key = "" }, "the key is missing"},
		"a key of another":    {func(e *Entry) { e.Key = "height" }, "height"},
		"an index of none":    {func(e *Entry) { e.Indexed = []string{"height"} }, "height"},
		"another category":    {func(e *Entry) { e.Category = "free" }, "free"},
		"no citation":         {func(e *Entry) { e.Category = "not-shared" }, "citation"},
		"perhaps secret":      {func(e *Entry) { e.NotSecret = false }, "free of secrets"},
		"no schema":           {func(e *Entry) { e.Schema = json.RawMessage(`{}`) }, "properties"},
		"too long": {func(e *Entry) {
			e.UpdateCycle = strings.Repeat("x", MaxEntryLen)
		}, "more than 204800"},
	} {
		e := entry(t)
		row.edit(&e)
		args := refused(t, l, what, text.EntryInvalid, func() error {
			_, err := Publish(t.Context(), l, newID(t), Local(""), e)
			return err
		})
		if !strings.Contains(args["reason"], row.want) || args["dataset"] != "villages" {
			t.Errorf("%s: got %q of %s, want %q", what, args["reason"], args["dataset"], row.want)
		}
	}
	e := entry(t)
	e.Measures = policy.Measures{"age": {"sum", "average", "minimum", "maximum"}, "income": {"sum"}}
	e.GroupBy, e.SmallestCell = []string{"name", "age"}, MaxCell
	if p, err := Publish(t.Context(), l, newID(t), Local(""), e); err != nil || !p.Measures.Equal(e.Measures) {
		t.Errorf("what is declared well: got %v, %v", p.Measures, err)
	}
}

// TestPublisher checks that no agency publishes in the name of another.
func TestPublisher(t *testing.T) {
	l := open(t, "civil-affairs", "water")
	namesake := Foreign(identity.NewAgency(jurisdiction(t, "guizhou"), label(t, "civil-affairs")))
	for what, row := range map[string]struct {
		by   Actor
		edit func(*Entry)
		want text.Code
	}{
		"by another":              {Local("water"), func(*Entry) {}, text.NotProvider},
		"by a namesake":           {namesake, func(*Entry) {}, text.NotProvider},
		"by a namesake, for it":   {namesake, func(e *Entry) { e.Agency = identity.Label{} }, text.NotProvider},
		"of an unknown agency":    {Local(""), func(e *Entry) { e.Agency = label(t, "forestry") }, text.UnknownAgency},
		"by an unknown agency":    {Local("forestry"), func(e *Entry) { e.Agency = identity.Label{} }, text.UnknownAgency},
		"by nobody in particular": {Local(""), func(e *Entry) { e.Agency = identity.Label{} }, text.AgencyNeeded},
	} {
		e, s := entry(t), standard(t)
		row.edit(&e)
		row.edit(&s.Entry)
		refused(t, l, what, row.want, func() error {
			_, err := Publish(t.Context(), l, newID(t), row.by, e)
			return err
		})
		refused(t, l, what+", a standard", row.want, func() error {
			_, err := PublishStandard(t.Context(), l, newID(t), row.by, s)
			return err
		})
	}
	if _, err := Publish(t.Context(), l, newID(t), Local(""), entry(t)); err != nil {
		t.Errorf("the agency that it names: %v", err)
	}
}

// TestPublishMoved checks that a version by another agency, or with another key, is refused, also
// where the version before came only a moment earlier.
func TestPublishMoved(t *testing.T) {
	l := open(t, "civil-affairs", "water")
	waters := entry(t)
	waters.Agency = label(t, "water")
	publish := func(e Entry) error {
		_, err := Publish(t.Context(), l, newID(t), Local(""), e)
		return err
	}
	l.Before = func(state.Kind) {
		l.Before = nil
		if err := publish(waters); err != nil {
			t.Error(err)
		}
	}
	err := publish(entry(t))
	if args := failure.Of(err).Args; !failure.Is(err, text.NotProvider) || args["provider"] != "water" {
		t.Errorf("a moment after: got %v with %v", err, args)
	}
	unnamed := entry(t)
	unnamed.Agency = identity.Label{}
	refused(t, l, "by another", text.NotProvider, func() error {
		_, err := Publish(t.Context(), l, newID(t), Local("civil-affairs"), unnamed)
		return err
	})
	for _, by := range []string{"", "civil-affairs", "water"} { // what the entry says is wrong, whoever publishes it
		_, err := Publish(t.Context(), l, newID(t), Local(by), entry(t))
		if args := failure.Of(err).Args; !failure.Is(err, text.AgencyOfEntry) || args["named"] != "civil-affairs" || args["provider"] != "water" {
			t.Errorf("an entry that names another, by %q: got %v with %v", by, err, args)
		}
	}
	waters.Key = "name"
	refused(t, l, "another key", text.KeyChanged, func() error { return publish(waters) })
	waters.Code = label(t, "towns")
	if err := publish(waters); err != nil {
		t.Errorf("another dataset: %v", err)
	}
	l.Before = nil
	p, err := entry(t).publication()
	if err != nil {
		t.Fatal(err)
	}
	p.Agency = label(t, "forestry")
	if p.Statement, err = l.Act(entryHead(p.Agency, p.Code), EntryType, p.Document); err != nil {
		t.Fatal(err)
	}
	refused(t, l, "an agency that is not there", text.UnknownAgency, func() error {
		_, err := commandDatasetPublish.Do(t.Context(), l, book.ByNode(l, newID(t), nil), p)
		return err
	})
}

// TestUnchangedStandardIsAnswered: a request for the standard that holds is answered as the first
// time when it comes again, and does not undo the version that was set between.
func TestUnchangedStandardIsAnswered(t *testing.T) {
	l := open(t, "civil-affairs", "water")
	set := func(id identity.Message, title string) SetStandard {
		s := standard(t)
		s.Title = title
		done, err := PublishStandard(t.Context(), l, id, Local(""), s)
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	first, id := set(newID(t), "one"), newID(t)
	for _, then := range []string{"two", "three"} {
		entries := len(l.Heads(t, 0))
		if again := set(id, "one"); again.At != first.At || again.Version != 1 || len(l.Heads(t, 0)) != entries {
			t.Errorf("got version %d in %s, want 1 in %s", again.Version, again.At, first.At)
		}
		if next := set(newID(t), then); next.Version == 1 {
			t.Errorf("%s is version %d", then, next.Version)
		}
	}
}

// TestPublishStandard sets a standard and its next version. It checks that a version is refused if
// it drops something, is by another agency, or was decided on before another version came.
func TestPublishStandard(t *testing.T) {
	l := open(t, "civil-affairs", "water")
	set := func(s Standard) (SetStandard, error) { return PublishStandard(t.Context(), l, newID(t), Local(""), s) }
	measured := func() Standard {
		s := standard(t)
		s.Schema, s.Measures = entry(t).Schema, policy.Measures{"age": {"sum"}, "income": {"sum", "average"}}
		return s
	}
	first, err := set(measured())
	if err != nil || first.Version != 1 {
		t.Fatalf("got %+v, %v", first, err)
	}
	for what, row := range map[string]struct {
		edit func(*Standard)
		want text.Code
	}{
		"another level":   {func(s *Standard) { s.Level = "township" }, text.EntryInvalid},
		"no level":        {func(s *Standard) { s.Level = "" }, text.EntryInvalid},
		"another key":     {func(s *Standard) { s.Key = "name" }, text.EntryInvalid},
		"of a text":       {func(s *Standard) { s.Measures = policy.Measures{"name": {"sum"}} }, text.EntryInvalid},
		"a measure less":  {func(s *Standard) { delete(s.Measures, "age") }, text.EntryInvalid},
		"a function less": {func(s *Standard) { s.Measures["income"] = []string{"sum"} }, text.EntryInvalid},
		"a field less":    {func(s *Standard) { s.Schema = json.RawMessage(schema) }, text.EntryInvalid},
		"of another":      {func(s *Standard) { s.Agency = label(t, "water") }, text.AgencyOfEntry},
		"what adopts one": {func(s *Standard) { s.Standard = "guizhou/log/1/7" }, text.EntryInvalid},
	} {
		s := measured()
		row.edit(&s)
		refused(t, l, what, row.want, func() error {
			_, err := set(s)
			return err
		})
	}
	l.Before = func(state.Kind) {
		l.Before = nil
		other := measured()
		other.Title = "another"
		if _, err := set(other); err != nil {
			t.Error(err)
		}
	}
	yearly := measured()
	yearly.UpdateCycle = "yearly"
	if _, err := set(yearly); !failure.Is(err, text.DatasetMoved) {
		t.Errorf("a moment after another version: got %v", err)
	}
	more := measured()
	more.Measures["age"] = []string{"average", "sum"}
	for range 2 { // the second time it is in force already
		if third, err := set(more); err != nil || third.Version != 3 {
			t.Errorf("got version %d, %v, want 3", third.Version, err)
		}
	}
}

// TestPage: the file in docs/catalogue.md is one that may be published, and the page lists every
// member.
func TestPage(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/catalogue.md")
	if err != nil {
		t.Fatal(err)
	}
	_, file, _ := strings.Cut(string(doc), "```json\n")
	file, _, _ = strings.Cut(file, "```")
	e, err := ReadEntry([]byte(file))
	if err = errors.Join(err, e.Validate()); err != nil {
		t.Errorf("the example: %v", err)
	}
	if _, err := e.schema(); err != nil {
		t.Errorf("its schema: %v", err)
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Standard]()) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "" && name != "standard" && !strings.Contains(string(doc), "\n| `"+name+"` |") { // adopting writes standard
			t.Errorf("the page has no line for %s", name)
		}
	}
}

// TestAgencyIsLookedUp counts the work of finding out who acts: it is the same whether the
// jurisdiction has two agencies or hundreds, because every question begins with it.
func TestAgencyIsLookedUp(t *testing.T) {
	l := open(t, "water", "civil-affairs")
	cost := func() (allocs float64) {
		err := l.Look(func(r *state.Reader) error {
			allocs = testing.AllocsPerRun(10, func() {
				if agency, err := Local("water").Resolve(r); err != nil || agency.Code() != label(t, "water") {
					t.Errorf("got %s, %v", agency, err)
				}
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return allocs
	}
	before := cost()
	for n := range 200 {
		add(t, l, fmt.Sprint("office-", n), "科室")
	}
	if after := cost(); after > before+2 {
		t.Errorf("%.0f allocations with 2 agencies, %.0f with 202", before, after)
	}
}
