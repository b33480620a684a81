package sharing

import (
	"fmt"
	"strings"
	"time"

	"xietong/certs/identity"
	"xietong/node/ground/text"
)

// Application says in words what a use is for (国令809 art 20). In a call it is the map {1: basis,
// 2: scenario, 3: scope, 4: method, 5: until}; an empty member is absent.
type Application struct {
	Basis    string `cbor:"1,keyasint,omitempty" json:"basis"`    // the law or duty it rests on
	Scenario string `cbor:"2,keyasint,omitempty" json:"scenario"` // the business it is for
	Scope    string `cbor:"3,keyasint,omitempty" json:"scope"`    // whose data, and how much
	Method   string `cbor:"4,keyasint,omitempty" json:"method"`   // how the data are to be used
	Until    string `cbor:"5,keyasint,omitempty" json:"until"`    // RFC 3339
}

// IsZero reports whether every member is empty. A call then leaves the application out.
func (a Application) IsZero() bool { return a == Application{} }

// check returns the end of the use. A refusal names all missing members at once (国令809 art 21:
// once, and completely).
func (a Application) check(dataset identity.Label, at time.Time) (until time.Time, err error) {
	members := []member{{"basis", a.Basis}, {"scenario", a.Scenario}, {"scope", a.Scope}, {"method", a.Method}, {"until", a.Until}}
	if missing := missingOf(members); len(missing) > 0 {
		return until, text.Fail(text.BasisNeeded, text.Args{"missing": strings.Join(missing, ", "), "dataset": dataset.String()}, nil)
	}
	for _, given := range members {
		if err := text.Recordable(given.name, given.value); err != nil {
			return until, err
		}
		if len(given.value) > MaxTextLen {
			return until, tooLong(given.name, len(given.value), MaxTextLen)
		}
	}
	return endOf(a.Until, at)
}

// member is a part of an application, or of the ground of a grant.
type member struct{ name, value string }

// missingOf returns the names of the members that say nothing.
func missingOf(all []member) (missing []string) {
	for _, m := range all {
		if strings.TrimSpace(m.value) == "" {
			missing = append(missing, m.name)
		}
	}
	return missing
}

// endOf reads the end of a grant that is given at a time. It is LeastGrant away at least, and at
// most MaxGrantYears.
func endOf(typed string, at time.Time) (until time.Time, err error) {
	until, err = time.Parse(time.RFC3339, typed)
	if err != nil || until.Before(at.Add(LeastGrant)) || until.After(at.AddDate(MaxGrantYears, 0, 0)) {
		return until, badUntil(at, err)
	}
	return until, nil
}

func badUntil(at time.Time, err error) error {
	if err != nil {
		return text.Fail(text.BadRequest, text.Args{"where": "until", "reason": "no time as RFC 3339 has it"}, err)
	}
	return text.Fail(text.BadRequest, text.Args{
		"where": "until", "reason": fmt.Sprintf("RFC 3339, after %s, within %d years", told(at.Add(LeastGrant)), MaxGrantYears),
	}, err)
}

// The limits of a grant. It lasts an hour at least, because each application that comes
// after the end of one is two entries and a grant more, which stay.
const (
	MaxGrantYears = 5 // years
	LeastGrant    = time.Hour
)
