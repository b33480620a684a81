package join

import (
	"slices"

	"xietong/certs/identity"
	"xietong/node/ground/config"
	"xietong/node/ground/datadir"
	"xietong/node/ground/text"
)

// joinable refuses a directory that holds anything else than the child and what is hosted beside
// it. It returns how many jurisdictions a complete one hosts.
func (o Options) joinable(dir string, child identity.Jurisdiction) (hosted int, err error) {
	if o.Alone != nil && !datadir.Whole(dir) {
		if err := datadir.CheckEmpty(dir, ""); text.AsFailure(err) != nil && text.AsFailure(err).Code != text.DirNotEmpty {
			return 0, err // what it is instead
		}
		return 0, text.Fail(datadir.Absent(dir), text.Args{"dir": dir}, nil)
	} else if !datadir.Whole(dir) {
		return 0, datadir.CheckEmpty(dir, child.String())
	}
	if err := datadir.CheckFormat(dir); err != nil {
		return 0, err
	}
	c, err := datadir.ReadConfig(dir)
	here := func(j config.Jurisdiction) bool { return j.Name == child }
	if err == nil && !slices.ContainsFunc(c.Jurisdictions, here) {
		err = datadir.Occupied(dir)
	}
	return len(c.Jurisdictions), err
}
