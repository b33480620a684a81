package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (a *app) questionCommand() *cobra.Command {
	return a.group("question", text.CLIShortQuestion, a.questionSave(), a.questionRun(), a.questionList(), a.questionShow(), a.questionRemove())
}

func (a *app) questionSave() *cobra.Command {
	var q client.NewQuestion
	var where []string
	var use useFlags
	var yes bool
	measures := measureFlags{}
	c := a.verb("save QUESTION DATASET", text.CLIShortQuestionSave, func(cmd *cobra.Command, args []string) (err error) {
		q.Name, q.Dataset = args[0], args[1]
		if q.Use, err = a.use(use); err != nil {
			return err
		}
		if q.Where, err = conditions(where); err != nil {
			return err
		}
		if q.Measure, err = measures.measure(cmd.Flags()); err != nil {
			return err
		}
		if q.Level != "" && !isSelector(q.At) {
			return usage(text.CLIFlagNeeded, text.Args{"flag": "--at '**.NAME'"})
		}
		return a.saveQuestion(cmd, q, yes)
	})
	c.Long = a.t(text.CLILongQuestionSave, nil)
	c.Example = `  xietong question save 各县户数 villages --at '**.guizhou' --count --by prefecture --purpose statistics`
	flags := c.Flags()
	a.addQuestionFlags(flags, &q.Question, &where)
	a.addMeasureFlags(flags, measures)
	a.addUseFlags(flags, &use)
	flags.BoolVar(&yes, "yes", false, a.t(text.CLIFlagYes, nil))
	needed(c, "purpose")
	return c
}

// saveQuestion saves a question. Where the node says that another one has its name, it is shown,
// and whether the new one shall take its place is asked: all else was found good then.
func (a *app) saveQuestion(cmd *cobra.Command, q client.NewQuestion, yes bool) error {
	done, err := a.client().SaveQuestion(cmd.Context(), q)
	if p, ok := errors.AsType[*client.Problem](err); ok && p.Code == string(text.QuestionTaken) {
		before, err := a.client().SavedQuestion(cmd.Context(), q.Name)
		if err != nil {
			return err
		}
		tell := func() {
			a.tell(text.CLIQuestionThere, text.Args{"question": before.Name, "what": a.asksFor(before.Question), "months": number(uint64(len(before.Kept)))})
		}
		if err := a.agreed(cmd, yes, before, tell, text.CLIQuestionAsk); err != nil {
			return err
		}
		q.Replaces = before.Entry
		done, err = a.client().SaveQuestion(cmd.Context(), q)
		return a.toldSaved(q, done, err)
	}
	return a.toldSaved(q, done, err)
}

// toldSaved tells what saving a question did.
func (a *app) toldSaved(q client.NewQuestion, done client.QuestionEntered, err error) error {
	said := text.CLIQuestionSaved
	switch {
	case err != nil:
		return err
	case a.jsonOnly:
		return printJSON(a.stdout, done)
	case done.Unchanged:
		said = text.CLIQuestionSame
	}
	a.say(said, text.Args{"question": q.Name, "entry": done.Entry})
	return nil
}

// asksFor tells in a line what a question asks for.
func (a *app) asksFor(q client.Question) string {
	parts := slices.DeleteFunc([]string{q.Dataset, q.At, q.Level, a.onlyThose(q), strings.Join(q.Fields, a.t(text.CLINameComma, nil)), a.measureTold(q.Measure), q.Purpose}, func(s string) bool { return s == "" })
	return strings.Join(parts, a.t(text.CLIListComma, nil))
}

// onlyThose tells which records a question is about: those of a key, or that meet conditions; "":
// all.
func (a *app) onlyThose(q client.Question) string {
	var all []string
	if q.Key != "" {
		all = append(all, a.t(text.CLIKey, nil)+"="+q.Key)
	}
	for _, field := range slices.Sorted(maps.Keys(q.Where)) {
		var value string
		if json.Unmarshal(q.Where[field], &value) != nil {
			value = string(q.Where[field])
		}
		all = append(all, field+"="+value)
	}
	if q.Filter != "" {
		all = append(all, q.Filter)
	}
	return strings.Join(all, a.t(text.CLIListComma, nil))
}

func (a *app) addQuestionFlags(flags *pflag.FlagSet, q *client.Question, where *[]string) {
	flags.StringVar(&q.At, "at", "", a.t(text.CLIFlagAt, nil))
	flags.StringVar(&q.Level, "level", "", a.t(text.CLIFlagOfLevel, nil))
	flags.StringVar(&q.Key, "key", "", a.t(text.CLIFlagKey, nil))
	flags.StringArrayVar(where, "where", nil, a.t(text.CLIFlagWhere, nil))
	flags.StringVar(&q.Filter, "filter", "", a.t(text.CLIFlagFilter, nil))
	flags.StringSliceVar(&q.Fields, "fields", nil, a.t(text.CLIFlagFields, nil))
}

