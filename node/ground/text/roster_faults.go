package text

import (
	"strconv"
	"strings"
)

// RosterFault is what is wrong with one line of a file of places.
type RosterFault struct {
	Line  int    // of the file; 0: the fault is of the whole
	Kind  string // a key of rosterFaultWords
	Value string // what stands there
	Other string // the line, number or list that the fault is about
}

// Tell returns the fault as one sentence.
func (f RosterFault) Tell(l Lang) string {
	told := rosterFaultWords[f.Kind].told(l, Args{"value": Visible(Short(f.Value)), "other": Visible(f.Other)})
	if f.Line == 0 {
		return told
	}
	return faultWords["line"].told(l, Args{"n": strconv.Itoa(f.Line)}) + l.pick("：", ": ") + told
}

// RosterFaults returns faults as the value of a problem.
func RosterFaults(faults []RosterFault) string {
	lines := make([]string, len(faults))
	for i, f := range faults {
		parts := []string{strconv.Itoa(f.Line), f.Kind, Short(f.Value), f.Other}
		for i := range parts {
			parts[i] = strings.NewReplacer("\t", " ", "\n", " ").Replace(parts[i])
		}
		lines[i] = strings.Join(parts, "\t")
	}
	return strings.Join(lines, "\n")
}

// rosterFaults tells the faults of a file of places, each by a sentence of its own. What is no such
// list is told as it is shown.
func rosterFaults(l Lang, value, shown string) string {
	var told []string
	levels := 0
	for line := range strings.SplitSeq(value, "\n") {
		parts := strings.Split(line, "\t")
		if len(parts) != 4 {
			return shown
		}
		if parts[1] == "level" {
			if levels++; levels > 1 {
				parts[1] = "level again" // which there are was told
			}
		}
		n, _ := strconv.Atoi(parts[0])
		told = append(told, RosterFault{n, parts[1], parts[2], parts[3]}.Tell(l))
	}
	return strings.Join(told, l.pick("；", "; "))
}

var rosterFaultWords = map[string]word{
	"more":           {"另有 {value} 处", "and {value} more"},
	"too long":       {"文件长 {value} 字节，最多 {other} 字节", "the file has {value} [byte|bytes], and {other} at most are taken"},
	"no header":      {"没有可以辨认的表头，首行应为 {value} 等各列的名称", "there is no header that can be read; the first line names the columns {value}"},
	"unknown column": {"表头“{value}”不是名录的列；可用的列：{other}", "the header {value} is no column of a roster; the columns are {other}"},
	"column twice":   {"列 {value} 出现两次", "the column {value} stands twice"},
	"missing column": {"缺少列 {value}", "the column {value} is missing"},
	"quote":          {"引号没有配对，或者写在单元格中间", "a quotation mark is not closed, or stands within a cell"},
	"cells":          {"本行有 {value} 个单元格，表头有 {other} 个", "the line has {value} [cell|cells], and the header {other}"},
	"no place":       {"一个行政区划也没有", "it lists no place"},
	"too many":       {"多于 {value} 个行政区划，一份名录最多 {value} 个", "there are more than {value} [place|places], which is the most that a roster has"},
	"too much":       {"各行内容合计过长，一份名录最多 {value} 字节", "the names and codes are too long together: a roster has at most {value} [byte|bytes]"},
	"empty":          {"没有填写 {value}", "{value} is empty"},
	"long":           {"{value} 过长，最多 {other} 字节", "{value} is too long: at most {other} [byte|bytes]"},
	"unreadable":     {"{value} 中有不能辨认、看不见或易混淆的字符", "{value} has characters that cannot be read or seen, or that look like others"},
	"level": {"“{value}”不能作层级：可用国家级、省级、市级、县级、乡级、村级或其代码，也可用本国自己的层级名称（只含字母、数字和连字符）", "{value} is no level: " +
		"nation, province, prefecture, county, township, village, or a word of your own of letters, digits and hyphens"},
	"level again":  {"“{value}”不能作层级", "{value} is no level"},
	"code as name": {"名称“{value}”是第 {other} 行的代码，会与它混淆", "the name {value} is the code of line {other}, and would be taken for it"},
	"many levels":  {"“{value}”是第 {other} 种之后的又一种层级名称：本国自己的层级名称最多 {other} 种", "{value} is one level too many: a roster has at most {other} [level|levels] of its own"},
	"label":        {"标签“{value}”不合规定：只用小写字母、数字和连字符，首尾不用连字符", "the label {value} is not well formed: lower-case letters, digits and hyphens, no hyphen at an end"},
	"code twice":   {"代码 {value} 与第 {other} 行相同", "the code {value} is that of line {other}"},
	"two roots":    {"“{value}”没有上级，而第 {other} 行已经是根；一份名录只有一个根", "{value} has no parent, and line {other} is the root already; a roster has one root"},
	"orphan":       {"上级代码 {value} 在文件中没有对应的行政区划", "no place of the file has the code {value} of its parent"},
	"no root":      {"没有根：每个行政区划都有上级，其中必有循环", "there is no root: every place has a parent, so some lead back to themselves"},
	"cycle":        {"“{value}”的上级（代码 {other}）沿级向上又回到其自身，到不了根", "the parents of {value} (code {other}) lead back to it, and not to the root"},
	"deep":         {"“{value}”的名称过长或层级过深：连同各级上级不得超过 200 字节、{other} 级", "the name of {value} is too long or too deep: with all above it at most 200 bytes and {other} [level|levels]"},
	"label twice":  {"标签 {value} 与第 {other} 行相同，两者同属一个上级", "the label {value} is that of line {other}, which has the same parent"},
}
