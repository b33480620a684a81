package rows

import (
	"reflect"
	"testing"
)

func TestOrdered(t *testing.T) {
	s, err := Compile([]byte(`{"properties":{"户主":{"type":"string"},"收入":{"type":"number","title":"年收入"},"编号":{"type":"string"},"a":{"enum":["z",{"b":1}]}}}`), "编号", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.Ordered(), []string{"编号", "户主", "收入", "a"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
