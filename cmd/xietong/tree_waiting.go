package main

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// waiting tells of a key set that broke with the one before, and how its wait ends.
func (a *app) waiting(w client.WaitingKeys) {
	fmt.Fprintln(a.stdout)
	args := text.Args{
		"title": w.DisplayName, "name": w.Name, "old": w.OldFingerprint, "new": w.Fingerprint, "pin": w.Pin,
		"seen": a.localTime(w.Seen), "until": a.localTime(w.Until), "confirmer": w.Confirmer,
	}
	if w.Until == "" {
		a.say(text.CLITreeObjected, args)
	} else {
		a.say(text.CLITreeWaits, args)
	}
	ends := text.CLITreeEndsByPaper
	if w.Confirmer != "" {
		ends = text.CLITreeEnds
	}
	for _, line := range []text.Code{text.CLITreeOldPrint, text.CLITreeNewPrint, text.CLITreePin, ends} {
		a.line(a.stdout, "  "+a.t(line, args))
	}
}

// fingerprintShape is the shape of a fingerprint that is read out; package node parses it.
var fingerprintShape = regexp.MustCompile(`^([0-9A-Fa-f] *){24}$`)

func (a *app) treeConfirm() *cobra.Command {
	var n client.NewConfirmation
	c := a.verb("confirm NAME", text.CLIShortTreeConfirm, func(cmd *cobra.Command, args []string) error {
		if n.Fingerprint == "" {
			return a.toConfirm(cmd, args[0])
		}
		if !fingerprintShape.MatchString(n.Fingerprint) {
			return a.badValue("--fingerprint", n.Fingerprint, a.t(text.FormFingerprint, nil))
		}
		done, err := a.client().Confirm(cmd.Context(), args[0], n)
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, done)
		}
		a.say(text.CLITreeConfirmed, text.Args{"name": args[0], "entry": done.Entry})
		return nil
	})
	c.Long = a.t(text.CLILongTreeConfirm, nil)
	c.Flags().StringVar(&n.Fingerprint, "fingerprint", "", a.t(text.CLIFlagFingerprint, nil))
	c.Flags().StringVar(&n.Reason, "reason", "", a.t(text.CLIFlagReason, nil))
	with(c, "fingerprint", "reason")
	with(c, "reason", "fingerprint")
	return c
}

// toConfirm shows what there is to confirm, and how.
func (a *app) toConfirm(cmd *cobra.Command, name string) error {
	k, err := a.client().ToConfirm(cmd.Context(), name)
	if err != nil {
		return err
	}
	if a.jsonOnly {
		return printJSON(a.stdout, k)
	}
	args := text.Args{"title": k.DisplayName, "name": k.Name, "fingerprint": k.Fingerprint}
	a.say(text.CLITreeToConfirm, args)
	a.say(text.CLITreeHowToConfirm, args)
	return nil
}

func (a *app) treeObject() *cobra.Command {
	var n client.NewObjection
	var out string
	c := a.verb("object FILE", text.CLIShortTreeObject, func(cmd *cobra.Command, args []string) (err error) {
		if strings.Contains(args[0], "/keys/") {
			n.Pin = args[0]
		} else if n.Document, err = a.readInput(args[0]); errors.Is(err, fs.ErrNotExist) {
			return usage(text.CLIObjectWhat, text.Args{"value": text.Short(args[0])})
		} else if err != nil {
			return err
		}
		done, err := a.client().Object(cmd.Context(), n)
		if err != nil {
			return err
		}
		if out != "" {
			if err := writeFile(out, done.Document); err != nil {
				return err
			}
		}
		switch {
		case a.jsonOnly:
			return printJSON(a.stdout, done)
		case done.Taken:
			a.say(text.CLITreeObjectionTaken, nil)
		case out != "":
			a.say(text.CLITreeObjectionSigned, text.Args{"file": out})
		default:
			return usage(text.CLIOneNeeded, text.Args{"flag": "--at", "other": "--out"})
		}
		return nil
	})
	c.Long = a.t(text.CLILongTreeObject, nil)
	c.Flags().StringVar(&n.At, "at", "", a.t(text.CLIFlagObjectAt, nil))
	c.Flags().StringVar(&out, "out", "", a.t(text.CLIFlagObjectOut, nil))
	return c
}
