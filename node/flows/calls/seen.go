package calls

import (
	"fmt"

	"xietong/certs/identity"
	"xietong/node/ground/text"
)

// SeenError is returned for a request under an id that had its answer before: the data were used
// already. A person reads it as id-seen.
type SeenError struct {
	Asked identity.Entry // this jurisdiction's record of that answer
}

func (e *SeenError) Error() string { return fmt.Sprintf("asked before: %s", e.Asked) }

// Unwrap returns the failure that a person reads.
func (e *SeenError) Unwrap() error { return &text.Failure{Code: text.IDSeen} }
