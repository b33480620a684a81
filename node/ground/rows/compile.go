package rows

import (
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// noLoader refuses to load another schema: a schema stands alone.
type noLoader struct{}

func (noLoader) Load(string) (any, error) {
	return nil, errors.New("a schema may refer to itself only")
}

// compile compiles a schema that outline has taken.
func compile(doc any) (*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	c.AssertFormat()
	const url = "xietong:///schema.json"
	err := c.AddResource(url, doc)
	var compiled *jsonschema.Schema
	if err == nil {
		compiled, err = c.Compile(url)
	}
	if malformed, ok := errors.AsType[*jsonschema.SchemaValidationError](err); ok {
		return nil, misspelt(malformed.Err)
	}
	if err != nil { // it may have a line for every node
		return nil, badSchema("%.500s", strings.ToValidUTF8(err.Error(), ""))
	}
	return compiled, nil
}

// misspelt tells the deepest place at which a schema is not one, and what may stand there where
// that is a few words.
func misspelt(err error) error {
	deepest, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return badSchema("it is none")
	}
	var look func(*jsonschema.ValidationError)
	look = func(e *jsonschema.ValidationError) {
		if len(e.Causes) == 0 && (len(deepest.Causes) > 0 || len(e.InstanceLocation) > len(deepest.InstanceLocation)) {
			deepest = e
		}
		for _, cause := range e.Causes {
			look(cause)
		}
	}
	look(deepest)
	where := "/" + strings.Join(deepest.InstanceLocation, "/")
	switch k := deepest.ErrorKind.(type) {
	case *kind.Type:
		return badSchema("what stands at %.200q has another form, it must be %s", where, strings.Join(k.Want, ", "))
	case *kind.Enum:
		var all []string
		for _, one := range k.Want {
			all = append(all, fmt.Sprint(one))
		}
		if wants := strings.Join(all, ", "); len(wants) <= 200 {
			return badSchema("what stands at %.200q has another form, it may be: %s", where, wants)
		}
	}
	return badSchema("what stands at %.200q has another form", where)
}
