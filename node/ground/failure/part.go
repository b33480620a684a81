package failure

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// Part returns what is told of a part of a data directory that cannot be used: what is wrong with
// the file, what it is, and where it is found again.
func Part(e *host.PartError) *text.Failure {
	if host.OfOldEntries(e.File) && !errors.Is(e.Err, fs.ErrPermission) {
		files := []string{e.File}
		if damage, ok := errors.AsType[*state.DamageError](e.Err); ok && len(damage.Files) > 0 {
			files = damage.Files
		}
		return oldEntries(files, e)
	}
	if kept, values, ok := host.KeptIn(e.Err); ok {
		return &text.Failure{Code: text.DataUnsound, Args: text.Args{
			"file": e.File, "kept": kept, "values": strconv.FormatUint(values, 10), "mend": string(e.Part),
		}, Err: e}
	}
	code := text.PartDamaged
	switch {
	case errors.Is(e.Err, group.ErrLogGap):
		code = text.LogGap
	case errors.Is(e.Err, fs.ErrNotExist):
		code = text.PartMissing
	case errors.Is(e.Err, fs.ErrPermission):
		code = text.PartForbidden
	case errors.Is(e.Err, syscall.EISDIR), errors.Is(e.Err, syscall.ENOTDIR):
		code = text.PartNotFile
	}
	return &text.Failure{Code: code, Args: text.Args{"file": e.File, "holds": string(e.Part), "mend": string(e.Part)}, Err: e}
}

// oldEntries returns what is told of files of old entries that are missing or damaged.
func oldEntries(files []string, err error) *text.Failure {
	return &text.Failure{Code: text.OldEntriesDamaged, Args: text.Args{
		"files": text.FileNames(files), "count": strconv.Itoa(len(files)), "dir": filepath.Dir(files[0]),
	}, Err: err}
}

// oldFailure returns what is told of such files where there are other replicas: that they are
// mended from these, that one is waited for, or that no replica has what they held.
func oldFailure(e *host.OldDecayedError) *text.Failure {
	f := oldEntries(e.Files, e)
	f.Code, f.Args["replica"], f.Args["since"] = text.OldEntriesMending, e.Replica, stamp(e.Since)
	if e.Lacking == nil {
		return f
	}
	lacking := oldEntries(e.Lacking.Files, e)
	lacking.Code, lacking.Args["entries"] = text.OldEntriesNowhere, entriesTold(e.Lacking.Ranges)
	lacking.Args["replicas"] = strings.Join(append([]string{e.Replica}, e.Lacking.Asked...), ", ")
	if !e.Nowhere() {
		lacking.Code, lacking.Args["away"] = text.OldEntriesAway, strings.Join(e.Lacking.Away, ", ")
	}
	return lacking
}

// mostRanges is how many ranges of entries are named to a person.
const mostRanges = 12

func entriesTold(ranges []state.Range) string {
	var told []string
	for _, r := range ranges[:min(len(ranges), mostRanges)] {
		told = append(told, r.String())
	}
	if len(ranges) > mostRanges {
		told = append(told, "…")
	}
	return strings.Join(told, ", ")
}
