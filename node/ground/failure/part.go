package failure

import (
	"errors"
	"io/fs"
	"strconv"
	"syscall"

	"xietong/consensus/group"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// Part returns what is told of a part of a data directory that cannot be used: what is wrong with
// the file, what it is, and where it is found again.
func Part(e *host.PartError) *text.Failure {
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
