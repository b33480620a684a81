package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"xietong/node"
	"xietong/node/ground/text"
)

// pinShape is the shape of a pin; package node parses it.
var pinShape = regexp.MustCompile(`^[a-z0-9.-]+/keys/[1-9][0-9]*/[0-9a-f]{64}$`)

func (a *app) ledgerVerify() *cobra.Command {
	var root string
	c := a.verb("verify [RECEIPT] [PAYLOAD]", text.CLIShortVerify, func(cmd *cobra.Command, args []string) error {
		switch {
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
  xietong ledger verify --data ./copy-of-xietong-data`
	c.Flags().StringVar(&root, "root", "", a.t(text.CLIFlagRoot, nil))
	return c
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

func (a *app) printReceipt(r receiptReport, pin string, withPayload bool) {
	a.say(text.CLIReceiptTrue, text.Args{"entry": r.Entry, "size": number(r.TreeSize), "pin": pin})
	a.pairs(given([]pair{
		{a.t(text.WordKind, nil), text.Word(a.lang, r.Kind)},
		{a.t(text.WordAgency, nil), r.Agency},
		{a.t(text.WordCode, nil), r.Code},
		{a.t(text.WordTime, nil), a.localTime(r.Time)},
		{a.t(text.CLISigned, nil), a.yesNo(r.Signed)},
		{a.t(text.CLIChain, nil), strings.Join(r.Chain, " → ")},
		{a.t(text.CLIAsOf, nil), a.localTime(r.AsOf)},
		{a.t(text.CLIContentType, nil), r.ContentType},
	}))
	if !withPayload {
		a.say(text.CLIPayloadUnseen, nil)
	}
	if len(r.Payload) > 0 && utf8.Valid(r.Payload) {
		fmt.Fprintln(a.stdout, clean(string(r.Payload)))
	}
}

// unsound is a data directory that does not verify, because a file of it is damaged.
type unsound struct{ failure *text.Failure }

func (u *unsound) Error() string { return u.failure.Error() }

// verifyData verifies every entry of a data directory that no node is using.
func (a *app) verifyData(ctx context.Context) error {
	m := a.meter()
	report, err := a.node.verifyData(ctx, a.data, a.in, func(done, total uint64) {
		m.tell(a.t(text.CLIVerifyProgress, text.Args{"done": number(done), "total": number(total)}), done == total)
	})
	m.clear()
	if f, ok := errors.AsType[*text.Failure](err); ok && f.Code == text.PartDamaged {
		return &unsound{f}
	}
	if err != nil {
		return err
	}
	if a.jsonOnly {
		err = printJSON(a.stdout, report)
	} else if report.FirstBad != "" {
		a.say(text.CLIDataFalse, text.Args{"name": report.Name, "first": report.FirstBad})
	} else {
		a.say(text.CLIDataTrue, text.Args{"name": report.Name, "entries": number(report.Entries), "root": report.Root})
	}
	if err == nil && (report.FirstBad != "" || a.keystoreIsNot(report)) {
		return errAnsweredNo
	}
	return err
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
