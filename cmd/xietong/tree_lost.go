package main

import (
	"cmp"
	"slices"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// lostTold tells what the own ledger lost, each time; the last of the epochs is the one that it is
// in.
func (a *app) lostTold(all []client.Lost) (lines []string) {
	for i, l := range all {
		args, code := text.Args{"first": cmp.Or(l.First, number(l.From)), "last": l.Last}, text.CLITreeLostOne
		switch {
		case l.To == l.From:
			code = text.CLITreeLostFrom
		case l.First == "": // of several logs
			args = text.Args{"first": number(l.From), "last": number(l.To - 1), "before": number(l.Before), "until": number(l.Epoch - 1)}
			code = text.CLITreeLostSeveral
		case l.To-l.From > 1:
			code = text.CLITreeLost
		}
		when := text.CLITreeLostThen
		if i == len(all)-1 {
			when = text.CLITreeLostNow
		}
		lines = append(lines, a.t(when, text.Args{"epoch": number(l.Epoch), "entry": l.Entry, "what": a.t(code, args)}))
		if l.ByHandUntil != "" {
			lines = append(lines, a.t(text.CLITreeByHand, text.Args{"entry": l.Entry, "until": a.localTime(l.ByHandUntil)}))
		}
	}
	return lines
}

// epochsTold tells which neighbours have begun a new epoch and, of children, what they say that
// they lost.
func (a *app) epochsTold(parent *client.Neighbour, children []client.Neighbour) (lines []string) {
	if parent != nil {
		children = append([]client.Neighbour{*parent}, children...)
	}
	for _, n := range children {
		if n.Epoch > 1 && !slices.ContainsFunc(n.Lost, func(l client.Lost) bool { return l.Epoch == n.Epoch }) {
			lines = append(lines, a.t(text.CLITreeEpoch, text.Args{"name": n.DisplayName, "epoch": number(n.Epoch)}))
		}
		for _, l := range n.Lost {
			args := text.Args{"name": n.DisplayName, "epoch": number(l.Epoch), "entry": l.Entry, "from": number(l.From), "seen": number(l.Seen)}
			code := text.CLITreeChildLostFrom
			if l.To > l.From {
				code, args["to"], args["count"] = text.CLITreeChildLost, number(l.To-1), number(l.To-l.From)
			}
			if l.Before+1 < l.Epoch && l.To > l.From { // of several logs
				code, args["before"], args["until"] = text.CLITreeChildLostSeveral, number(l.Before), number(l.Epoch-1)
			}
			lines = append(lines, a.t(code, args))
		}
	}
	return lines
}
