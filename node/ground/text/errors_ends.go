package text

import "net/http"

// Problems of what ends something, cuts it off or makes it permanent.
const ConsentNeeded Code = "consent-needed"

var endsProblems = []problem{
	{
		number: 460, code: ConsentNeeded, status: http.StatusConflict, params: []string{"command"},
		zh: parts{"未经确认", "没有确认，未作任何改动", "{command}", "请看清影响后在提示时回答 y 或“是”，或加 --yes"},
		en: parts{"Not confirmed", "nobody confirmed it, so nothing was changed", "{command}", "read what it would do, and answer y or yes, or give --yes"},
	},
}
