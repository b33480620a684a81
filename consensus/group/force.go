package group

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/hashicorp/raft"
)

// MakeAlone gives this replica alone a vote, by force: the others are gone for good, and with them
// the majority that could have agreed to it. It appends that configuration to raft's log, in a term
// that none has led; when the group is opened, this replica elects itself, and all that its log has
// counts as agreed, also what may have been agreed by nobody. The caller calls it while the group
// is closed, and sees to it that whatever the others still do counts no more. A second call does
// nothing, and after a crash at any step the same call goes on.
func MakeAlone(c Config) error {
	logs, err := openWatched(filepath.Join(c.Dir, walFolder), c, newFailing(c.Fatal))
	if err == nil {
		err = errors.Join(forceAlone(logs, c), logs.Close())
	}
	if err != nil {
		return fmt.Errorf("make replica alone: %w", err)
	}
	return nil
}

// forceAlone appends the configuration, unless it is the newest.
func forceAlone(logs logStore, c Config) error {
	_, last, err := bounds(logs)
	if err != nil {
		return err
	}
	marker, marked, err := c.Store.Marker()
	if err != nil {
		return err
	}
	var newest raft.Configuration
	if marked {
		newest = raft.DecodeConfiguration(marker.Configuration)
	}
	end := raft.Log{Index: marker.Index, Term: marker.Term}
	for index := marker.Index + 1; index <= last; index++ {
		end = raft.Log{}
		if err := logs.GetLog(index, &end); err != nil {
			return err
		}
		if end.Type == raft.LogConfiguration {
			newest = raft.DecodeConfiguration(end.Data)
		}
	}
	id, address := names(c.Replica)
	if len(newest.Servers) == 1 && soleVoter(newest, id) {
		return nil
	}
	term, err := logs.GetUint64(termKey)
	if err != nil {
		return err
	}
	term = max(term, end.Term) + 1
	if err := logs.SetUint64(termKey, term); err != nil {
		return err
	}
	alone := raft.Configuration{Servers: []raft.Server{{ID: id, Address: address}}}
	return logs.StoreLog(&raft.Log{Index: end.Index + 1, Term: term, Type: raft.LogConfiguration, Data: raft.EncodeConfiguration(alone)})
}
