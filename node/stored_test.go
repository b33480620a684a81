package node

import (
	"encoding"
	"flag"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"xietong/node/ground/datadir"
)

const storedFile = "testdata/stored.golden"

var updateStored = flag.Bool("update-stored", false, "write "+storedFile)

// TestStoredShapes: what lies on the disk has the shape that its format had from the first. A body
// of a command, a result or a value that changes comes with another format, so that no program
// reads what it would take for something else; what is new may be added.
func TestStoredShapes(t *testing.T) {
	now := stored()
	data, err := os.ReadFile(storedFile)
	if err != nil && !*updateStored {
		t.Fatal(err)
	}
	before := strings.Split(strings.TrimSpace(string(data)), "\n")
	changed := false
	if before[0] == now[0] {
		for _, line := range before {
			if !slices.Contains(now, line) {
				changed = true
				t.Errorf("%s has another shape by now:\n\t%s\n\tcount FormatVersion up, which refuses the directories of before", now[0], line)
			}
		}
	}
	switch {
	case changed:
	case *updateStored:
		if err := os.WriteFile(storedFile, []byte(strings.Join(now, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	case !slices.Equal(before, now):
		t.Errorf("%s is not what is stored now: go test ./node -run TestStoredShapes -update-stored", storedFile)
	}
}

// stored returns a line for each command and each bucket with its shape, after one for the format.
func stored() []string {
	r := commands()
	lines := []string{fmt.Sprintf("format %d", datadir.FormatVersion)}
	shapes := r.Shapes()
	for _, kind := range slices.Sorted(maps.Keys(shapes)) {
		s := shapes[kind]
		lines = append(lines, fmt.Sprintf("command %d: %s -> %s", kind, shapeOf(s.Body), shapeOf(s.Result)))
	}
	held := r.Held()
	for _, bucket := range slices.Sorted(maps.Keys(held)) {
		lines = append(lines, fmt.Sprintf("bucket %s: %s", bucket, shapeOf(held[bucket])))
	}
	return lines
}

// shapeOf describes how a type is encoded: with the names of members, too, because two of one type
// that change places are read as each other.
func shapeOf(t reflect.Type) string {
	if t == nil {
		return "bytes"
	}
	if _, ok := reflect.New(t).Interface().(encoding.BinaryMarshaler); ok {
		return t.String()
	}
	if _, ok := reflect.New(t).Interface().(encoding.TextMarshaler); ok {
		return t.String()
	}
	switch t.Kind() {
	case reflect.Struct:
		return membersOf(t)
	case reflect.Pointer:
		return "?" + shapeOf(t.Elem())
	case reflect.Slice:
		return "[]" + shapeOf(t.Elem())
	case reflect.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), shapeOf(t.Elem()))
	case reflect.Map:
		return "map of " + shapeOf(t.Key()) + " to " + shapeOf(t.Elem())
	}
	return t.Kind().String()
}

func membersOf(t reflect.Type) string {
	open, end := "{", "}"
	var members []string
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("cbor")
		switch {
		case f.Name == "_" && strings.Contains(tag, "toarray"):
			open, end = "[", "]"
		case f.IsExported():
			members = append(members, strings.TrimSpace(strings.TrimSuffix(tag, ",keyasint")+" "+f.Name)+" "+shapeOf(f.Type))
		}
	}
	return open + strings.Join(members, ", ") + end
}
