package trust

import (
	"reflect"
	"testing"
)

// TestLastingIsTheRest fills each field of a level: what is for ever are the key sets and the
// endorsement, and every other field, also one that is added, is left out and noticed (A11f).
func TestLastingIsTheRest(t *testing.T) {
	kinds := reflect.TypeFor[Level]()
	for i := range kinds.NumField() {
		var l Level
		field := reflect.ValueOf(&l).Elem().Field(i)
		field.Set(reflect.MakeSlice(field.Type(), 0, 0))
		forEver := kinds.Field(i).Name == "KeySets" || kinds.Field(i).Name == "Endorsement"
		if left := !reflect.ValueOf(l.Lasting()).Field(i).IsNil(); l.IsLasting() != forEver || left != forEver {
			t.Errorf("%s: is lasting %t, left %t, want %t", kinds.Field(i).Name, l.IsLasting(), left, forEver)
		}
	}
}
