package catalog

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"xietong/certs/identity"
	"xietong/node/ground/pattern"
	"xietong/node/ground/rows"
	"xietong/node/ground/text"
)

// Written checks an entry that a person wrote as for a publication, as far as that goes where no
// node runs, and returns the schema of its records. The agency may be missing: whoever publishes it
// is that. The error is that of Invalid.
func (e Entry) Written() (*rows.Schema, error) {
	if e.Agency.IsZero() {
		e.Agency = e.Code // any that has the form
	}
	schema, _, err := e.checked()
	if err != nil {
		return nil, invalid(e.Code, err)
	}
	return schema, nil
}

// Invalid returns the failure that tells a person why the entry with the code cannot be published.
// The code may be any text that a person typed.
func Invalid(code string, err error) error {
	if unfit, ok := errors.AsType[*rows.Unfit](err); ok {
		return unfitted(text.Short(code), unfit, err)
	}
	return text.Fail(text.EntryInvalid, text.Args{"dataset": text.Short(code), "reason": reason(err)}, err)
}

func invalid(code identity.Label, err error) error { return Invalid(code.String(), err) }

func reason(err error) string { return strings.TrimPrefix(err.Error(), ErrInvalid.Error()+": ") }

// unfitted returns the failure that says in which way a schema is beyond what is taken.
func unfitted(code string, unfit *rows.Unfit, err error) error {
	args := text.Args{"dataset": code, "where": fmt.Sprintf("/%.200s", unfit.Where)}
	switch unfit.Rule {
	case rows.Keywords:
		args["keyword"] = unfit.What
		return text.Fail(text.KeywordNotTaken, args, err)
	case rows.Formats:
		args["format"], args["known"] = unfit.What, strings.Join(rows.KnownFormats, ", ")
		return text.Fail(text.FormatNotTaken, args, err)
	case rows.Beside:
		args["keyword"], args["type"], _ = strings.Cut(unfit.What, ": ")
		return text.Fail(text.KeywordBeside, args, err)
	case rows.Never:
		args["keyword"] = unfit.What
		return text.Fail(text.SchemaNever, args, err)
	case rows.TitleTwice:
		named := strings.SplitN(unfit.What, "\n", 3)
		args["field"], args["other"], args["title"] = named[0], named[1], text.Short(named[2])
		return text.Fail(text.TitleTwice, args, err)
	case rows.Names:
		args["field"], args["limit"] = unfit.What, strconv.Itoa(rows.MaxName)
		return text.Fail(text.FieldName, args, err)
	case rows.Patterns:
		args["reason"], args["limit"] = unfit.What, strconv.Itoa(pattern.MaxInstructions)
		return text.Fail(text.PatternRefused, args, err)
	}
	args["limit"] = strconv.Itoa(rows.MaxNodes)
	return text.Fail(text.SchemaTooLarge, args, err)
}
