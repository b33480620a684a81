package text

import "net/http"

// Codes of problems with the list of all that became of agencies.
const (
	AgencyListFull Code = "agency-list-full"
	AgencyRenames  Code = "agency-renames"
	AgencyListNear Code = "agency-list-near"
)

var changesProblems = []problem{
	{
		number: 479, code: AgencyListFull, status: http.StatusConflict, params: []string{"jurisdiction", "most"},
		zh: parts{"部门变动次数已用完", "{jurisdiction}的部门名单最多记 {most} 次变动，余下的只留给新增和撤销部门", "{jurisdiction}",
			"部门仍可新增和撤销，但不再更名或者恢复；请用 xietong ledger list 查明是谁在反复更名"},
		en: parts{"Changes of agencies spent", "the list of agencies of {jurisdiction} takes {most} changes, and what is left is kept for additions and ends", "{jurisdiction}",
			"agencies can still be added and ended, but not renamed or brought back; find out with `xietong ledger list` who renamed them again and again"},
	},
	{
		number: 480, code: AgencyRenames, status: http.StatusTooManyRequests, params: []string{"jurisdiction", "most", "again"},
		zh: parts{"当日部门变动过多", "{jurisdiction}的部门一天最多更名和恢复 {most} 次，本次没有办理", "{jurisdiction}",
			"请在 {again} 之后再办；反复更名或者恢复的，请先查明是哪个程序所为：每次都永久占用部门名单"},
		en: parts{"Too many changes of agencies today", "agencies of {jurisdiction} are renamed or brought back {most} times a day at most, and this was not done", "{jurisdiction}",
			"again after {again}; if a program does it again and again, stop it first: each time takes a place of the list for ever"},
	},
	{
		number: 481, code: AgencyListNear, status: http.StatusConflict, params: []string{"jurisdiction", "left"},
		zh: parts{"部门变动次数将用完", "{jurisdiction}的部门只能再更名或者恢复 {left} 次，此后只能新增和撤销", "{jurisdiction}",
			"请查明是谁在反复更名（xietong ledger list），停止不必要的更名"},
		en: parts{"Changes of agencies nearly spent", "agencies of {jurisdiction} can be renamed or brought back {left} more times; after that they can only be added and ended", "{jurisdiction}",
			"find out with `xietong ledger list` who renames them again and again, and stop what is not needed"},
	},
}