// entered prints that something was done with the question of a name.
func (a *app) entered(said text.Code, question string, done client.Entered, err error) error {
	switch {
	case err != nil:
		return err
	case a.jsonOnly:
		return printJSON(a.stdout, done)
	}
	a.say(said, text.Args{"question": question, "entry": done.Entry})
	return nil
}

func (a *app) questionRun() *cobra.Command {
	c := a.listing(nil, a.verb("run QUESTION", text.CLIShortQuestionRun, func(cmd *cobra.Command, args []string) error {
		if a.output.sort != "" { // before the use is recorded
			q, err := a.client().SavedQuestion(cmd.Context(), args[0])
			if err == nil {
				err = cmp.Or(a.sortable(q.Measure), a.sortableRows(cmd.Context(), q.Query))
			}
			if err != nil {
				return err
			}
		}
		run, err := a.client().RunQuestion(cmd.Context(), args[0])
		if err != nil {
			return a.uncovered(client.Measure{}, err)
		}
		if a.jsonOnly {
			return a.answer(run)
		}
		if err = a.showRun(run); err == nil || errors.Is(err, errAnsweredNo) {
			a.tellCompared(run)
		}
		return err
	}))
	c.Long = a.t(text.CLILongQuestionRun, nil)
	return c
}

// showRun prints the answer to a saved question, as to one that was just typed.
func (a *app) showRun(run client.QuestionRun) error {
	switch {
	case run.Many != nil && run.Question.Measure != nil:
		return a.showFederated(client.FederatedQuery{Measure: *run.Question.Measure}, *run.Many)
	case run.Answer != nil:
		return a.showAnswer(run.Question.Query, *run.Answer)
	}
	return client.ErrNotUnderstood
}

// tellCompared tells what changed since an earlier month, or why that cannot be told.
func (a *app) tellCompared(run client.QuestionRun) {
	c := run.Compared
	switch {
	case run.Kept == "":
		return
	case c == nil:
		a.tell(text.CLIQuestionFirst, nil)
	case !c.Same:
		a.tell(text.CLIQuestionCoverage, text.Args{
			"month": c.Month, "answered": number(c.Before.Answered), "members": number(c.Before.Members),
			"answerednow": number(c.Now.Answered), "membersnow": number(c.Now.Members),
		})
		if len(c.Came) > 0 {
			a.tell(text.CLIQuestionCame, text.Args{"names": a.called(nil, c.Came...)})
		}
		if len(c.Gone) > 0 {
			a.tell(text.CLIQuestionGone, text.Args{"names": a.called(nil, c.Gone...)})
		}
	case !c.SameLeftOut:
		a.tell(text.CLIQuestionLeftOut, text.Args{
			"month": c.Month, "before": number(c.Before.LeftOut), "now": number(c.Now.LeftOut),
			"totalbefore": number(c.Before.Total), "total": number(c.Now.Total),
		})
	default:
		a.tellChange(c)
	}
	if c != nil && run.Many != nil && c.Total != "" {
		a.tell(text.CLIQuestionEntries, nil)
	}
	if c != nil && c.VersionBefore != c.Version && c.VersionBefore > 0 {
		a.tell(text.CLIQuestionVersion, text.Args{"before": number(c.VersionBefore), "now": number(c.Version)})
	}
	a.tell(text.CLIQuestionKept, text.Args{"entry": run.Kept})
}

func (a *app) tellChange(c *client.Comparison) {
	a.tell(text.CLIQuestionSince, text.Args{"month": c.Month, "before": number(c.Before.Total), "now": number(c.Now.Total), "change": c.Total})
	if c.Amount != "" {
		a.tell(text.CLIQuestionAmount, text.Args{"month": c.Month, "before": c.Before.Amount, "now": c.Now.Amount, "change": c.Amount})
	}
	for _, g := range c.Groups {
		a.tellGroup(g)
	}
	if before, now := c.Before.Small+c.Before.Others, c.Now.Small+c.Now.Others; before+now > 0 {
		a.tell(text.CLIQuestionSmall, text.Args{"before": number(before), "now": number(now)})
	}
	if c.Now.LeftOut > 0 {
		a.tell(text.CLIQuestionLeft, text.Args{"count": number(c.Now.LeftOut)})
	}
}

