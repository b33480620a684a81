package main

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// notVerified are the flags, beside those of functions, that --verify excludes: they do not concern
// one fact.
var notVerified = []string{"count", "by", "where", "filter", "fields", "limit", "cursor", "all"}

func (a *app) queryCommand() *cobra.Command {
	var q client.Query
	var where []string
	var many client.FederatedQuery
	var verify string
	var all bool
	var use useFlags
	measures := measureFlags{}
	c := a.verb("query DATASET", text.CLIShortQuery, func(cmd *cobra.Command, args []string) error {
		q.Dataset = args[0]
		var err error
		if q.Use, err = a.use(use); err != nil {
			return err
		}
		flags := cmd.Flags()
		if err := cmp.Or(a.within(flags, "limit", 1, 1000), a.within(flags, "wait", 1, 100)); err != nil {
			return err
		}
		if flags.Changed("verify") {
			if err := notTogether(flags, "verify", slices.Concat(functions, notVerified)...); err != nil {
				return err
			}
			return a.verify(cmd.Context(), q, verify)
		}
		if q.Where, err = conditions(where); err != nil {
			return err
		}
		if q.Measure, err = measures.measure(flags); err != nil {
			return err
		}
		if err := cmp.Or(checkAll(flags), a.sortable(q.Measure), a.sortableRows(cmd.Context(), q)); err != nil {
			return err
		}
		switch isMany := isSelector(q.At); {
		case isMany && flags.Changed("cursor"):
			return usage(text.CLINotTogether, text.Args{"flag": "--cursor", "other": "--at " + q.At})
		case isMany && all:
			return a.allOfMany(q.At)
		case isMany && q.Measure == nil:
			return a.rowsOfMany(cmd.Context(), client.RowsQuery{Level: many.Level, Wait: many.Wait, Query: q})
		case isMany:
			many.At, many.Dataset, many.Where, many.Filter, many.Use = q.At, q.Dataset, q.Where, q.Filter, q.Use
			many.Measure = *q.Measure
			return a.federated(cmd.Context(), many)
		}
		if inPages := all && q.Measure != nil; firstGiven(flags, []string{"level", "audit"}) != "" || flags.Changed("wait") && !inPages {
			return usage(text.CLIFlagNeeded, text.Args{"flag": "--at '**.NAME'"})
		} else if inPages {
			return ofOnePlace(q.At, a.measureAll(cmd.Context(), q, many.Wait))
		}
		if all {
			return ofOnePlace(q.At, a.queryAll(cmd.Context(), q))
		}
		return ofOnePlace(q.At, a.query(cmd.Context(), q))
	})
	c.Long = a.t(text.CLILongQuery, nil)
	c.Example = `  xietong query villages --key 520102001001 --purpose residence-check
  xietong query villages --where name=观水社区 --fields code,name --purpose residence-check
  xietong query villages --filter 'code.startsWith("520102")' --count --purpose residence-check
  xietong query villages --key 520102001001 --verify name=观水社区 --purpose residence-check
  xietong query villages --at 南明区 --key 520102001001 --purpose residence-check
  xietong query villages --at '**.guizhou' --level county --count --by prefecture --purpose statistics
  xietong query households --at '**.guizhou' --average income --by prefecture,kind --purpose statistics`
	flags := c.Flags()
	flags.StringVar(&q.At, "at", "", a.t(text.CLIFlagAt, nil))
	flags.StringVar(&q.Key, "key", "", a.t(text.CLIFlagKey, nil))
	flags.StringArrayVar(&where, "where", nil, a.t(text.CLIFlagWhere, nil))
	flags.StringVar(&q.Filter, "filter", "", a.t(text.CLIFlagFilter, nil))
	flags.StringSliceVar(&q.Fields, "fields", nil, a.t(text.CLIFlagFields, nil))
	flags.IntVar(&q.Limit, "limit", 0, a.t(text.CLIFlagLimit, nil))
	flags.StringVar(&q.Cursor, "cursor", "", a.t(text.CLIFlagCursor, nil))
	flags.BoolVar(&all, "all", false, a.t(text.CLIFlagAll, nil))
	flags.StringVar(&many.Level, "level", "", a.t(text.CLIFlagOfLevel, nil))
	a.addMeasureFlags(flags, measures)
	flags.IntVar(&many.Wait, "wait", 0, a.t(text.CLIFlagWait, nil))
	flags.BoolVar(&many.Audit, "audit", false, a.t(text.CLIFlagAudit, nil))
	flags.StringVar(&verify, "verify", "", a.t(text.CLIFlagVerify, nil))
	a.addUseFlags(flags, &use)
	return a.listing(nil, c)
}

// ofOnePlace tells whoever asked one place, and may have meant those below it, or several, how many
// places are asked.
func ofOnePlace(at string, err error) error {
	switch {
	case at != "" && isProblem(err, text.UnknownDataset):
		return &advised{err, text.CLIAskBelow, text.Args{"name": at}}
	case strings.ContainsAny(at, ",，、;；") && (isProblem(err, text.JurisdictionUnknown) || isProblem(err, text.JurisdictionNear)):
		return &advised{err, text.CLIAskMany, nil}
	}
	return err
}

// query asks for records and prints the answer.
func (a *app) query(ctx context.Context, q client.Query) error {
	answer, err := a.client().Query(ctx, q)
	if err != nil {
		return err
	}
	return a.showAnswer(q, answer)
}

