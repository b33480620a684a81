package rows

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"xietong/node/ground/pattern"
)

// withKept checks a row of cells, together with the values that the present record keeps in the
// fields for which the file has no column. Whoever brings the file chooses its cells: by the rules
// between fields he could read the records. So of a row that is bad, it is told what is wrong with
// its own cells, whatever stands elsewhere, and of all else only that there is something.
//
// The error is a *Bad, or that of Options.Present, which ends the file.
func (r *rowSource) withKept(object map[string]any, faults []Fault) (Record, error) {
	own := object
	if r.options.Present != nil {
		own = maps.Clone(object)
	}
	kept, err := r.keep(object)
	if err != nil {
		return Record{}, err
	}
	record, refused := r.schema.check(object, slices.Clip(faults))
	if !kept || refused == nil {
		return outcome(record, refused)
	}
	told := slices.Concat(faults, r.ownFaults(own, faults))
	untold := func(f Fault) bool {
		return !slices.ContainsFunc(told, func(t Fault) bool { return t.Field == f.Field && t.Reason == f.Reason })
	}
	if len(refused.Faults) == 0 || slices.ContainsFunc(refused.Faults, untold) {
		told = append(told, r.besides())
	}
	return Record{}, badOf(told)
}

// keep puts the values of the present record into the fields for which the file has no column. It
// returns false where there is no such record, or nothing to keep, and a *Bad where its values
// cannot be kept.
func (r *rowSource) keep(object map[string]any) (bool, error) {
	key := object[r.schema.key]
	if r.options.Present == nil || key == nil {
		return false, nil
	}
	missing := r.missing()
	if len(missing) == 0 {
		return false, nil
	}
	data, err := r.options.Present(appendValue(nil, key))
	if err != nil || data != nil {
		r.kept++
	}
	if bad, ok := errors.AsType[*NotKept](err); ok {
		r.mark(r.schema.key)
		return false, badOf([]Fault{{Field: r.schema.key, Reason: bad.Reason, Value: cut(strings.Trim(string(bad.Key), `"`))}})
	}
	if err != nil || data == nil {
		return false, err
	}
	present, _ := decodeObject(data) // what is no object has no values
	for _, name := range missing {
		if value, has := present[name]; has {
			object[name] = value
		}
	}
	return true, nil
}

// ownFaults returns what is wrong with the cells of a row that could be read, each by the rules of
// its own field.
func (r *rowSource) ownFaults(own map[string]any, faults []Fault) (told []Fault) {
	if !r.schema.root.within(own, pattern.NewWork()) {
		return []Fault{{Reason: "too much work"}}
	}
	for _, at := range r.header.Columns {
		c := r.schema.columns[at.Field]
		if c == nil || about(faults, c.Name) {
			continue
		}
		value, has := own[c.Name]
		if !has && c.required {
			told = append(told, Fault{Field: c.Name, Reason: "required"})
		}
		if err := c.property.Validate(value); has && err != nil {
			told = append(told, r.schema.broken(own, err, c.Name)...)
		}
	}
	return told
}

// besides returns the fault of a row that is not in its own cells. It names all columns that the
// file does not have, and not those that the fault is about.
func (r *rowSource) besides() Fault {
	const most = 8
	names := r.missing()
	if len(names) > most {
		names = append(names[:most], "…")
	}
	return Fault{Reason: "kept", Expected: strings.Join(names, ", ")}
}
