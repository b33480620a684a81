package rows

import (
	"maps"
	"slices"
	"strings"

	"xietong/node/ground/pattern"
)

// withKept checks a row of cells, together with the values that the present record keeps in the
// fields for which the file has no column. Whoever brings the file chooses its cells: by the rules
// between fields he could read the records. So of a row that is bad, it is told what is wrong with
// its own cells, whatever stands elsewhere, and of all else only that there is something.
func (r *rowSource) withKept(object map[string]any, faults []Fault) (Record, *Bad) {
	own := object
	if r.options.Present != nil {
		own = maps.Clone(object)
	}
	kept := r.keep(object)
	record, refused := r.schema.check(object, slices.Clip(faults))
	if !kept || refused == nil {
		return record, refused
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
// returns false where there is no such record, or nothing to keep.
func (r *rowSource) keep(object map[string]any) bool {
	key := object[r.schema.key]
	if r.options.Present == nil || key == nil {
		return false
	}
	missing := r.missing()
	if len(missing) == 0 {
		return false
	}
	data, err := r.options.Present(appendValue(nil, key))
	if err != nil || data != nil {
		r.kept++
	}
	if r.failed = err; err != nil || data == nil {
		return false
	}
	present, _ := decodeObject(data) // what is no object has no values
	for _, name := range missing {
		if value, has := present[name]; has {
			object[name] = value
		}
	}
	return true
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
