package join

import (
	"slices"

	"xietong/certs/identity"
	"xietong/node/ground/config"
	"xietong/node/ground/datadir"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// joinable refuses a directory that holds anything else than the child and what is hosted beside it
// and, where the child is to go on with the keys that are there, that of a replica of several. It
// returns how many jurisdictions a complete one hosts.
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
	if err == nil && o.Alone == nil {
		err = datadir.Error(dir, host.ByItself(host.Folder(dir, child), child, o.Registry()))
	}
	return len(c.Jurisdictions), err
}

// Joinable refuses a directory in which an invitation line cannot be used with the keys that are
// there: see Join, which does so too. Whoever has secrets to type is told before. A line that
// cannot be read is left to Join.
func Joinable(dir, line string, o Options) error {
	t, err := Read(line)
	if err != nil {
		return nil
	}
	_, err = o.joinable(dir, t.Child)
	return err
}
