package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) treeCommand() *cobra.Command {
	c := a.verb("tree", text.CLIShortTree, func(cmd *cobra.Command, _ []string) error {
		t, err := soon(cmd.Context(), a, a.client().Tree)
		if err != nil {
			return err
		}
		if !a.asFile() && !a.jsonOnly {
			a.printTree(t)
			return nil
		}
		return show(a, listed[related]{rows: neighboursOf(t), whole: func(rows []related) any { return treeOf(t, rows) }})
	})
	c.AddCommand(a.treeConfirm(), a.treeObject(), a.treeAcknowledge())
	return a.listing(nil, c)
}

// related is a neighbour, and what it is to this jurisdiction.
type related struct {
	Relation string `json:"relation"` // parent or child
	client.Neighbour
}

func neighboursOf(t client.Tree) (all []related) {
	if t.Parent != nil {
		all = append(all, related{"parent", *t.Parent})
	}
	for _, c := range t.Children {
		all = append(all, related{"child", c})
	}
	return all
}

// treeOf returns the tree with its children in the order of the rows.
func treeOf(t client.Tree, rows []related) client.Tree {
	t.Children = []client.Neighbour{}
	for _, r := range rows {
		if r.Relation == "child" {
			t.Children = append(t.Children, r.Neighbour)
		}
	}
	return t
}

func (a *app) printTree(t client.Tree) {
	a.say(text.CLITreeChain, text.Args{"chain": strings.Join(t.Chain, " > ")})
	a.say(text.CLITreeRoot, text.Args{"root": t.Root, "fingerprint": t.Fingerprint})
	if len(t.Addresses) > 0 {
		a.say(text.CLITreeListen, text.Args{"addresses": strings.Join(t.Addresses, ", ")})
	} else {
		a.say(text.CLITreeNoListen, nil)
	}
	var rows [][]string
	if t.Parent != nil {
		rows = append(rows, a.neighbour(text.CLITreeParent, *t.Parent))
	}
	for _, c := range t.Children {
		rows = append(rows, a.neighbour(text.CLITreeChild, c))
	}
	fmt.Fprintln(a.stdout)
	a.list([]text.Code{text.CLITreeRelation, text.WordCalled, text.CLIName, text.CLITreeLevel, text.CLITreeState, text.CLITreeUntil, text.CLITreeLink}, rows)
	if t.Began > 1 && len(t.Addresses) > 0 {
		a.say(text.CLITreeAnew, text.Args{"epoch": number(t.Began)})
	}
	if t.Parent != nil && t.Parent.Why != "" {
		a.say(text.CLITreeWhy, text.Args{"reason": text.Cause(a.lang, t.Parent.Why)})
	}
	if t.Parent != nil {
		a.alarm(*t.Parent)
	}
	for _, c := range t.Children {
		a.alarm(c)
	}
	for _, w := range t.Waiting {
		a.waiting(w)
	}
	for _, told := range append(a.lostTold(t.Lost), a.epochsTold(t.Parent, t.Children)...) {
		a.line(a.stdout, told)
	}
	for _, told := range a.witnessesTold(t.Parent, t.Children) {
		a.line(a.stdout, told)
	}
	for _, told := range a.summary(t.Name, t.Check) {
		a.line(a.stdout, told)
	}
	a.alarms(t.Check)
}

// alarm says what a person must look at, about one neighbour.
func (a *app) alarm(n client.Neighbour) {
	if n.Alarm != "" {
		title := text.Explain(a.lang, text.Code(n.Alarm), nil).Title
		a.say(text.CLITreeAlarm, text.Args{"name": n.DisplayName, "problem": title, "code": n.Alarm})
	}
}

// neighbour returns the line of the table for one neighbour.
func (a *app) neighbour(relation text.Code, n client.Neighbour) []string {
	state := map[string]text.Code{
		client.ChildInvited: text.CLITreeInvited, client.ChildJoined: text.CLITreeJoined, client.ChildExpired: text.CLITreeExpired,
		client.ChildWithdrawn: text.CLITreeWithdrawn, client.ChildCancelled: text.CLITreeCancelled,
		client.ChildDamaged: text.CLITreeDamaged, client.ChildHeld: text.CLITreeHeld,
		client.ChildLost: text.CLITreeRejoins, client.ParentDenies: text.CLITreeDenies, client.ParentOthers: text.CLITreeOthers,
	}[n.State]
	if n.Anew {
		state = text.CLITreeInvitedAnew
	}
	name := cmp.Or(n.ShortName, n.DisplayName)
	if n.EndorsedAs != "" {
		name = a.t(text.CLITreeRenamed, text.Args{"name": name, "then": n.EndorsedAs})
	}
	return []string{
		a.t(relation, nil), name, n.Name, text.Word(a.lang, n.Level), a.t(state, nil), a.localTime(n.Until), a.linkTold(n),
	}
}
