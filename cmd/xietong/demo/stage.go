package demo

import (
	"slices"
	"strings"

	"xietong/node"
	"xietong/node/ground/text"
)

// stage is the province that the demo brings up, and who plays which part in the steps.
type stage struct {
	list     []node.Place // of the province, each after its parent
	branch   bool         // the nodes of one branch only
	from     string       // code of the county that asks
	near     string       // of another, below the same parent
	to       string       // of the county that is asked
	off      string       // of the county that is switched off
	villages bool         // the data have the villages of each county
}

// guizhou is the province whose townships and villages come with the demo.
const guizhou = "guizhou"

// stageOf returns the stage of the province that a person means by its label, name or code; "" is
// Guizhou. The error is text.ProvinceUnknown.
func stageOf(typed string) (stage, error) {
	list, err := node.Province(typed)
	if typed == "" {
		list, err = node.Province(guizhou)
	}
	if err != nil {
		return stage{}, err
	}
	s := stage{list: list, villages: list[0].Name.String() == guizhou}
	if s.villages {
		s.from, s.near, s.to, s.off = nanming, yunyan, liping, weining
		return s, nil
	}
	s.cast()
	return s, nil
}

// cast gives each part to a county: two of one parent ask and stand near, two others answer and are
// switched off, of other parents where there are enough.
func (s *stage) cast() {
	counties := s.counties()
	above := func(p node.Place) string { parent, _ := p.Name.Parent(); return parent.String() }
	for _, p := range counties {
		i := slices.IndexFunc(counties, func(o node.Place) bool { return o != p && above(o) == above(p) })
		if i >= 0 {
			s.from, s.near = p.Code, counties[i].Code
			break
		}
	}
	used := []string{above(s.place(s.from))}
	for _, part := range []*string{&s.to, &s.off} {
		free := func(p node.Place) bool { return !slices.Contains([]string{s.from, s.near, s.to}, p.Code) }
		i := slices.IndexFunc(counties, func(p node.Place) bool { return free(p) && !slices.Contains(used, above(p)) })
		if i < 0 {
			i = slices.IndexFunc(counties, free)
		}
		*part = counties[i].Code
		used = append(used, above(counties[i]))
	}
}

// place returns the place with a code.
func (s *stage) place(code string) node.Place {
	i := slices.IndexFunc(s.list, func(p node.Place) bool { return p.Code == code })
	return s.list[i]
}

// counties returns the places that publish: those of the level county.
func (s *stage) counties() (all []node.Place) {
	for _, p := range s.list {
		if p.Level == levelCounty {
			all = append(all, p)
		}
	}
	return all
}

// played returns the places that run: all, or those of the branch, which are the four with a part
// and all above them.
func (s *stage) played() (all []node.Place) {
	for _, p := range s.list {
		plays := slices.ContainsFunc([]string{s.from, s.near, s.to, s.off}, func(code string) bool { return s.place(code).Name.Under(p.Name) })
		if plays || !s.branch {
			all = append(all, p)
		}
	}
	return all
}

// thrice returns the code of the place that goes on three machines: the one above the county that
// is asked or, where that is the province, the county.
func (s *stage) thrice() string {
	to := s.place(s.to)
	above, _ := to.Name.Parent()
	for _, p := range s.list[1:] {
		if p.Name == above {
			return p.Code
		}
	}
	return to.Code
}

// hasBelow reports whether a place has others below it, whose nodes dial it.
func (s *stage) hasBelow(name string) bool {
	return slices.ContainsFunc(s.list, func(p node.Place) bool { above, below := p.Name.Parent(); return below && above.String() == name })
}

// folder returns the name of a place's data directory: its label, or its name where another place
// has that label.
func (s *stage) folder(p node.Place) string {
	label := p.Name.Label()
	for _, o := range s.list {
		if o.Name.Label() == label && o != p {
			return p.Name.String()
		}
	}
	return label.String()
}

// called returns the text that names a place for the command line, and its name where another place
// is called the same.
func (s *stage) called(code string) string {
	p := s.place(code)
	for _, o := range s.list {
		if o.ShortName == p.ShortName && o != p {
			return p.Name.String()
		}
	}
	return p.ShortName
}

// sample is a record that the steps ask for.
type sample struct{ key, name string }

// samples returns the record that step 1 asks for, the one that step 2 asks about with a name that
// is not its, and the one of the county that comes back.
func (s *stage) samples() (asked, verified sample, other string, back sample) {
	if s.villages {
		return sample{villageKey, villageName}, sample{verifiedKey, verifiedName}, otherName, sample{weiningKey, weiningName}
	}
	own := func(code string) sample { return sample{code, s.place(code).DisplayName} }
	return own(s.to), own(s.to), s.place(s.from).DisplayName, own(s.off)
}

// rowOf returns the one record of a county where the data have no villages: the county itself.
func (s *stage) rowOf(code string) string {
	p := s.place(code)
	above, _ := p.Name.Parent()
	i := slices.IndexFunc(s.list, func(o node.Place) bool { return o.Name == above })
	return "code,name,city\n" + strings.Join([]string{p.Code, p.DisplayName, s.list[i].ShortName}, ",") + "\n"
}

// dataset returns the code of the dataset that the steps ask.
func (s *stage) dataset() string {
	if s.villages {
		return "villages"
	}
	return "places"
}

// by returns by what step 3 counts: the prefectures, or the place above each county, which is the
// province for some.
func (s *stage) by() string {
	if s.villages {
		return "prefecture"
	}
	return "city"
}

// sentence returns the first of two sentences where the counties have villages, and else the other.
func (s *stage) sentence(villages, places text.Code) text.Code {
	if s.villages {
		return villages
	}
	return places
}
