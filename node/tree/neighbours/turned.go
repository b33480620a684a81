package neighbours

import (
	"hash/fnv"
	"slices"

	"xietong/certs/identity"
)

// Turned returns where a parent is reached in the order in which a replica of a child tries it. The
// replicas of one child begin at addresses side by side, which are of different replicas of the
// parent: so each of those has a link, as long as there are no fewer replicas below. Where the
// first begins differs from child to child, so that no replica of the parent has all of them.
func Turned(reached []string, child identity.Jurisdiction, replica identity.Replica) []string {
	if len(reached) == 0 {
		return nil
	}
	h := fnv.New32a()
	h.Write([]byte(child.String())) // never fails
	at := int((uint64(h.Sum32()) + uint64(replica.Number())) % uint64(len(reached)))
	return slices.Concat(reached[at:], reached[:at])
}
