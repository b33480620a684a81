package api

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"xietong/certs/canon"
	"xietong/node/faces/export"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// Listed holds the parameters of a list that is short enough to be read whole, and is sorted and
// cut into pages here. Lists of what comes again and again are cut by the room that keeps them.
type Listed struct {
	Paged
	Sort string `query:"sort" maxLength:"70" doc:"Member of the rows to sort by; with :desc after it the greatest stands first"`
}

// whole is a list before it is sorted and cut.
type whole[T any] struct {
	Hosted
	Listed
	name   string         // of the list, with what it is of: a cursor is good for the same only
	filter []string       // as are the conditions
	all    []T            // in the order that the list has by itself
	id     func(T) string // no two rows have the same
	keep   []func(T) bool // what a row must meet to be wanted
	lacks  []string       // members that no row of the list has: it cannot be sorted by them
}

// place is where a row stands: the value that it is sorted by, in JSON, and its id.
type place struct {
	_     struct{} `cbor:",toarray"`
	Value []byte
	ID    string
}

// ranked is a row, or where one stands, with what it counts as in the order.
type ranked[T any] struct {
	row T
	at  place
	key export.Key
}

// pageEnd is the content of a cursor, which is sealed.
type pageEnd struct {
	_      struct{} `cbor:",toarray"`
	Digest []byte   // of the list, its conditions and its order
	Last   place    // of the page before
}

const (
	maxPlace   = 256  // bytes of a value that counts for the order
	maxPageEnd = 4096 // a value of control characters is six times as long in JSON
)

// page returns the rows of the page that the request asks for, and the cursor of the next one; ""
// at the end. Rows that come or go between two pages move no other row from one page to the next.
// Refusals: text.NotAsDescribed for the member to sort by, and text.CursorNotOfList.
func (w whole[T]) page() (rows []T, cursor string, err error) {
	member, descending := strings.CutSuffix(w.Sort, ":desc")
	value, err := w.valueOf(strings.TrimSuffix(member, ":asc"))
	if err != nil {
		return nil, "", err
	}
	order := func(a, b ranked[T]) int {
		return cmp.Or(export.Order{Descending: descending}.CompareKeys(a.key, b.key), export.CompareTexts(a.at.ID, b.at.ID))
	}
	var all []ranked[T]
	for _, row := range w.all {
		if slices.ContainsFunc(w.keep, func(wanted func(T) bool) bool { return !wanted(row) }) {
			continue
		}
		at := place{Value: value(row), ID: w.id(row)}
		all = append(all, ranked[T]{row, at, export.KeyOf(at.Value)})
	}
	slices.SortFunc(all, order)
	if w.Cursor != "" {
		last, err := w.open()
		if err != nil {
			return nil, "", err
		}
		before := ranked[T]{at: last, key: export.KeyOf(last.Value)}
		all = slices.DeleteFunc(all, func(row ranked[T]) bool { return order(row, before) <= 0 })
	}
	if limit := w.Paged.page().Rows(); len(all) > limit {
		all = all[:limit]
		cursor, err = w.seal(all[limit-1].at)
	}
	rows = make([]T, len(all))
	for i := range all {
		rows[i] = all[i].row
	}
	return rows, cursor, err
}

func (w whole[T]) digest() []byte {
	sum := sha256.Sum256([]byte(strings.Join(append([]string{w.name, w.Sort}, w.filter...), "\x00")))
	return sum[:16]
}

func (w whole[T]) seal(last place) (string, error) {
	data, err := canon.Marshal(pageEnd{Digest: w.digest(), Last: last})
	if err != nil {
		return "", fmt.Errorf("encode cursor: %w", err)
	}
	return w.Ledger.SealToken(data), nil
}

func (w whole[T]) open() (place, error) {
	var end pageEnd
	data, err := w.Ledger.OpenToken(w.Cursor)
	if err == nil {
		err = canon.Unmarshal(data, maxPageEnd, &end)
	} else if !errors.Is(err, book.ErrToken) {
		return end.Last, err
	}
	if err != nil || !bytes.Equal(end.Digest, w.digest()) {
		return end.Last, text.Fail(text.CursorNotOfList, nil, err)
	}
	return end.Last, nil
}

// valueOf returns what a row is sorted by: the member with the name, as the row shows it. An empty
// name leaves the order to the ids.
func (w whole[T]) valueOf(member string) (func(T) []byte, error) {
	if member == "" {
		return func(T) []byte { return nil }, nil
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		if name, more, _ := strings.Cut(f.Tag.Get("json"), ","); name == member && w.sorts(name, f.Type) {
			return func(row T) []byte { return compared(reflect.ValueOf(row).FieldByIndex(f.Index), more != "") }, nil
		}
	}
	reason := "it may be: " + strings.Join(w.members(), ", ")
	return nil, text.Fail(text.NotAsDescribed, text.Args{"where": "sort", "reason": reason}, nil)
}

// sorts reports whether the list can be sorted by a member.
func (w whole[T]) sorts(member string, t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Uint64:
		return !slices.Contains(w.lacks, member)
	}
	return false
}

// members returns the members that the list can be sorted by.
func (w whole[T]) members() (names []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" && !f.Anonymous && w.sorts(name, f.Type) {
			names = append(names, name)
		}
	}
	return names
}

// compared writes a value in JSON, cut to what counts; nil where the row leaves it out.
func compared(v reflect.Value, optional bool) []byte {
	if optional && v.IsZero() {
		return nil
	}
	value := v.Interface()
	if v.Kind() == reflect.String {
		value = strings.ToValidUTF8(v.String()[:min(len(v.String()), maxPlace)], "")
	}
	data, _ := json.Marshal(value) // a text, a number or a truth value can be written
	return data
}

// finds reports whether one of the texts has the wanted one in it, whatever the case of Latin
// letters.
func finds(wanted string, in ...string) bool {
	return slices.ContainsFunc(in, func(s string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(wanted)) })
}

// matches reports whether a value is the wanted one; "": any is.
func matches(wanted, value string) bool { return wanted == "" || wanted == value }
