package main

import (
	"encoding/json"
	"strconv"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) recordCommand() *cobra.Command {
	return a.group("record", text.CLIShortRecord,
		a.recordCheck(), a.recordImport(), a.recordExport(), a.recordPut(), a.recordGet(), a.recordHistory(), a.recordRetract())
}

func (a *app) recordPut() *cobra.Command {
	return a.verb("put DATASET FILE.json", text.CLIShortRecordPut, func(cmd *cobra.Command, args []string) error {
		var record json.RawMessage
		if err := a.readJSON(args[1], &record); err != nil {
			return err
		}
		put, err := a.client().PutRecord(cmd.Context(), args[0], client.PutRecord{Record: record})
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, put)
		}
		code := text.CLIRecordPut
		switch {
		case put.Unchanged:
			code = text.CLIRecordSame
		case put.Replaced:
			code = text.CLIRecordReplaced
		}
		a.say(code, text.Args{"entry": put.Entry})
		return nil
	})
}

func (a *app) recordGet() *cobra.Command {
	var use useFlags
	c := a.verb("get DATASET KEY", text.CLIShortRecordGet, func(cmd *cobra.Command, args []string) error {
		u, err := a.use(use)
		if err != nil {
			return err
		}
		return a.query(cmd.Context(), client.Query{Dataset: args[0], Key: args[1], Use: u})
	})
	a.addUseFlags(c.Flags(), &use)
	return a.listing(nil, c)
}

// versionHeadings are the headings of the list, with the columns that they show.
var versionHeadings = []heading{
	{text.WordEntry, "entry"}, {text.WordTime, "time"}, {text.WordState, "state"}, {text.CLIImport, "import"}, {text.CLIReason, "reason"},
}

func (a *app) recordHistory() *cobra.Command {
	return a.listing(versionHeadings, a.verb("history DATASET KEY", text.CLIShortRecordHistory, func(cmd *cobra.Command, args []string) error {
		all, err := a.client().RecordHistory(cmd.Context(), args[0], args[1])
		if err != nil {
			return err
		}
		err = show(a, listed[client.RecordVersion]{
			rows:    all.Versions,
			whole:   func(rows []client.RecordVersion) any { return client.History{Versions: rows, Older: all.Older} },
			heading: versionHeadings,
			line: func(v client.RecordVersion) []string {
				return []string{v.Entry, a.localTime(v.Time), a.versionState(v.State), v.Import, v.Reason}
			},
		})
		if err == nil && all.Older && !a.jsonOnly {
			a.tell(text.CLIRecordOlder, text.Args{"count": strconv.Itoa(len(all.Versions))})
		}
		return err
	}))
}

func (a *app) versionState(state string) string {
	switch state {
	case client.VersionPut:
		return a.t(text.CLIVersionPut, nil)
	case client.VersionRetracted:
		return a.t(text.CLIVersionRetracted, nil)
	}
	return state
}

func (a *app) recordRetract() *cobra.Command {
	var reason string
	c := a.verb("retract DATASET KEY", text.CLIShortRecordRetract, func(cmd *cobra.Command, args []string) error {
		done, err := a.client().RetractRecord(cmd.Context(), args[0], client.Retraction{Key: args[1], Reason: reason})
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, done)
		}
		a.say(text.CLIRecordRetracted, text.Args{"entry": done.Entry})
		return nil
	})
	c.Flags().StringVar(&reason, "reason", "", a.t(text.CLIFlagReason, nil))
	needed(c, "reason")
	return c
}
