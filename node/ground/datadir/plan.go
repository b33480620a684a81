package datadir

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"xietong/certs/identity"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
)

// InitPlan says what Init would make. A person looks at it first, because a name is permanent.
type InitPlan struct {
	Name        string `json:"name"`
	DisplayName string `json:"display_name"`
	ShortName   string `json:"short_name,omitempty"`
	Code        string `json:"code,omitempty"`
	Level       string `json:"level,omitempty"`
	// Above is what the list of the program calls the place above, where it has both: the new
	// jurisdiction would be a root of its own.
	Above    string         `json:"above,omitempty"`
	Unlisted bool           `json:"unlisted,omitempty"` // the list does not have the place
	Near     []string       `json:"near,omitempty"`     // what may be meant instead, with whole names
	CodeOf   string         `json:"code_of,omitempty"`  // another place that the given code is of
	Listed   []ListedPlace  `json:"roster,omitempty"`   // the list that comes with the node, each after its parent
	Levels   map[string]int `json:"levels,omitempty"`   // how many places of each level that list has
	list     *roster.Roster
	name     identity.Jurisdiction
}

// ListedPlace is a place of a list that a root brings.
type ListedPlace struct {
	Name        string `json:"name"`
	Code        string `json:"code"`
	Level       string `json:"level"`
	DisplayName string `json:"display_name"`
}

// Asks reports whether a person has to agree: the name is one that nobody would expect to be a
// root, or the node brings a list of its own.
func (p InitPlan) Asks() bool {
	return p.Above != "" || p.Unlisted || p.CodeOf != "" || len(p.Listed) > 0
}

// Plan returns what Init would make. The error is that of Init for options that are faulty in
// themselves.
func Plan(o InitOptions) (p InitPlan, err error) {
	if err := o.check(); err != nil {
		return p, err
	}
	if o.Roster != "" {
		if p.list, err = readRoster(o.Roster); err != nil {
			return p, err
		}
	}
	known, err := p.named(o.Name)
	if err != nil {
		return p, err
	}
	level, err := levelOf(o.Level, p.list)
	if err != nil {
		return p, err
	}
	p.Name, p.name = known.Name.String(), known.Name
	p.DisplayName = cmp.Or(o.DisplayName, known.DisplayName, p.Name)
	p.ShortName, p.Code, p.Level = cmp.Or(o.ShortName, known.ShortName), cmp.Or(o.Code, known.Code), cmp.Or(level, known.Level)
	if p.list == nil {
		p.compare(o.Code)
	}
	return p, nil
}

// named returns the place that a person means by the first argument: the root of the list that
// comes along; or a name that is well formed; or else the one place of the program's lists that is
// called so.
func (p *InitPlan) named(typed string) (roster.Place, error) {
	if p.list != nil {
		root := p.list.Places()[0]
		if typed != "" && len(p.list.Among([]roster.Place{root}, typed)) == 0 {
			return root, text.Fail(text.RosterOtherRoot, text.Args{"name": text.Short(typed), "root": root.Name.String(), "title": root.DisplayName}, nil)
		}
		p.tell()
		return root, nil
	}
	name, err := identity.ParseJurisdiction(typed)
	if err == nil && strings.ContainsFunc(typed, func(c rune) bool { return c >= 'a' && c <= 'z' }) {
		known, _ := roster.ShippedOf(name).Of(name)
		known.Name = name
		return known, nil
	}
	found := roster.ShippedCalled(typed)
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return roster.Place{}, text.Fail(text.PlaceAmbiguous, text.Args{"name": text.Short(typed), "near": wholeNames(found)}, nil)
	case err == nil:
		return roster.Place{Name: name}, nil
	}
	return roster.Place{}, text.Fail(text.BadRequest, text.Args{"where": "NAME", "reason": err.Error()}, err)
}

// compare says how the place stands to the list of the program.
func (p *InitPlan) compare(code string) {
	list := roster.ShippedOf(p.name)
	known, listed := list.Of(p.name)
	if listed = listed && known.DisplayName != ""; !listed {
		p.Unlisted = true
		near := roster.ShippedCalled(p.name.Label().String())
		if roster.Ships(p.name) {
			near = append(list.Near(p.name.Label().String()), near...)
		}
		if _, below := p.name.Parent(); !below {
			near = append(near, roster.NearProvince(p.Name)...)
		}
		p.Near = strings.Split(wholeNames(near[:min(len(near), maxNear)]), ", ")
		if len(near) == 0 {
			p.Near = nil
		}
	}
	if above, below := p.name.Parent(); below && listed {
		p.Above = list.DisplayName(above)
	}
	if code == "" || code == known.Code {
		return
	}
	for _, o := range roster.ShippedCalled(code) {
		if o.Code == code {
			p.CodeOf = wholeNames([]roster.Place{o})
		}
	}
}

const maxNear = 5

// wholeNames returns places as people tell them apart: 南明区 (nanming.guiyang.guizhou).
func wholeNames(places []roster.Place) string {
	var names []string
	for _, p := range places {
		if name := p.DisplayName + " " + p.Name.String(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// tell puts the list that comes along into the plan.
func (p *InitPlan) tell() {
	p.Levels = map[string]int{}
	for _, o := range p.list.Places() {
		p.Listed = append(p.Listed, ListedPlace{o.Name.String(), o.Code, o.Level, o.DisplayName})
		p.Levels[o.Level]++
	}
}

// readRoster reads a list that a person brings.
func readRoster(data string) (*roster.Roster, error) {
	list, err := roster.Parse(data)
	if faulty, ok := errors.AsType[*roster.Faulty](err); ok {
		return nil, faulty.Failure()
	}
	return list, err
}

// levelOf returns the level that a person means by a text, by its code or its word in either
// language; "" means none. list, if not nil, has levels of its own.
func levelOf(typed string, list *roster.Roster) (string, error) {
	levels := text.Levels
	if list != nil {
		levels = list.Levels()
	}
	level := text.LevelCalled(typed)
	if level != "" && !slices.Contains(levels, level) {
		return "", text.Fail(text.LevelUnknown, text.Args{"level": text.Short(typed), "levels": strings.Join(levels, ", ")}, nil)
	}
	return level, nil
}
