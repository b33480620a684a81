package relay

import (
	"fmt"
	"slices"

	"xietong/certs/identity"
)

// Registry holds the operations that a jurisdiction serves. Each room adds its operations before
// the first message comes; none is added afterwards.
type Registry struct {
	calls     map[identity.Label]Operation
	federated map[identity.Label]Operation
}

// NewRegistry returns a registry without operations.
func NewRegistry() *Registry {
	return &Registry{calls: map[identity.Label]Operation{}, federated: map[identity.Label]Operation{}}
}

// Register adds an operation that one jurisdiction asks another for. The names are those of
// docs/protocol.md. It panics if the name is not a label or has an operation already.
func (r *Registry) Register(name string, o Operation) { register(r.calls, name, o) }

// RegisterFederated adds an operation of federated requests, as Register does.
func (r *Registry) RegisterFederated(name string, o Operation) { register(r.federated, name, o) }

// Names returns the names of all operations in their order.
func (r *Registry) Names() (names []string) {
	for _, in := range []map[identity.Label]Operation{r.calls, r.federated} {
		for name := range in {
			names = append(names, name.String())
		}
	}
	slices.Sort(names)
	return names
}

func register(in map[identity.Label]Operation, name string, o Operation) {
	label, err := identity.ParseLabel(name)
	if err != nil {
		panic(fmt.Sprintf("relay: operation %q: %v", name, err))
	}
	if in[label] != nil {
		panic(fmt.Sprintf("relay: operation %s registered twice", name))
	}
	in[label] = o
}