// showAnswer gives the answer to a question of one jurisdiction.
func (a *app) showAnswer(q client.Query, answer client.Answer) (err error) {
	if q.Measure != nil {
		err = a.showMeasure(figures{of: *q.Measure, groups: answer.Groups, whole: answer.Whole, total: answer.Count}, answer)
	} else {
		err = a.showRows(q, answer)
	}
	if err != nil || a.jsonOnly {
		return err
	}
	if answer.GrantedNow {
		a.tell(text.CLIQueryGranted, text.Args{"grant": answer.Grant, "until": cmp.Or(a.localTime(answer.GrantUntil), a.t(text.CLINothing, nil))})
	}
	a.sayGrant(q.Use, answer)
	a.tell(text.CLIQueryRows, text.Args{"count": number(answer.Count), "access": answer.Access})
	a.sayLeftOut(&answer)
	a.sayAsked(answer.Asked)
	a.sayStatus(answer.StatusAsOf)
	if answer.Cursor != "" {
		a.tell(text.CLIQueryMore, text.Args{"cursor": answer.Cursor})
	}
	return nil
}

// showRows gives the records of an answer.
func (a *app) showRows(q client.Query, answer client.Answer) error {
	columns := columnsOf(&answer, q.Fields)
	switch err := a.sortRecords(&answer, columns, q.Cursor == "" && answer.Cursor == ""); {
	case err != nil:
		return err
	case a.jsonOnly:
		return a.answer(answer)
	}
	return a.showRecords(answer.Rows, columns, q.Key != "")
}

// sayLeftOut tells how many records could not be compared, do not fit the catalogue entry, or could
// not be read, where there are any.
func (a *app) sayLeftOut(of *client.Answer) {
	all := number(max(of.TotalScanned, of.Count+of.Incomparable+of.Unreadable+of.Unfit)) // what was counted before is not looked at
	if of.Incomparable > 0 {
		a.tell(text.CLIQueryLeftOut, text.Args{"count": number(of.Incomparable), "of": all})
	}
	if of.Unfit > 0 {
		a.tell(text.CLIQueryUnfit, text.Args{"count": number(of.Unfit)})
	}
	if of.Unreadable > 0 {
		a.tell(text.CLIQueryUnreadable, text.Args{"count": number(of.Unreadable), "of": all})
	}
}

// sayGrant tells the end of the grant to whoever asked for an end and got no new grant.
func (a *app) sayGrant(u client.Use, answer client.Answer) {
	if u.Until != "" && !answer.GrantedNow && answer.GrantUntil != "" {
		a.tell(text.CLIQueryUnder, text.Args{"grant": answer.Grant, "until": a.localTime(answer.GrantUntil)})
	}
}

// sayAsked tells the entry in which this jurisdiction recorded that it asked another.
func (a *app) sayAsked(entry string) {
	if entry != "" {
		a.tell(text.CLIAsked, text.Args{"entry": entry})
	}
}

// sayStatus tells of when the standing is by which an answer was verified, where that is long ago.
func (a *app) sayStatus(asOf string) {
	if asOf != "" {
		a.tell(text.CLIStatusAsOf, text.Args{"at": a.localTime(asOf)})
	}
}

// verify asks whether a field has a value. It returns errAnsweredNo for any answer other than yes.
func (a *app) verify(ctx context.Context, q client.Query, fact string) error {
	switch {
	case q.Key == "":
		return usage(text.CLIFlagNeeded, text.Args{"flag": "--key"})
	case a.asFile():
		return usage(text.CLINotTogether, text.Args{"flag": "-o " + a.output.format, "other": "--verify"})
	}
	field, value, err := condition("--verify", fact)
	if err != nil {
		return err
	}
	v := client.Verification{At: q.At, Dataset: q.Dataset, Key: q.Key, Field: field, Value: value, Use: q.Use}
	verdict, err := a.client().Verify(ctx, v)
	if err != nil {
		return err
	}
	sentence, known := verdicts[verdict.Answer]
	switch {
	case !known:
		return client.ErrNotUnderstood
	case a.jsonOnly:
		err = a.answer(verdict)
	default:
		a.say(sentence, nil)
		a.tell(text.CLIAccess, text.Args{"access": verdict.Access})
		a.sayAsked(verdict.Asked)
		a.sayStatus(verdict.StatusAsOf)
	}
	if err == nil && verdict.Answer != client.AnswerYes {
		return errAnsweredNo
	}
	return err
}

// verdicts are the words for the outcomes of a verification.
var verdicts = map[string]text.Code{
	client.AnswerYes: text.CLIVerifyYes, client.AnswerNo: text.CLIVerifyNo, client.AnswerNoSuchRecord: text.CLIVerifyNone,
}

// conditions reads what --where says, each field once.
func conditions(where []string) (all map[string]json.RawMessage, err error) {
	for _, each := range where {
		field, value, err := condition("--where", each)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = map[string]json.RawMessage{}
		}
		if _, twice := all[field]; twice {
			return nil, usage(text.CLIFieldTwice, text.Args{"flag": "--where", "field": field})
		}
		all[field] = value
	}
	return all, nil
}

// condition reads field=value of the named flag. The value is sent as text, because only the node
// knows the type of the field in the schema: "520102" may be a text. A value with spaces around it
// is a slip, which would be equal to nothing.
func condition(flag, s string) (field string, value json.RawMessage, err error) {
	field, typed, ok := strings.Cut(s, "=")
	if !ok || field == "" {
		return "", nil, usage(text.CLIFieldValue, text.Args{"flag": flag, "value": text.Short(s)})
	}
	if bare := strings.TrimSpace(typed); bare != typed && bare != "" {
		return "", nil, usage(text.CLIFieldSpaces, text.Args{"flag": flag, "value": text.Short(s), "want": text.Short(strings.TrimSpace(field) + "=" + bare)})
	}
	value, err = json.Marshal(typed)
	return field, value, err
}
