package door

import (
	"context"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/node/ground/text"
)

// Unproven is a Conn to whoever answers at the address of a parent, before its certificate was
// verified. Anybody may answer there. So of a refusal it lets through no code, no value and no
// command: only one of a few words, told as what was said by somebody unproven.
type Unproven struct {
	Conn
	Name   identity.Jurisdiction // of the parent
	Called string                // the parent's name for a person
}

// unprovenWords are the words for refusals that a parent may have for the time or for its chain.
var unprovenWords = map[text.Code]string{text.Busy: "busy", text.Overloaded: "busy", text.Internal: "fails inside"}

// Exchange sends one request. A refusal is text.ParentUnproven, whatever it says.
func (u Unproven) Exchange(ctx context.Context, frame []byte) ([]byte, error) {
	got, err := u.Conn.Exchange(ctx, frame)
	if err != nil {
		return nil, err
	}
	var a answer
	if canon.Unmarshal(got, MaxAnswerLen, &a) != nil || a.Code == 0 {
		return got, nil // whoever asked decodes it, and refuses what is none
	}
	said := unprovenWords[text.ByNumber(uint16(min(a.Code, 1<<16-1)))]
	if said == "" {
		said = "refuses before its proof"
	}
	return nil, text.Fail(text.ParentUnproven, text.Args{"name": u.Called, "jurisdiction": u.Name.String(), "reason": said}, nil)
}
