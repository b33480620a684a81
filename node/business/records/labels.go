package records

import (
	"slices"

	"xietong/certs/identity"
	"xietong/node/ground/rows"
)

// labels makes the groups of records for the commands that count them.
type labels struct {
	desk   *Desk
	code   identity.Label
	fields []countedField // that are counted
	told   map[uint64]map[MAC]bool
}

// newLabels returns the labels for the fields that are counted.
func (d *Desk) newLabels(code identity.Label, c counts) *labels {
	l := &labels{desk: d, code: code, told: map[uint64]map[MAC]bool{}}
	for _, f := range c.Fields {
		if !f.Over {
			l.fields, l.told[f.Number] = append(l.fields, f), map[MAC]bool{}
		}
	}
	return l
}

// values returns the values that a record has of the fields, but for those of which it is counted
// already.
func (l *labels) values(record []byte, have grouped) (all []groupValue, err error) {
	all = []groupValue{}
	for _, f := range l.fields {
		if have.has(f.Number) {
			continue
		}
		raw, err := rows.Member(record, f.Name)
		if err != nil {
			return nil, err
		}
		all = append(all, l.value(f, named(raw)))
	}
	return all, nil
}

// without returns the groups of a record that cannot be read.
func (l *labels) without(kind valueKind, have grouped) []groupValue {
	all := []groupValue{}
	for _, f := range l.fields {
		if !have.has(f.Number) {
			all = append(all, groupValue{Field: f.Number, Kind: kind, Label: []byte{}})
		}
	}
	return all
}

// value returns one value, sealed where it is the first of its kind.
func (l *labels) value(field countedField, label string) groupValue {
	v := groupValue{Field: field.Number, Label: []byte{}}
	v.Value = l.desk.ledger.MAC("group", []byte(l.code.String()), []byte(field.Name), []byte(label))
	if told := l.told[field.Number]; !told[v.Value] {
		told[v.Value] = true
		v.Label = []byte(l.desk.ledger.SealToken([]byte(label)))
	}
	return v
}

// only ends the fields that are not among the names.
func (l *labels) only(names []string) {
	l.fields = slices.DeleteFunc(l.fields, func(f countedField) bool { return !slices.Contains(names, f.Name) })
}

// full ends the fields of which there are more values than are counted: the state ends them too,
// and the values of a long file need not be remembered.
func (l *labels) full() {
	l.fields = slices.DeleteFunc(l.fields, func(f countedField) bool { return len(l.told[f.Number]) > maxCounted })
}

// valueTable collects the values of one command, each once.
type valueTable struct {
	labels *labels
	values []groupValue
	places map[tableKey]uint64
	bytes  int // that the values take in a command, about
}

type tableKey struct {
	field uint64
	kind  valueKind
	value MAC
}

func (l *labels) newTable() *valueTable {
	return &valueTable{labels: l, values: []groupValue{}, places: map[tableKey]uint64{}}
}

// add returns the places of the values in the list, which has them afterwards.
func (t *valueTable) add(values []groupValue) (places []uint64) {
	places = []uint64{}
	for _, v := range values {
		key := tableKey{v.Field, v.Kind, v.Value}
		at, ok := t.places[key]
		if !ok {
			at = uint64(len(t.values))
			t.places[key], t.values = at, append(t.values, v)
			t.bytes += len(v.Value) + len(v.Label) + 16
		}
		places = append(places, at)
	}
	return places
}
