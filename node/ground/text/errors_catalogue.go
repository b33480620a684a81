package text

import "net/http"

// Problems of what leaves under a catalogue entry: empty conditions, later versions of an entry,
// and texts that are none.
const (
	Empty Code = "empty"
)

var catalogueProblems = []problem{
	{
		number: 240, code: Empty, status: http.StatusBadRequest, params: []string{"name"},
		zh: parts{"内容为空", "给出了 {name}，但没有内容", "{name}", "请填写内容；不需要这一项的，请整项去掉"},
		en: parts{"Empty", "{name} is given and empty", "{name}", "give it a value, or leave it out altogether"},
	},
}
