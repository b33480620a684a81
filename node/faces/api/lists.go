package api

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"xietong/certs/canon"
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
}

// place is where a row stands: the value that it is sorted by, and its id.
type place struct {
	_     struct{} `cbor:",toarray"`
	Value string
	ID    string
}

// pageEnd is the content of a cursor, which is sealed.
type pageEnd struct {
	_      struct{} `cbor:",toarray"`
	Digest []byte   // of the list, its conditions and its order
	Last   place    // of the page before
}

const (
	maxPlace   = 256 // bytes of a value that counts for the order
	maxPageEnd = 2048
)

// page returns the rows of the page that the request asks for, and the cursor of the next one; ""
// at the end. Rows that come or go between two pages move no other row from one page to the next.
// Refusals: text.NotAsDescribed for the member to sort by, and text.CursorNotOfList.
func (w whole[T]) page() (rows []T, cursor string, err error) {
	member, descending := strings.CutSuffix(w.Sort, ":desc")
	value, err := valueOf[T](strings.TrimSuffix(member, ":asc"))
	if err != nil {
		return nil, "", err
	}
	at := func(row T) place { return place{Value: value(row), ID: w.id(row)} }
	order := func(a, b place) int {
		if by := cmp.Compare(a.Value, b.Value); by != 0 {
			return map[bool]int{false: by, true: -by}[descending]
		}
		return cmp.Compare(a.ID, b.ID)
	}
	rows = slices.DeleteFunc(slices.Clone(w.all), func(row T) bool {
		return slices.ContainsFunc(w.keep, func(wanted func(T) bool) bool { return !wanted(row) })
	})
	slices.SortFunc(rows, func(a, b T) int { return order(at(a), at(b)) })
	if w.Cursor != "" {
		last, err := w.open()
		if err != nil {
			return nil, "", err
		}
		rows = slices.DeleteFunc(rows, func(row T) bool { return order(at(row), last) <= 0 })
	}
	if limit := w.Paged.page().Rows(); len(rows) > limit {
		rows = rows[:limit]
		cursor, err = w.seal(at(rows[limit-1]))
	}
	return append([]T{}, rows...), cursor, err
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

// valueOf returns what a row is sorted by: the member with the name as a text that compares as the
// member does. An empty name leaves the order to the ids.
func valueOf[T any](member string) (func(T) string, error) {
	if member == "" {
		return func(T) string { return "" }, nil
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name == member && sortable(f.Type) {
			return func(row T) string { return compared(reflect.ValueOf(row).FieldByIndex(f.Index)) }, nil
		}
	}
	reason := "it may be: " + strings.Join(sortableIn(reflect.TypeFor[T]()), ", ")
	return nil, text.Fail(text.NotAsDescribed, text.Args{"where": "sort", "reason": reason}, nil)
}

func sortable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Uint64:
		return true
	}
	return false
}

// sortableIn returns the members of a row that it can be sorted by.
func sortableIn(t reflect.Type) (names []string) {
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" && !f.Anonymous && sortable(f.Type) {
			names = append(names, name)
		}
	}
	return names
}

// compared writes a value as a text of the same order.
func compared(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.String:
		return strings.ToValidUTF8(v.String()[:min(len(v.String()), maxPlace)], "")
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case v.CanInt(): // counts and indexes, which are no negative ones
		return fmt.Sprintf("%020d", v.Int())
	}
	return fmt.Sprintf("%020d", v.Uint())
}

// finds reports whether one of the texts has the wanted one in it, whatever the case of Latin
// letters.
func finds(wanted string, in ...string) bool {
	return slices.ContainsFunc(in, func(s string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(wanted)) })
}

// matches reports whether a value is the wanted one; "": any is.
func matches(wanted, value string) bool { return wanted == "" || wanted == value }
