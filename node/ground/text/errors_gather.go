package text

import "net/http"

// Problems of a question to many jurisdictions.
const (
	ShareRefused      Code = "share-refused"
	SelectorMalformed Code = "selector-malformed"
	SelectorUnknown   Code = "selector-unknown"
	RosterAbsent      Code = "roster-absent"
	MembersMany       Code = "members-many"
	NobodyAnswered    Code = "nobody-answered"
	NobodyBelow       Code = "nobody-below"
)

var gatherProblems = []problem{
	{
		number: 104, code: ShareRefused, status: http.StatusBadGateway, params: []string{"jurisdiction", "reason"},
		zh: parts{"汇总结果未采信", "{jurisdiction}给出的汇总结果自相矛盾，没有计入：{reason}", "{jurisdiction}",
			"请联系{jurisdiction}的管理员，并保存双方节点的日志；其下级这次视为未答复"},
		en: parts{"Share not added in", "what {jurisdiction} answered for itself and those below it does not add up, and was not added in: {reason}",
			"{jurisdiction}", "call the administrator of {jurisdiction}, and keep the logs of both nodes; nobody below it counts as answered this time"},
	},
	{
		number: 105, code: SelectorMalformed, status: http.StatusBadRequest, params: []string{"selector", "below"},
		zh: parts{"查询范围有误", "{selector} 不是查询范围", "选项 --at", "下一级写作 '*.{below}'，全部下级写作 '**.{below}'，并加引号"},
		en: parts{"Malformed selector", "{selector} selects nobody", "the flag --at",
			"write '*.{below}' for those directly below, '**.{below}' for all below, in quotes"},
	},
	{
		number: 106, code: SelectorUnknown, status: http.StatusNotFound, params: []string{"selector", "level"},
		zh: parts{"范围内没有行政区划", "名录中没有 {selector} 范围内、层级为{level}的行政区划", "选项 --at", "请用 xietong roster list 核对名称和层级，用 --level 指定，如 county 或者县级"},
		en: parts{"Nobody selected", "the roster has no place of level {level} in {selector}", "the flag --at",
			"check the name and its level with `xietong roster list`, and give --level, such as county"},
	},
	{
		number: 372, code: MembersMany, status: http.StatusUnprocessableEntity, params: []string{"selector", "members", "most"},
		zh: parts{"范围过大", "{selector} 范围内有 {members} 个行政区划，一次最多问 {most} 个", "选项 --at", "请用 --level 只问一级，如 --level county；或者按下级分几次问，如 '**.guiyang.guizhou'"},
		en: parts{"Too many at once", "{selector} selects {members} [place|places], and {most} at most can be asked at once", "the flag --at",
			"ask one level with --level, such as county, or one branch after the other, such as '**.guiyang.guizhou'"},
	},
	{
		number: 112, code: RosterAbsent, status: http.StatusConflict, again: true, params: []string{"number", "jurisdiction"},
		zh: parts{"没有这一版名录", "{jurisdiction}没有提问方所用的第 {number} 号行政区划名录，不能据以统计覆盖情况", "{jurisdiction}",
			"名录在各级之间自动下发，十分钟后再试；仍不行的，请{jurisdiction}的管理员用 xietong status 检查与上级的连接"},
		en: parts{"Roster not here", "{jurisdiction} does not have roster {number}, which the asker counts by", "{jurisdiction}",
			"rosters are handed down by themselves: try again in ten minutes; if it stays so, have the administrator of {jurisdiction} check the link to its parent with `xietong status`"},
	},
	{
		number: 452, code: NobodyBelow, status: http.StatusNotFound, params: []string{"selector"},
		zh: parts{"范围内没有可问的行政区划", "所问的范围内没有下级行政区划，因此没有结果", "{selector}", "请改问其上级的范围，或用 --at 指明这一个行政区划；名称见 xietong roster list"},
		en: parts{"Nobody below it", "there is no jurisdiction within what was asked, so there is no result", "{selector}",
			"ask a wider branch, or this one jurisdiction with --at; `xietong roster list` has the names"},
	},
	{
		number: 324, code: NobodyAnswered, status: http.StatusBadGateway, params: []string{"selector", "members"},
		zh: parts{"无一答复", "所问的 {members} 个行政区划无一答复，因此没有结果", "{selector}", "请按各行政区划未答复的原因处理后再查询"},
		en: parts{"Nobody answered", "none of the {members} [jurisdiction|jurisdictions] that [was|were] asked has answered, so there is no result", "{selector}",
			"see why each of them did not answer, mend that, and ask again"},
	},
}