// tellGroup tells what became of a group: of its amounts where it has any, else of its records.
func (a *app) tellGroup(g client.Change) {
	before, now, change := g.AmountBefore, g.AmountNow, g.Amount
	if before == "" && now == "" {
		before, now, change = numberIn(g.Before), numberIn(g.Now), g.Count
	}
	if before == now {
		return
	}
	none, said := a.t(text.CLIQuestionNotTold, nil), text.CLIQuestionGroup
	if change == "" {
		said = text.CLIQuestionUntold
	}
	var values []string
	for _, value := range g.Values {
		values = append(values, a.shownValue(value, false))
	}
	a.tell(said, text.Args{
		"group": strings.Join(values, " "), "before": cmp.Or(before, none), "now": cmp.Or(now, none), "change": change,
	})
}

// numberIn returns a number as it is told; "" where it is not told.
func numberIn(n *uint64) string {
	if n == nil {
		return ""
	}
	return number(*n)
}

// questionHeadings are the headings of the list, with the columns that they show.
var questionHeadings = []heading{
	{text.CLIQuestionName, "name"}, {text.WordDataset, "dataset"}, {text.CLIQuestionAt, "at"}, {text.CLIQuestionWhere, "where"}, {text.CLIQuestionMeasure, "measure"}, {text.WordPurpose, "purpose"}, {text.CLIQuestionMonths, "kept"},
}

func (a *app) questionList() *cobra.Command {
	return a.listing(questionHeadings, a.verb("list", text.CLIShortQuestionList, func(cmd *cobra.Command, _ []string) error {
		all, err := a.client().Questions(cmd.Context())
		if err != nil {
			return err
		}
		for _, entry := range all.Unreadable {
			a.tell(text.CLIQuestionDamaged, text.Args{"entry": entry})
		}
		return show(a, listed[client.SavedQuestion]{
			rows: all.Questions, whole: func(rows []client.SavedQuestion) any {
				return client.Questions{Questions: rows, Unreadable: all.Unreadable}
			},
			heading: questionHeadings, spare: []string{"kept", "purpose"},
			line: func(q client.SavedQuestion) []string {
				return []string{q.Name, q.Dataset, q.At, a.onlyThose(q.Question), a.measureTold(q.Measure), q.Purpose, fmt.Sprint(len(q.Kept))}
			},
		})
	}))
}

// measureTold returns what is measured, such as "sum income by kind".
func (a *app) measureTold(m *client.Measure) string {
	if m == nil {
		return ""
	}
	told := strings.TrimSpace(a.t(functionNames[m.Function], nil) + " " + m.Field)
	if len(m.By) > 0 {
		told = a.t(text.CLIMeasuredBy, text.Args{"what": told, "by": strings.Join(m.By, a.t(text.CLIListComma, nil))})
	}
	return told
}

func (a *app) questionShow() *cobra.Command {
	return a.verb("show QUESTION", text.CLIShortQuestionShow, func(cmd *cobra.Command, args []string) error {
		q, err := a.client().SavedQuestion(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		if a.jsonOnly {
			return printJSON(a.stdout, q)
		}
		var months []string
		for _, k := range q.Kept {
			months = append(months, k.Month)
		}
		comma := a.t(text.CLIListComma, nil)
		a.pairs(given([]pair{
			{a.t(text.CLIQuestionName, nil), q.Name}, {a.t(text.WordDataset, nil), q.Dataset}, {a.t(text.CLIQuestionAt, nil), q.At},
			{a.t(text.CLITreeLevel, nil), text.Word(a.lang, q.Level)}, {a.t(text.CLIQuestionWhere, nil), a.onlyThose(q.Question)},
			{a.t(text.CLIQuestionFields, nil), strings.Join(q.Fields, comma)}, {a.t(text.CLIQuestionMeasure, nil), a.measureTold(q.Measure)},
			{a.t(text.WordPurpose, nil), q.Purpose}, {a.t(text.WordUntil, nil), a.localTime(q.Until)},
			{a.t(text.WordEntry, nil), q.Entry}, {a.t(text.WordTime, nil), a.localTime(q.Saved)},
			{a.t(text.CLIQuestionMonths, nil), strings.Join(months, comma)},
		}))
		return nil
	})
}

func (a *app) questionRemove() *cobra.Command {
	return a.verb("remove QUESTION", text.CLIShortQuestionRemove, func(cmd *cobra.Command, args []string) error {
		done, err := a.client().RemoveQuestion(cmd.Context(), args[0])
		return a.entered(text.CLIQuestionRemoved, args[0], done, err)
	})
}
