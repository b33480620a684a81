package datadir

import (
	"os"
	"path/filepath"
	"strings"

	"xietong/certs/identity"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// Occupied returns why no node is made or joined in a directory, and what the directory is, as far
// as its files say: a node's, or what somebody began and did not finish. Whether a replica was
// removed they do not say, unless it has seen that; the sentence tells what to do then.
func Occupied(dir string) error {
	args := text.Args{"dir": dir}
	hosted := hostedIn(dir)
	if len(hosted) == 0 {
		return text.Fail(text.DirNotEmpty, args, nil)
	}
	var names []string
	for _, j := range hosted {
		names = append(names, j.String())
	}
	replica := host.ReplicaIn(host.Folder(dir, hosted[0]))
	args["name"], args["replica"] = strings.Join(names, ", "), "?"
	if !replica.IsZero() {
		args["replica"] = replica.String()
	}
	switch {
	case Whole(dir):
		return text.Fail(text.DirOfNode, args, nil)
	case replica.IsZero() || replica == host.FirstReplica():
		return text.Fail(text.DirUnfinished, args, nil)
	}
	return text.Fail(text.DirHalfReplica, args, nil)
}

// hostedIn returns the jurisdictions of which the directory has a folder.
func hostedIn(dir string) (all []identity.Jurisdiction) {
	folders, _ := os.ReadDir(filepath.Join(dir, hostedFolder)) // what cannot be read is of nobody
	for _, f := range folders {
		if j, err := identity.ParseJurisdiction(f.Name()); err == nil {
			all = append(all, j)
		}
	}
	return all
}
