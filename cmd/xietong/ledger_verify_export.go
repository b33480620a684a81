package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"xietong/node"
	"xietong/node/ground/text"
)

// refusedExports are what VerifyExport finds in an export: it does not verify.
var refusedExports = []text.Code{text.ExportFault, text.PolicyUnmet, text.NotConsistent, text.ProofMissing, text.KeptLost}

// verifyExport verifies an export, or a checkpoint, by a policy. No node needs to run.
func (a *app) verifyExport(ctx context.Context, path, policy, kept string) error {
	rules, err := a.readInput(policy)
	if err != nil {
		return err
	}
	var before *node.Named
	if kept != "" {
		data, err := a.readInput(kept)
		if err != nil {
			return err
		}
		before = &node.Named{File: kept, Data: data}
	}
	m := a.meter()
	report, err := a.node.verifyExport(ctx, path, node.Named{File: policy, Data: rules}, before, func(done, total uint64) {
		m.tell(a.t(text.CLIVerifyProgress, text.Args{"done": number(done), "total": number(total)}), done == total)
	})
	m.clear()
	if f, ok := errors.AsType[*text.Failure](err); ok && slices.Contains(refusedExports, f.Code) {
		return &unsound{f}
	}
	if err != nil {
		return err
	}
	if a.jsonOnly {
		return printJSON(a.stdout, report)
	}
	a.printExported(report)
	return nil
}

func (a *app) printExported(r node.ExportedReport) {
	told := text.CLIExportTrue
	if r.Files == 0 {
		told = text.CLINoteTrue
	}
	a.say(told, text.Args{"log": r.Log, "entries": number(r.Size), "files": number(r.Files), "root": r.Root})
	quorum := r.Quorum
	if quorum == "none" {
		quorum = a.t(text.CLIQuorumNone, nil)
	}
	rows := []pair{
		{a.t(text.CLILogKeys, nil), a.t(text.CLILogKeysOf, text.Args{"signed": fmt.Sprint(r.Signed), "keys": fmt.Sprint(r.Keys)})},
		{a.t(text.CLIQuorum, nil), quorum},
	}
	for _, c := range r.Cosigned {
		rows = append(rows, pair{a.t(text.CLIWitness, text.Args{"name": c.Witness}), a.localTime(c.Time)})
	}
	if r.Ignored > 0 {
		rows = append(rows, pair{a.t(text.CLIIgnored, nil), fmt.Sprint(r.Ignored)})
	}
	if r.Since != nil {
		of := text.CLIKeptEntries
		if r.SinceLog != "" {
			of = text.CLIKeptEpoch
		}
		rows = append(rows, pair{a.t(text.CLIKept, nil), a.t(of, text.Args{"since": number(*r.Since), "log": r.SinceLog})})
	}
	if r.Time != "" {
		rows = append(rows, pair{a.t(text.CLINewestEntry, nil), a.localTime(r.Time)})
	}
	a.pairs(rows)
}
