package catalog

import (
	"fmt"
	"strconv"
	"strings"

	"xietong/node/ground/pattern"
	"xietong/node/ground/rows"
	"xietong/node/ground/text"
)

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
