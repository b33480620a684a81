package main

import (
	"cmp"
	"errors"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) ledgerCommand() *cobra.Command {
	return a.group("ledger", text.CLIShortLedger, a.ledgerCheckpoint(), a.ledgerList(), a.ledgerEntry(), a.ledgerReceipt(), a.ledgerExport(), a.ledgerVerify(), a.ledgerAudits(), a.ledgerContinue(), a.ledgerRepair())
}

func (a *app) ledgerEntry() *cobra.Command {
	c := a.verb("entry ENTRY", text.CLIShortEntry, func(cmd *cobra.Command, args []string) error {
		in := a.in
		a.in = "" // as for a receipt
		index, err := a.entryIndex(args[0])
		if err != nil {
			return err
		}
		ctx := cmd.Context()
		e, err := askAbout(a, args[0], index, in,
			func(c *client.Client) (client.Entry, error) { return c.Entry(ctx, index) },
			func(c *client.Client) (client.Entry, error) { return c.EntryOf(ctx, args[0]) })
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, e)
		}
		a.printEntry(e)
		return nil
	})
	c.Long = a.t(text.CLILongEntry, nil)
	return c
}

func (a *app) printEntry(e client.Entry) {
	a.pairs(given([]pair{
		{a.t(text.WordEntry, nil), e.Entry},
		{a.t(text.WordKind, nil), text.Word(a.lang, e.KindName)},
		{a.t(text.WordAgency, nil), e.Agency},
		{a.t(text.WordCode, nil), e.Code},
		{a.t(text.CLIAbout, nil), e.About},
		{a.t(text.CLISeq, nil), number(e.Seq)},
		{a.t(text.WordTime, nil), a.localTime(e.Time)},
		{a.t(text.CLISigned, nil), a.yesNo(e.Signed)},
		{a.t(text.CLICommitment, nil), e.Commitment},
		{a.t(text.CLILeafHash, nil), e.LeafHash},
	}))
}

func (a *app) yesNo(b bool) string {
	if b {
		return a.t(text.CLIYes, nil)
	}
	return a.t(text.CLINo, nil)
}

func (a *app) ledgerReceipt() *cobra.Command {
	var dir string
	c := a.verb("receipt ENTRY", text.CLIShortReceipt, func(cmd *cobra.Command, args []string) error {
		in := a.in
		a.in = "" // it is who asks, and says nothing of whose entry it is
		index, err := a.entryIndex(args[0])
		if err != nil {
			return err
		}
		ctx := cmd.Context()
		r, err := askAbout(a, args[0], index, in,
			func(c *client.Client) (client.Receipt, error) { return c.Receipt(ctx, index) },
			func(c *client.Client) (client.Receipt, error) { return c.ReceiptOf(ctx, args[0]) })
		if err != nil {
			return err
		}
		receipt, payload, err := saveReceipt(dir, r)
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, r)
		}
		a.say(text.CLIReceiptSaved, text.Args{"file": receipt})
		switch {
		case r.Withheld:
			a.say(text.CLIReceiptWithheld, nil)
			return nil
		case payload == "":
			a.say(text.CLIReceiptErased, nil)
			return nil
		}
		a.say(text.CLIPayloadSaved, text.Args{"file": payload})
		return nil
	})
	c.Long = a.t(text.CLILongReceipt, nil)
	c.Flags().StringVar(&dir, "out", ".", a.t(text.CLIFlagOut, nil))
	aFolder(c.Flags(), "out")
	return c
}

// askAbout asks about an entry: by its index, or by its whole name, which may name an entry of
// another jurisdiction. in is the jurisdiction that asks. Where the node hosts several and none is
// named, the one that the entry names asks, if it is one of them.
func askAbout[T any](a *app, named string, index uint64, in string, byIndex, byName func(*client.Client) (T, error)) (T, error) {
	of := a.in // as the entry names it
	a.in = in
	if named == number(index) {
		return byIndex(a.client())
	}
	got, err := byName(a.client())
	if isProblem(err, text.JurisdictionNeeded) {
		a.in = of
		if own, failed := byName(a.client()); !isProblem(failed, text.NotHosted) {
			return own, failed
		}
	}
	return got, err
}

func isProblem(err error, code text.Code) bool {
	p, ok := errors.AsType[*client.Problem](err)
	return ok && p.Code == string(code)
}

// saveReceipt writes the files of a receipt and returns their names; payload is "" if the payload
// was erased or withheld. The files are named by the whole name of the entry, since every ledger
// numbers from 0. Where one of them is there with another content, nothing is written: what is
// there may be the only proof that there will ever be.
func saveReceipt(dir string, r client.Receipt) (receipt, payload string, err error) {
	stem := filepath.Join(dir, strings.ReplaceAll(r.Entry, "/", "-"))
	receipt = stem + ".receipt"
	if len(r.Payload) > 0 {
		payload = stem + ".payload"
	}
	fresh := map[string][]byte{receipt: r.Receipt, payload: r.Payload}
	delete(fresh, "")
	for _, file := range []string{receipt, payload} {
		data, wanted := fresh[file]
		if !wanted {
			continue
		}
		there, err := has(file, data)
		if err != nil {
			return "", "", err
		}
		if there {
			delete(fresh, file)
		}
	}
	for _, file := range []string{receipt, payload} {
		if data, wanted := fresh[file]; wanted && err == nil {
			err = writeFile(file, data)
		}
	}
	return receipt, payload, err
}

// entryIndex reads an entry's index or its whole name, NAME/log/EPOCH/INDEX. NAME also sets the
// jurisdiction of the command, where --in does not.
func (a *app) entryIndex(s string) (uint64, error) {
	last := s[strings.LastIndexByte(s, '/')+1:]
	index, err := strconv.ParseUint(last, 10, 62)
	if err != nil || number(index) != last {
		return 0, usage(text.CLIBadEntry, text.Args{"value": text.Short(s)})
	}
	if last == s {
		return index, nil
	}
	parts := strings.Split(s, "/")
	if len(parts) != 4 || parts[1] != "log" {
		return 0, usage(text.CLIBadEntry, text.Args{"value": text.Short(s)})
	}
	a.in = cmp.Or(a.in, parts[0])
	return index, nil
}
