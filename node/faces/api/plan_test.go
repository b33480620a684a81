package api

import (
	"reflect"
	"testing"

	"xietong/certs/identity"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/flows/adoption"
)

// TestPlanShownIsTotal: each member of a plan, set alone, is in what the provider is shown, those
// that are added later too.
func TestPlanShownIsTotal(t *testing.T) {
	nothing := planShown(adoption.Plan{}, identity.Entry{})
	for _, path := range members(reflect.TypeFor[adoption.Plan](), nil) {
		var p adoption.Plan
		v := reflect.ValueOf(&p).Elem().FieldByIndex(path)
		v.Set(some(t, v.Type()))
		if reflect.DeepEqual(planShown(p, identity.Entry{}), nothing) {
			t.Errorf("nobody is shown %s", reflect.TypeFor[adoption.Plan]().FieldByIndex(path).Name)
		}
	}
}

// members returns the ways to the members of a struct, those of embedded ones in their place.
func members(t reflect.Type, at []int) (all [][]int) {
	for i := range t.NumField() {
		path := append(append([]int{}, at...), i)
		if f := t.Field(i); f.Anonymous {
			all = append(all, members(f.Type, path)...)
		} else {
			all = append(all, path)
		}
	}
	return all
}

// some returns a value that is not zero.
func some(t *testing.T, typ reflect.Type) reflect.Value {
	v := reflect.New(typ).Elem()
	switch typ.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(1)
	case reflect.Uint64:
		v.SetUint(1)
	case reflect.String:
		v.SetString("x")
	case reflect.Pointer:
		v.Set(reflect.New(typ.Elem()))
		v.Elem().Set(some(t, typ.Elem()))
	case reflect.Slice:
		return reflect.Append(v, some(t, typ.Elem()))
	case reflect.Struct:
		switch typ {
		case reflect.TypeFor[records.Ending](), reflect.TypeFor[records.Begun](), reflect.TypeFor[records.Holding](),
			reflect.TypeFor[records.Fault](), reflect.TypeFor[records.RowsPlan](), reflect.TypeFor[catalog.Difference](), reflect.TypeFor[identity.Label](),
			reflect.TypeFor[catalog.Ending]():
		default:
			t.Fatalf("the plan holds a %s", typ)
		}
	default:
		t.Fatalf("the plan holds a %s", typ)
	}
	return v
}
