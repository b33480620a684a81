package main

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/client"
	"xietong/node/text"
)

func (a *app) queryCommand() *cobra.Command {
	var q client.Query
	var where []string
	var verify string
	var use useFlags
	c := a.verb("query DATASET", text.CLIShortQuery, func(cmd *cobra.Command, args []string) error {
		q.Dataset = args[0]
		var err error
		if q.Use, err = a.use(use); err != nil {
			return err
		}
		if cmd.Flags().Changed("verify") {
			for _, other := range []string{"where", "filter", "fields", "limit", "cursor", "count"} {
				if cmd.Flags().Changed(other) {
					return usage(text.CLINotTogether, text.Args{"flag": "--verify", "other": "--" + other})
				}
			}
			return a.verify(cmd.Context(), q, verify)
		}
		types := &fieldTypes{app: a, dataset: q.Dataset}
		for _, condition := range where {
			field, value, err := types.parse(cmd.Context(), "--where", condition)
			if err != nil {
				return err
			}
			if q.Where == nil {
				q.Where = map[string]json.RawMessage{}
			}
			if _, twice := q.Where[field]; twice {
				return usage(text.CLIFieldTwice, text.Args{"flag": "--where", "field": field})
			}
			q.Where[field] = value
		}
		return a.query(cmd.Context(), q)
	})
	c.Long = a.t(text.CLILongQuery, nil)
	c.Example = `  xietong query villages --key 520102001001 --purpose residence-check
  xietong query villages --where name=观水社区 --fields code,name --purpose residence-check
  xietong query villages --filter 'code.startsWith("520102")' --count --purpose residence-check
  xietong query villages --key 520102001001 --verify name=观水社区 --purpose residence-check`
	flags := c.Flags()
	flags.StringVar(&q.Key, "key", "", a.t(text.CLIFlagKey, nil))
	flags.StringArrayVar(&where, "where", nil, a.t(text.CLIFlagWhere, nil))
	flags.StringVar(&q.Filter, "filter", "", a.t(text.CLIFlagFilter, nil))
	flags.StringSliceVar(&q.Fields, "fields", nil, a.t(text.CLIFlagFields, nil))
	flags.IntVar(&q.Limit, "limit", 0, a.t(text.CLIFlagLimit, nil))
	flags.StringVar(&q.Cursor, "cursor", "", a.t(text.CLIFlagCursor, nil))
	flags.BoolVar(&q.Count, "count", false, a.t(text.CLIFlagCount, nil))
	flags.StringVar(&verify, "verify", "", a.t(text.CLIFlagVerify, nil))
	a.addUseFlags(flags, &use)
	return c
}

// query asks for records and prints the answer.
func (a *app) query(ctx context.Context, q client.Query) error {
	answer, err := a.client().Query(ctx, q)
	if err != nil {
		return err
	}
	if a.jsonOnly {
		return printJSON(a.stdout, answer)
	}
	if err := printRecords(a.stdout, answer.Rows, q.Fields, q.Key != ""); err != nil {
		return err
	}
	if answer.GrantedNow {
		a.say(text.CLIQueryGranted, text.Args{"grant": answer.Grant, "until": cmp.Or(q.Until, a.t(text.CLINothing, nil))})
	}
	a.say(text.CLIQueryRows, text.Args{"count": number(answer.Count), "access": answer.Access})
	if answer.Cursor != "" {
		a.say(text.CLIQueryMore, text.Args{"cursor": answer.Cursor})
	}
	return nil
}

// verify asks whether a field has a value. An answer other than yes ends in exitUnverified.
func (a *app) verify(ctx context.Context, q client.Query, condition string) error {
	if q.Key == "" {
		return usage(text.CLIFlagNeeded, text.Args{"flag": "--key"})
	}
	types := &fieldTypes{app: a, dataset: q.Dataset}
	field, value, err := types.parse(ctx, "--verify", condition)
	if err != nil {
		return err
	}
	v := client.Verification{Dataset: q.Dataset, Key: q.Key, Field: field, Value: value, Use: q.Use}
	verdict, err := a.client().Verify(ctx, v)
	if err != nil {
		return err
	}
	sentence, known := map[string]text.Code{
		client.AnswerYes: text.CLIVerifyYes, client.AnswerNo: text.CLIVerifyNo, client.AnswerNoSuchRecord: text.CLIVerifyNone,
	}[verdict.Answer]
	switch {
	case !known:
		return client.ErrNotUnderstood
	case a.jsonOnly:
		err = printJSON(a.stdout, verdict)
	default:
		a.say(sentence, nil)
		a.say(text.CLIAccess, text.Args{"access": verdict.Access})
	}
	if err == nil && verdict.Answer != client.AnswerYes {
		return errAnsweredNo
	}
	return err
}

// fieldTypes turns field=value into JSON. A value that reads as a number or a truth value is one only if the dataset's
// schema says so for its field: "520102" may well be text. The schema is fetched when it is needed, once.
type fieldTypes struct {
	app     *app
	dataset string
	kinds   map[string]string
}

// parse reads one condition of the named flag.
func (t *fieldTypes) parse(ctx context.Context, flag, condition string) (field string, value json.RawMessage, err error) {
	field, s, ok := strings.Cut(condition, "=")
	if !ok || field == "" {
		return "", nil, usage(text.CLIFieldValue, text.Args{"flag": flag, "value": condition})
	}
	if looksTyped(s) {
		kind, err := t.kind(ctx, field)
		if err != nil {
			return "", nil, err
		}
		if fits(kind, s) {
			return field, json.RawMessage(s), nil
		}
	}
	value, err = json.Marshal(s)
	return field, value, err
}

// looksTyped reports whether s is the JSON of a number or a truth value.
func looksTyped(s string) bool {
	return s == "true" || s == "false" || s != "" && strings.Contains("-0123456789", s[:1]) && json.Valid([]byte(s))
}

// fits reports whether s, which looks typed, is of a kind that the schema allows.
func fits(kind, s string) bool {
	if s == "true" || s == "false" {
		return strings.Contains(kind, "boolean")
	}
	return strings.Contains(kind, "integer") || strings.Contains(kind, "number")
}

// kind returns the schema's type of a field: a name, a JSON list of names, or "".
func (t *fieldTypes) kind(ctx context.Context, field string) (string, error) {
	if t.kinds == nil {
		d, err := t.app.client().Dataset(ctx, t.dataset)
		if err != nil {
			return "", err
		}
		t.kinds = map[string]string{}
		for _, f := range schemaFields(d.Schema) {
			t.kinds[f.name] = f.kind
		}
	}
	return t.kinds[field], nil
}
