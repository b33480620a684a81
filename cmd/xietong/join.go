package main

import (
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node"
	"xietong/node/ground/text"
)

// firewallFile is the form that is written if the parent does not answer.
const firewallFile = "firewall-request.txt"

// joinPhase is a step of joining, with the problems that it may end in.
type joinPhase struct {
	name  text.Code
	fails []text.Code
}

// joinSteps are the steps of joining in their order.
var joinSteps = []joinPhase{
	{text.JoinNetwork, []text.Code{text.ParentSilent, text.ParentNotThere, text.ParentVersion, text.ParentBroken, text.ParentUnreached}},
	{text.JoinClock, []text.Code{text.ClockApart, text.ParentUnproven}},
	{text.JoinDisk, []text.Code{text.DiskNoStart}},
	{text.JoinParent, []text.Code{text.ParentMismatch}},
	{text.JoinEndorsed, []text.Code{
		text.InvitationUnknown, text.InvitationCancelled, text.InvitationExpired, text.InvitationRedeemed, text.ChildMismatch, text.NotPossessed, text.OtherTree,
		text.EpochOther, text.RecoveryOther, text.InvitationOther,
	}},
}

func (a *app) joinCommand() *cobra.Command {
	var o joinOptions
	var asked, recover bool
	var paper shown
	var left *aloneFlags
	c := a.verb("join TOKEN", text.CLIShortJoin, func(cmd *cobra.Command, args []string) error {
		a.stopped = text.CLIJoinStoppedDo
		o.Options.Logger = slog.New(slog.DiscardHandler) // the steps and the error tell everything
		o.Told = func(s joinStep) { a.step(joinSteps, text.CLIJoinOK, s.Name, a.t(s.What, s.Args)) }
		if a.jsonOnly {
			o.Told = nil
		}
		if err := a.listens(o.Listen); err != nil {
			return err
		}
		if err := a.zones(cmd.Flags(), o.TimeZone); err != nil {
			return err
		}
		alone, err := left.agreed(a, cmd, recover || args[0] == "-")
		if err != nil {
			return err
		}
		o.Alone = alone
		token, err := a.token(args[0])
		if err != nil {
			return err
		}
		o.Paper = a.paperFor(asked, false, &paper)
		if recover {
			if alone == "" {
				if err := a.node.joinable(a.data, token); err != nil {
					return err
				}
			}
			if o.Recovery, err = a.readPaper(); err != nil {
				return err
			}
			defer o.Recovery.Wipe()
		}
		made, err := a.node.join(cmd.Context(), a.data, token, o)
		if err != nil {
			failed := a.joinFailed(token, err)
			a.paperFailed(paper)
			return errors.Join(err, failed)
		}
		made.Words = paper.words
		if a.jsonOnly {
			a.paperMissed(made.Papered, made.Name)
			return printJSON(a.stdout, made)
		}
		a.joinedAs(made, alone != "")
		if made.OnlyHere != "" {
			a.tell(text.CLIJoinOnlyHere, text.Args{"listen": made.OnlyHere, "file": made.Config})
		}
		a.say(text.CLIJoinZone, text.Args{"zone": a.zone().String()})
		a.say(text.CLIJoinDone, text.Args{"name": made.DisplayName, "dir": a.data})
		return nil
	})
	pasted(c)
	left = a.addAlone(c)
	c.Long = a.t(text.CLILongJoin, nil)
	c.Flags().BoolVar(&recover, "recovery", false, a.t(text.CLIFlagRecover, nil))
	c.Flags().BoolVar(&asked, "recovery-words", false, a.t(text.CLIFlagWords, nil))
	a.zoneFlag(c, &o.TimeZone)
	c.Flags().StringVar(&o.Listen, "listen", "", a.t(text.CLIFlagListen, nil))
	return c
}

