package text

import "strings"

// stillTold tells what an agency still has, such as "datasets: loans; grants that it holds: 2".
func stillTold(l Lang, value string) string {
	if l != Zh {
		return value
	}
	return strings.NewReplacer(
		"datasets: ", "在用的数据资源 ", "standards: ", "标准目录 ", "grants that it holds: ", "所持共享权限（项）", ", ", "、", "; ", "；",
	).Replace(value)
}
