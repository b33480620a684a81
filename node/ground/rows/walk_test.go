package rows

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"testing"

	"xietong/node/ground/table"
)

// goodRows returns the good records of a file, and how many rows are bad.
func goodRows(t *testing.T, s *Schema, file string, o Options) (good []string, bad int) {
	t.Helper()
	src := bytes.NewReader([]byte(file))
	taken, err := table.Inspect(src, table.Wish{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(src, taken, s, o)
	if err != nil {
		t.Fatal(err)
	}
	for {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			return good, bad
		}
		if _, is := errors.AsType[*Bad](err); is {
			bad++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		good = append(good, string(record.JSON))
	}
}

// TestBadRowSpoilsNoOther: what comes of reading a bad row once more, as a spreadsheet shows it, is
// told of no other row.
func TestBadRowSpoilsNoOther(t *testing.T) {
	s, err := Compile(json.RawMessage(`{"type":"object","required":["code"],"properties":{"code":{"type":"string"},"name":{"type":"string"},"age":{"type":"integer"}}}`), "code", nil)
	if err != nil {
		t.Fatal(err)
	}
	present := func(key []byte) ([]byte, error) {
		switch string(key) {
		case `"101"`:
			return nil, &NotKept{Key: key, Reason: "unfit record"}
		case `"102"`:
			return []byte(`{"age":7,"code":"102","name":"old"}`), nil
		}
		return nil, nil
	}
	good, bad := goodRows(t, s, "code,name\n\" 101\",a\n102,new\n", Options{Present: present})
	if want := []string{`{"age":7,"code":"102","name":"new"}`}; !slices.Equal(good, want) || bad != 1 {
		t.Errorf("got %s and %d bad rows, want %s and 1", good, bad, want)
	}
}

// TestHeadersAreComposed: a header of which a letter and its accent stand apart is that of the
// field.
func TestHeadersAreComposed(t *testing.T) {
	s, err := Compile(json.RawMessage("{\"type\":\"object\",\"properties\":{\"code\":{\"type\":\"string\"},\"caf\u00e9\":{\"type\":\"string\"}}}"), "code", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"{\"caf\u00e9\":\"\u00e9观水\",\"code\":\"1\"}"}
	for _, file := range []string{"code,caf\u00e9\n1,\u00e9观水\n", "code,cafe\u0301\n1,e\u0301观水\n", "{\"code\":\"1\",\"cafe\u0301\":\"e\u0301观水\"}\n"} {
		if good, bad := goodRows(t, s, file, Options{}); !slices.Equal(good, want) || bad > 0 {
			t.Errorf("%q: got %q and %d bad rows, want %q", file, good, bad, want)
		}
	}
}

// TestJSONIsUTF8 (RFC 8259 §8.1): a file of JSON is not asked for its encoding, whatever its
// script.
func TestJSONIsUTF8(t *testing.T) {
	s, err := Compile(json.RawMessage(`{"type":"object","properties":{"code":{"type":"string"},"name":{"type":"string"}}}`), "code", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Привет", "Алматы", "é", "ئۇيغۇر"} {
		record := `{"code":"101","name":"` + name + `"}`
		for _, file := range []string{record + "\n", "[\n" + record + "\n]\n"} {
			if good, _ := goodRows(t, s, file, Options{}); !slices.Equal(good, []string{record}) {
				t.Errorf("%q: got %q", file, good)
			}
		}
	}
}

// TestTypedValueOfAnyField: a value that comes as a text, as from a shell, is read as the field has
// it, whatever its type.
func TestTypedValueOfAnyField(t *testing.T) {
	s, err := Compile(json.RawMessage(`{"type":"object","properties":{"id":{"type":"string"},"n":{"type":["integer","boolean"]},"m":{"type":["integer","string"]}}}`), "id", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range [][3]string{{"n", `"5"`, "5"}, {"n", `"true"`, "true"}, {"n", "5", "5"}, {"m", `"5"`, `"5"`}, {"m", "5", "5"}} {
		got, err := s.JSONValue(row[0], json.RawMessage(row[1]))
		if err != nil || string(got) != row[2] {
			t.Errorf("%s = %s: got %s, %v, want %s", row[0], row[1], got, err, row[2])
		}
	}
}
