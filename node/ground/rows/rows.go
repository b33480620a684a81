// Package rows turns the rows of a file, or one JSON record, into checked records of a dataset.
//
// A record is one JSON object that the dataset's JSON Schema accepts. It leaves this package in one
// canonical form, so that equal records are equal bytes: members sorted, no spaces, numbers in one
// spelling. The text of an error names the row, the column and the broken rule, but never the
// value, which may be personal data.
//
//	code,name,households          {"code":"520102016001","households":1210,"name":"纪念塔社区"}
//	520102016001,纪念塔社区,1210   →  key "520102016001", indexed name "纪念塔社区"
//
// Package table takes files apart; docs/files.md says what files are taken. Here their columns are
// found by the names and titles of the fields, and their cells read as the schema wants them. All
// faults of a row are told, with the values, to the person who brought the file, and to nobody
// else. Keys that stand twice are found in bounded memory: their hashes are sorted in runs, which
// lie in temporary files. Everything is bounded before it is kept: see the limits.
//
// A schema comes from a clerk or from a government above, and is checked before it is compiled: its
// keywords are those of a list, and with each reference unfolded it has at most MaxNodes nodes. A
// record costs no more than MaxWork, which is reckoned before the record is checked.
package rows

import (
	"errors"
	"fmt"

	"xietong/node/ground/pattern"
)

// Limits of files, records and schemas.
const (
	MaxRecordLen = 48 << 10   // bytes of a record, and of a line of a file
	MaxDepth     = 16         // of nested values
	MaxRows      = 10_000_000 // of a file
	MaxSchemaLen = 256 << 10  // bytes
	MaxFields    = 256
	MaxName      = 64 // characters of the name of a field; it is part of keys of the state
	MaxNodes     = 2000
	MaxWork      = pattern.MaxWork // of checking a record
)

// FieldType is the type of a field's values.
type FieldType uint8

// The types. Other is any type that the schema allows beyond one scalar type.
const (
	String FieldType = iota + 1
	Integer
	Number
	Boolean
	Other
)

// String returns the type's name in a schema; "" for Other.
func (t FieldType) String() string {
	return map[FieldType]string{String: "string", Integer: "integer", Number: "number", Boolean: "boolean"}[t]
}

// Field is one member that the schema lists.
type Field struct {
	Name     string
	Type     FieldType
	Nullable bool
	required bool
}

// Record is a checked record.
type Record struct {
	JSON    []byte // canonical
	Key     []byte // canonical JSON of the key's value
	Indexed []IndexedValue
}

// IndexedValue is the value of an indexed field. A record has none for a field that is absent or
// null.
type IndexedValue struct {
	Field string
	Value []byte // canonical JSON
}

// Bad is the error of a row or record that is refused. The caller can read on after it.
type Bad struct {
	Row    uint64  // counted from 1; 0 when there is no file
	Line   uint64  // of the file, where it is known
	Column string  // the field of the first fault; empty when the whole row is wrong
	Reason string  // the broken rule of the first fault: a word, never a value
	Faults []Fault // all faults, with what is wanted; of a file, or where a schema is broken
}

func (b *Bad) Error() string {
	return fmt.Sprintf("row %d, column %q: %s", b.Row, b.Column, b.Reason)
}

// Size returns about how many bytes it takes to tell it in JSON, or to hold it.
func (b *Bad) Size() int {
	const names = 160 // of the members, beside what they hold
	n := names + len(b.Column) + len(b.Reason)
	for _, f := range b.Faults {
		n += names + len(f.Letter) + len(f.Header) + len(f.Field) + len(f.Reason) + len(f.Value) + len(f.Expected) + len(f.Example)
	}
	return n
}

// Errors of this package.
var (
	// ErrSchema is wrapped by the errors of Compile: records cannot be checked with this schema.
	ErrSchema = errors.New("unusable schema")
	// ErrFile is wrapped when a file cannot be read on.
	ErrFile = errors.New("unreadable file")
)

func badSchema(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrSchema, fmt.Sprintf(format, args...))
}

func badFile(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrFile, fmt.Sprintf(format, args...))
}

func bad(column, reason string) *Bad { return &Bad{Column: column, Reason: reason} }
