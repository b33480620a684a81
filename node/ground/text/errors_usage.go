package text

import "net/http"

// Problems of the lists of what was used and asked.
const (
	CursorNotOfList Code = "cursor-not-of-list"
	KindUnknown     Code = "kind-unknown"
	ListTooWide     Code = "list-too-wide"
	PeriodInvalid   Code = "period-invalid"
	MonthsOnly      Code = "months-only"
	OthersList      Code = "others-list"
)

var usageProblems = []problem{
	{
		number: 285, code: CursorNotOfList, status: http.StatusBadRequest,
		zh: parts{"游标不属于这份清单", "这个游标不是这份清单按这些条件给出的", "选项 --cursor",
			"请用与上一页相同的条件接着查；条件变了的，请不带 --cursor 从头开始"},
		en: parts{"Cursor of another list", "this cursor was not given by this list under these conditions", "the request (cursor)",
			"go on with the conditions of the page before; with other conditions begin without --cursor"},
	},
	{
		number: 286, code: ListTooWide, status: http.StatusUnprocessableEntity, params: []string{"limit"},
		zh: parts{"清单范围过大", "符合条件的部门和用途的组合超过 {limit} 种", "请求",
			"请再加上 --dataset、--agency 或 --jurisdiction 缩小范围"},
		en: parts{"List too wide", "the conditions fit more than {limit} [combination|combinations] of agencies and purposes", "the request",
			"narrow it with --dataset, --agency or --jurisdiction"},
	},
	{
		number: 287, code: PeriodInvalid, status: http.StatusBadRequest, params: []string{"from", "to"},
		zh: parts{"时间范围有误", "“{from}”至“{to}”不是可用的时间范围", "选项 --from、--to",
			"请写成月份（2026-10）、日期（2026-10-31）或带时区的时间（2026-10-31T18:00:00+08:00），且起点早于终点；月份和日期按本节点的时区计，终点当月、当日包括在内"},
		en: parts{"Not a period", "\"{from}\" to \"{to}\" is no period", "the flag --from, the flag --to",
			"give months such as 2026-10, days such as 2026-10-31, or times with their zone such as 2026-10-31T18:00:00+08:00, the earlier one first; months and days are those of the zone of the node, and the last one is included"},
	},
	{
		number: 288, code: OthersList, status: http.StatusForbidden, params: []string{"agency", "wanted"},
		zh: parts{"不能查看其他部门的清单", "部门 {agency} 只能查看本部门的记录，不能查看部门 {wanted} 的", "请求（agency）",
			"请去掉 --agency；确需查看的，请 {wanted} 自行查询，或请管理员查询"},
		en: parts{"List of another agency", "agency {agency} sees what is its own, and not what is {wanted}'s", "the request (agency)",
			"leave --agency out; ask {wanted}, or an administrator, for theirs"},
	},
	{
		number: 289, code: MonthsOnly, status: http.StatusBadRequest, params: []string{"from", "to"},
		zh: parts{"月份有误", "“{from}”至“{to}”不是可用的月份范围：计数按月（北京时间，+08:00）", "选项 --from、--to",
			"请写成月份，如 2026-10，且起始月份不晚于终止月份"},
		en: parts{"Not months", "\"{from}\" to \"{to}\" are no months, and counts are by month (of +08:00)", "the flag --from, the flag --to",
			"give months such as 2026-10, the earlier one first"},
	},
	{
		number: 467, code: KindUnknown, status: http.StatusBadRequest, params: []string{"kind", "kinds"},
		zh: parts{"没有这种条目", "没有名为“{kind}”的条目种类", "选项 --kind", "请用下列之一，或其编号：{kinds}"},
		en: parts{"Unknown kind of entry", "there is no kind of entry \"{kind}\"", "the flag --kind", "use one of these, or its number: {kinds}"},
	},
}
