package text

import (
	"slices"
	"strconv"
	"strings"
)

// Description is a kind of problem as a program's author reads of it: the sentences have their
// placeholders in them.
type Description struct {
	Code   Code
	Number uint16
	Status int      // of HTTP
	Values []string // the placeholders
	Explanation
	Terminal string // what to do at the command line; Do is what to do over HTTP
}

// Describe returns the description of a kind of problem; false: there is none with the code.
func Describe(l Lang, code Code) (d Description, ok bool) {
	p, ok := byCode[code]
	if !ok {
		return d, false
	}
	return Description{p.code, p.number, p.status, p.params, ExplainHTTP(l, code, nil), Explain(l, code, nil).Do}, true
}

// Codes returns the codes of all problems, by their numbers.
func Codes() (all []Code) {
	for _, p := range byCode {
		all = append(all, p.code)
	}
	slices.SortFunc(all, func(a, b Code) int { return int(Number(a)) - int(Number(b)) })
	return all
}

// PageWords are the headings of a description, in the language.
type PageWords struct{ What, Where, Do, Terminal, Status, Number, Values string }

// WordsOfPage returns them.
func WordsOfPage(l Lang) PageWords {
	if l == Zh {
		return PageWords{"发生了什么", "位置", "怎么办", "在命令行上怎么办", "HTTP 状态", "编号", "句中的值"}
	}
	return PageWords{"What happened", "Where", "What to do", "What to do at the command line", "HTTP status", "Number", "Values in the sentences"}
}

// Markdown returns the description as Markdown, without a heading:
//
//	**What happened:** there is no dataset {dataset}
//	**Where:** {jurisdiction}
//	**What to do:** see what there is with `GET /v1/datasets?at={jurisdiction}`
//
// What holds for every language (status, number, values) is in the last line.
func (d Description) Markdown(l Lang) string {
	w := WordsOfPage(l)
	lines := [][2]string{{w.What, d.What}, {w.Where, d.Where}, {w.Do, d.Do}}
	if d.Terminal != d.Do {
		lines = append(lines, [2]string{w.Terminal, d.Terminal})
	}
	var b strings.Builder
	for _, line := range lines {
		b.WriteString("- **" + line[0] + l.pick("：", ":") + "** " + line[1] + "\n")
	}
	return b.String()
}

// Facts returns what holds of the problem in every language, as a line.
func (d Description) Facts(l Lang) string {
	w := WordsOfPage(l)
	s := w.Status + " " + strconv.Itoa(d.Status) + l.pick("；", "; ") + w.Number + " " + strconv.Itoa(int(d.Number))
	if len(d.Values) > 0 {
		s += l.pick("；", "; ") + w.Values + l.pick("：", ": ") + strings.Join(d.Values, l.pick("、", ", "))
	}
	return s
}
