package main

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/ground/text"
)

// agreed tells what a command would do, and asks, unless it was told yes. With --json it prints the
// plan, and asks nobody. An error, text.ConsentNeeded, means that nothing may be done. tell says
// the plan to a person; question ends it.
func (a *app) agreed(cmd *cobra.Command, yes bool, plan any, tell func(), question text.Code) error {
	notAgreed := text.Fail(text.ConsentNeeded, text.Args{"command": cmd.CommandPath()}, nil)
	if a.jsonOnly {
		if yes {
			return nil
		}
		return cmp.Or(printJSON(a.stdout, plan), notAgreed)
	}
	tell()
	if yes || a.agrees(question) {
		return nil
	}
	return notAgreed
}

// agrees asks the question, and reads a line.
func (a *app) agrees(question text.Code) bool {
	a.tell(question, nil)
	line, err := bufio.NewReader(io.LimitReader(a.stdin, 100)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false
	}
	return slices.Contains([]string{"y", "yes", "是", "好"}, strings.ToLower(strings.TrimSpace(line)))
}
