package catalog

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/node/ground/failure"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
)

// told is a caller whose answers the test makes.
type told struct {
	pages func(w wanted) page
	asked []wanted
	ids   map[identity.Message]bool
}

func (c *told) Use(context.Context, operation.Asking, identity.Label, envelope.Call, func([]byte) (operation.Told, error)) (operation.Recorded, error) {
	panic("reading a catalogue is no use of data")
}

func (c *told) Read(_ context.Context, a operation.Asking, call envelope.Call) ([]byte, error) {
	var w wanted
	if err := canon.Unmarshal(call.Parameters, operation.MaxParameters, &w); err != nil {
		return nil, err
	}
	c.asked = append(c.asked, w)
	if c.ids == nil {
		c.ids = map[identity.Message]bool{}
	}
	c.ids[a.ID] = true
	return canon.Marshal(c.pages(w))
}

func newID(t *testing.T) identity.Message {
	t.Helper()
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func logOf(t *testing.T, s string) identity.Log {
	t.Helper()
	j, err := identity.ParseJurisdiction(s)
	if err != nil {
		t.Fatal(err)
	}
	log, err := identity.NewLog(j, 1)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// listed is a document of a dataset as a peer may list it.
func listed(t *testing.T, code string) document {
	t.Helper()
	e := standard(t).Entry
	e.Code = label(t, code)
	e.Counts = nil
	e.GroupBy, e.SmallestCell = nil, 0
	data, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return document{Code: e.Code, Entry: logOf(t, "guiyang.guizhou").Entry(7), Version: 1, JSON: data}
}

// set is a document of a standard entry as a peer may list it.
func set(t *testing.T, code string) document {
	t.Helper()
	d := listed(t, code)
	s := standard(t)
	s.Code = d.Code
	data, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	d.JSON = data
	return d
}

// refusedAs checks that the city's answer is refused, and that nothing of it is used.
func refusedAs(t *testing.T, what string, got int, err error) {
	t.Helper()
	f := failure.Of(err)
	if got > 0 || err == nil || f.Code != text.AnswerRefused || f.Args["jurisdiction"] != "guiyang.guizhou" {
		t.Errorf("%s: got %d documents, %v, want %s", what, got, err, text.AnswerRefused)
	}
}

// TestLyingLists checks that a malformed list is refused as a whole.
func TestLyingLists(t *testing.T) {
	city := logOf(t, "guiyang.guizhou").Jurisdiction()
	for _, kind := range []struct {
		name string
		make func(t *testing.T, code string) document
		read func(m Remote, a operation.Asking) (int, error)
	}{
		{"datasets", listed, func(m Remote, a operation.Asking) (int, error) {
			all, err := m.Datasets(t.Context(), a)
			return len(all), err
		}},
		{"standards", set, func(m Remote, a operation.Asking) (int, error) {
			all, err := m.Standards(t.Context(), a, identity.Label{})
			return len(all), err
		}},
	} {
		a, b := kind.make(t, "a"), kind.make(t, "b")
		edited := func(d document, edit func(*document)) document { edit(&d); return d }
		for what, p := range map[string]page{
			"out of order":        {Documents: []document{b, a}},
			"one twice":           {Documents: []document{a, a}},
			"of another ledger":   {Documents: []document{a, edited(b, func(d *document) { d.Entry = logOf(t, "yunyan.guiyang.guizhou").Entry(7) })}},
			"of no ledger":        {Documents: []document{edited(a, func(d *document) { d.Entry = identity.Entry{} })}},
			"held by another":     {Documents: []document{edited(a, func(d *document) { d.Ended = heldOver(d.Entry, "yunyan.guiyang.guizhou/log/1/7") })}},
			"held for no entry":   {Documents: []document{edited(a, func(d *document) { d.Ended = heldOver(d.Entry, "x") })}},
			"of another code":     {Documents: []document{edited(a, func(d *document) { d.Code = label(t, "aa") })}},
			"no document":         {Documents: []document{edited(a, func(d *document) { d.JSON = nil })}},
			"a document and more": {Documents: []document{edited(a, func(d *document) { d.JSON = append(slices.Clone(d.JSON), '0') })}},
			"an unknown member":   {Documents: []document{edited(a, func(d *document) { d.JSON = []byte(`{"codes":"a"}`) })}},
			"what cannot be": {Documents: []document{edited(a, func(d *document) {
				d.JSON = bytes.Replace(d.JSON, []byte("unconditional"), []byte("free"), 1)
			})}},
			"that goes on elsewhere": {Documents: []document{a}, After: label(t, "b")},
			"that goes on from none": {After: label(t, "b")},
		} {
			caller := &told{pages: func(wanted) page { return p }}
			n, err := kind.read(Remote{Caller: caller}, operation.Asking{ID: newID(t), To: city})
			refusedAs(t, kind.name+" "+what, n, err)
			if len(caller.asked) != 1 {
				t.Errorf("%s %s: %d requests were sent, want one", kind.name, what, len(caller.asked))
			}
		}
	}
}

// TestEndlessLists checks that the reader gives up on a list that does not end, or that begins
// anew.
func TestEndlessLists(t *testing.T) {
	city := logOf(t, "guiyang.guizhou").Jurisdiction()
	n := 0
	endless := &told{pages: func(wanted) page {
		n++
		d := listed(t, fmt.Sprintf("d%04d", n))
		return page{Documents: []document{d}, After: d.Code}
	}}
	all, err := Remote{Caller: endless}.Datasets(t.Context(), operation.Asking{ID: newID(t), To: city})
	refusedAs(t, "a list without end", len(all), err)
	if len(endless.asked) != operation.MaxPages || len(endless.ids) != operation.MaxPages {
		t.Errorf("%d requests under %d ids were sent, want %d", len(endless.asked), len(endless.ids), operation.MaxPages)
	}
	again := &told{pages: func(wanted) page {
		d := listed(t, "a")
		return page{Documents: []document{d}, After: d.Code}
	}}
	all, err = Remote{Caller: again}.Datasets(t.Context(), operation.Asking{ID: newID(t), To: city})
	refusedAs(t, "a list that begins anew", len(all), err)
	if len(again.asked) != 2 {
		t.Errorf("%d requests were sent, want 2", len(again.asked))
	}
}

// TestOneStandard checks that a peer that is asked for one standard entry must answer with that
// one, or with none.
func TestOneStandard(t *testing.T) {
	city := logOf(t, "guiyang.guizhou").Jurisdiction()
	villages := label(t, "villages")
	for what, row := range map[string]struct {
		documents []document
		want      text.Code // "": it is given
	}{
		"it":           {[]document{set(t, "villages")}, ""},
		"none":         {nil, text.NoStandard},
		"another":      {[]document{set(t, "towns")}, text.AnswerRefused},
		"it and more":  {[]document{set(t, "villages"), set(t, "zones")}, text.AnswerRefused},
		"more, and it": {[]document{set(t, "towns"), set(t, "villages")}, text.AnswerRefused},
	} {
		caller := &told{pages: func(wanted) page { return page{Documents: row.documents} }}
		got, err := Remote{Caller: caller}.Standard(t.Context(), operation.Asking{ID: newID(t), To: city}, villages)
		if row.want == "" && (err != nil || got.Code != villages || got.Version != 1 || got.At != row.documents[0].Entry) {
			t.Errorf("%s: got %+v, %v", what, got, err)
		}
		if row.want != "" && (!failure.Is(err, row.want) || got.Document != nil) {
			t.Errorf("%s: got %s, %v, want %s", what, got.Document, err, row.want)
		}
		if !slices.Equal(caller.asked, []wanted{{Code: villages}}) {
			t.Errorf("%s: asked for %+v", what, caller.asked)
		}
	}
}

// heldOver is the end of a document that is held for what is said to be lost.
func heldOver(by identity.Entry, lost string) *documentEnd {
	return &documentEnd{Entry: by, Reason: "held", Lost: lost}
}