// joinedAs says with which paper and in which epoch a place goes on that joined; alone, with the
// ledger and the recovery key of before.
func (a *app) joinedAs(made node.JoinResult, alone bool) {
	if alone {
		a.say(text.PaperKept, text.Args{"name": made.DisplayName, "fingerprint": made.Recovery})
	} else {
		a.papered(made.Papered, made.Recovery)
	}
	anew := made.Epoch > 1 && !made.Again
	switch {
	case made.Recovered:
		a.say(text.PaperBelieved, nil)
	case anew:
		a.say(text.PaperMissing, nil)
	}
	switch {
	case alone:
		a.say(text.CLIAloneDone, text.Args{"epoch": number(made.Epoch)})
	case anew:
		a.say(text.PaperAnew, text.Args{"epoch": number(made.Epoch)})
	}
}

// pasted has a verb take an invitation that was pasted with spaces in it, and comes as several
// arguments.
func pasted(c *cobra.Command) {
	check, run := c.Args, c.RunE
	c.Args = func(cmd *cobra.Command, args []string) error { return check(cmd, oneLine(args)) }
	c.RunE = func(cmd *cobra.Command, args []string) error { return run(cmd, oneLine(args)) }
}

func oneLine(args []string) []string {
	if len(args) < 2 {
		return args
	}
	return []string{strings.Join(args, " ")}
}

// maxToken bounds an invitation that is read, in bytes. It is longer than any that is taken.
const maxToken = 16 << 10

// token returns the invitation: the argument or, for -, the beginning of standard input, where
// neither the list of processes nor the history of a shell shows it. Sentences may stand before it,
// as in a mail, or all that invite printed. Mail folds the line: it goes on until it is complete,
// or to an empty line. What follows is left for readPaper.
func (a *app) token(argument string) (string, error) {
	if argument != "-" {
		return argument, nil
	}
	var typed []byte
	for one := make([]byte, 1); len(typed) < maxToken; typed = append(typed, one[0]) {
		if _, err := io.ReadFull(a.stdin, one); err != nil && !errors.Is(err, io.EOF) {
			return "", err
		} else if err != nil || one[0] == '\n' && a.tokenEnds(string(typed)) {
			break
		}
	}
	return strings.TrimSpace(string(typed)), nil
}

// tokenEnds reports whether nothing of an invitation is to come after the lines: an empty line ends
// one that has begun, and two end what is none. Somebody at a terminal is told that more is
// awaited.
func (a *app) tokenEnds(lines string) bool {
	all := strings.Split(lines, "\n")
	empty := func(fromLast int) bool {
		return len(all) >= fromLast && strings.TrimSpace(all[len(all)-fromLast]) == ""
	}
	switch {
	case strings.TrimSpace(lines) == "":
		return false
	case empty(1) && (empty(2) || node.InvitationBegun(lines)), node.InvitationComplete(lines):
		return true
	}
	if in, ok := a.stdin.(input); ok && isTerminal(in.file) {
		a.tell(text.CLITokenMore, nil)
	}
	return false
}

// step prints one of the steps of joining, in columns.
func (a *app) step(steps []joinPhase, mark, name text.Code, what string) {
	widest := 0
	for _, s := range steps {
		widest = max(widest, columns(a.t(s.name, nil)))
	}
	line := pad(a.t(mark, nil), 6) + pad(a.t(name, nil), widest+3) + what
	a.line(a.stdout, "  "+strings.TrimRight(line, " "))
}

// joinFailed shows which step failed, and writes a form for the network office if the parent did
// not answer.
func (a *app) joinFailed(token string, err error) error {
	f, ok := errors.AsType[*text.Failure](err)
	if !ok || a.jsonOnly {
		return nil
	}
	a.stepFailed(joinSteps, err)
	if f.Code != text.ParentSilent && f.Code != text.ParentUnreached {
		return nil
	}
	form, err := a.node.firewallRequest(a.lang, token, a.now().In(a.zone()))
	if err != nil {
		return err
	}
	if err := writeFile(firewallFile, []byte(form)); err != nil {
		return err
	}
	a.say(text.CLIJoinFirewall, text.Args{"file": firewallFile})
	return nil
}

// stepFailed shows which of the steps failed.
func (a *app) stepFailed(steps []joinPhase, err error) {
	f, ok := errors.AsType[*text.Failure](err)
	if !ok || a.jsonOnly {
		return
	}
	for _, s := range steps {
		if slices.Contains(s.fails, f.Code) {
			a.step(steps, text.CLIJoinFail, s.name, "")
		}
	}
}
