package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"

	"github.com/spf13/cobra"

	"xietong/node"
	"xietong/node/ground/text"
)

// pinShape is the shape of a pin; package node parses it.
var pinShape = regexp.MustCompile(`^[a-z0-9.-]+/keys/[1-9][0-9]*/[0-9a-f]{64}$`)

func (a *app) ledgerVerify() *cobra.Command {
	var root, in, policy, kept string
	c := a.verb("verify [RECEIPT] [PAYLOAD]", text.CLIShortVerify, func(cmd *cobra.Command, args []string) error {
		if err := a.zones(cmd.Flags(), in); err != nil {
			return err
		}
		switch {
		case policy != "" && root != "":
			return usage(text.CLIPolicyOrRoot, nil)
		case policy == "" && (kept != "" || len(args) == 1 && root == "" && isFolder(args[0])): // an export
			return usage(text.CLIFlagNeeded, text.Args{"flag": "--policy"})
		case policy != "" && len(args) == 0:
			return usage(text.CLIMissingArgument, text.Args{"name": "EXPORT"})
		case policy != "" && len(args) > 1:
			return usage(text.CLITooManyArguments, text.Args{"value": text.Short(args[1])})
		case policy != "":
			return a.verifyExport(cmd.Context(), args[0], policy, kept)
		case len(args) == 0 && root == "":
			return a.verifyData(cmd.Context())
		case len(args) == 0:
			return usage(text.CLIMissingArgument, text.Args{"name": "RECEIPT"})
		case root == "":
			return usage(text.CLIFlagNeeded, text.Args{"flag": "--root"})
		case !pinShape.MatchString(root):
			return a.badValue("--root", root, a.t(text.FormPin, nil))
		}
		return a.verifyReceipt(args, root)
	})
	c.Long = a.t(text.CLILongVerify, nil)
	c.Example = `  xietong ledger verify guiyang.guizhou-log-1-7.receipt guiyang.guizhou-log-1-7.payload --root guizhou/keys/1/9f86d081…
  xietong ledger verify --data ./copy-of-xietong-data
  xietong ledger verify ./ledger --policy policy.txt --since kept`
	c.Flags().StringVar(&root, "root", "", a.t(text.CLIFlagRoot, nil))
	c.Flags().StringVar(&policy, "policy", "", a.t(text.CLIFlagPolicy, nil))
	c.Flags().StringVar(&kept, "since", "", a.t(text.CLIFlagKept, nil))
	aFile(c.Flags(), "policy")
	aFile(c.Flags(), "since")
	c.Flags().StringVar(&in, "time-zone", "", a.t(text.CLIFlagVerifyZone, nil))
	return c
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// verifyReceipt verifies a receipt and, if a payload is given, that the receipt is of that payload.
// No node needs to run.
func (a *app) verifyReceipt(files []string, pin string) error {
	receipt, err := a.readInput(files[0])
	if err != nil {
		return err
	}
	var payload []byte
	if len(files) > 1 {
		if payload, err = a.readInput(files[1]); err != nil {
			return err
		}
		if payload == nil {
			payload = []byte{} // an empty file is a payload, and cannot be the right one
		}
	}
	report, err := a.node.verifyReceipt(receipt, payload, pin)
	if err != nil && payload != nil && !errors.Is(err, node.ErrOtherPayload) {
		if _, alone := a.node.verifyReceipt(receipt, nil, pin); alone == nil { // the payload is at fault
			err = node.ErrOtherPayload
		}
	}
	if err != nil && payload != nil && a.swapped(receipt, payload, pin) {
		u := usage(text.CLISwapped, text.Args{"receipt": files[1], "payload": files[0]})
		u.command = "xietong ledger verify"
		u.do = a.t(text.CLISwappedDo, text.Args{"receipt": files[1], "payload": files[0], "pin": pin})
		return u
	}
	if errors.Is(err, node.ErrOtherPayload) {
		return &unverified{files[1], err}
	}
	if err != nil {
		return &unverified{files[0], err}
	}
	if a.jsonOnly {
		return printJSON(a.stdout, report)
	}
	a.printReceipt(report, pin, payload != nil)
	return nil
}

// swapped reports whether the two files are a payload and its receipt.
func (a *app) swapped(payload, receipt []byte, pin string) bool {
	_, err := a.node.verifyReceipt(receipt, payload, pin)
	return err == nil
}

// unsound is a data directory that does not verify, because a file of it is damaged.
type unsound struct{ failure *text.Failure }

func (u *unsound) Error() string { return u.failure.Error() }

// verifyData verifies every entry of a data directory that no node is using, and that one starts
// with it. Where none does, the error is the one of the start.
func (a *app) verifyData(ctx context.Context) error {
	m := a.meter()
	report, err := a.node.verifyData(ctx, a.data, a.in, func(done, total uint64) {
		m.tell(a.t(text.CLIVerifyProgress, text.Args{"done": number(done), "total": number(total)}), done == total)
	})
	m.clear()
	f, told := errors.AsType[*text.Failure](err)
	if told && (report.Refused != nil || f.Code == text.PartDamaged || f.Code == text.DataUnsound || f.Code == text.OldEntriesDamaged) {
		return &unsound{f}
	}
	if err != nil {
		return err
	}
	if a.jsonOnly {
		err = printJSON(a.stdout, report)
	} else if len(report.DamagedFiles) > 0 {
		a.say(text.CLIDataFiles, text.Args{
			"name": report.Name, "count": number(uint64(report.DamagedCount)), "files": text.FileNames(report.DamagedFiles), "dir": filepath.Dir(report.DamagedFiles[0]),
		})
	} else if report.FirstBad != "" {
		a.say(text.CLIDataFalse, text.Args{"name": report.Name, "first": text.Cause(a.lang, report.FirstBad)})
	} else {
		said := text.CLIDataTrue
		if report.Refused != nil {
			said = text.CLIDataNoStart
		}
		a.say(said, text.Args{"name": report.Name, "entries": number(report.Entries), "root": report.Root})
	}
	if err != nil {
		return err
	}
	if r := report.Refused; r != nil {
		return &unsound{&text.Failure{Code: r.Code, Args: r.Args, Err: r.Err}}
	}
	wrong := report.FirstBad != ""
	if !wrong {
		keystore, payloads, kept, roster := a.keystoreIsNot(report), a.payloadsAreNot(report), a.keptIsNot(report), a.rosterIsNot(report)
		wrong = keystore || payloads || kept || roster
	}
	if wrong {
		return errAnsweredNo
	}
	return nil
}

// rosterIsNot reports whether the roster in force is damaged, and tells it.
func (a *app) rosterIsNot(report node.DataReport) bool {
	if report.DamagedRoster != "" && !a.jsonOnly {
		a.say(text.CLIDataRoster, text.Args{"name": report.Name, "number": report.DamagedRoster})
	}
	return report.DamagedRoster != ""
}

// keptIsNot reports whether what is kept beside the entries is not what they say, and tells it.
func (a *app) keptIsNot(report node.DataReport) bool {
	if report.Contradictions == 0 || a.jsonOnly {
		return report.Contradictions > 0
	}
	first := report.Contradicted[0]
	how := map[string]text.Code{"missing": text.CLIKeptMissing, "unsaid": text.CLIKeptUnsaid, "other": text.CLIKeptOther}[string(first.How)]
	a.say(text.CLIDataOther, text.Args{
		"name": report.Name, "count": number(report.Contradictions), "bucket": first.Bucket, "entry": first.Entry, "how": a.t(how, nil),
	})
	return true
}

// payloadsAreNot reports whether payloads cannot be read, and tells it.
func (a *app) payloadsAreNot(report node.DataReport) bool {
	if report.Unreadable > 0 && !a.jsonOnly {
		a.say(text.CLIDataUnread, text.Args{"count": number(report.Unreadable), "first": report.FirstUnreadable})
	}
	return report.Unreadable > 0
}

// keystoreIsNot reports whether the keystore is there and not the ledger's, and tells it.
func (a *app) keystoreIsNot(report node.DataReport) bool {
	say, not := map[node.KeystoreState]text.Code{
		node.KeystoreOther: text.CLIKeystoreOther, node.KeystoreDamaged: text.CLIKeystoreDamaged,
	}[report.Keystore]
	if not && !a.jsonOnly {
		a.say(say, text.Args{"name": report.Name})
	}
	return not
}
