package text

import "net/http"

// Problems of what ends something, cuts it off or makes it permanent.
const (
	ConsentNeeded Code = "consent-needed"
	PlanMoved     Code = "plan-moved"
	InvitedOnly   Code = "invited-only"
	NoInvitation  Code = "no-invitation"
	HostFirst     Code = "host-first"
	HostBelow     Code = "host-below"
	HostEnded     Code = "host-ended"
	CutAlready    Code = "withdrawn-already"
)

var endsProblems = []problem{
	{
		number: 460, code: ConsentNeeded, status: http.StatusConflict, params: []string{"command"},
		zh: parts{"未经确认", "没有确认，未作任何改动", "{command}", "请看清影响后在提示时回答 y 或“是”，或加 --yes"},
		en: parts{"Not confirmed", "nobody confirmed it, so nothing was changed", "{command}", "read what it would do, and answer y or yes, or give --yes"},
	},
	{
		number: 461, code: PlanMoved, status: http.StatusConflict, params: []string{"name"},
		zh: parts{"影响已变", "查看之后情况有变，与所确认的不同，未作任何改动", "{name}", "请重新查看影响后再确认"},
		en: parts{"What was shown has changed", "what it would do is not what was shown any more; nothing was changed", "{name}", "look at it again, and then confirm it"},
	},
	{
		number: 462, code: InvitedOnly, status: http.StatusConflict, params: []string{"name", "jurisdiction"},
		zh: parts{"尚未加入", "{name}只是受邀，还没有加入，没有背书可以撤回", "{jurisdiction}", "要取消邀请的，请执行 xietong invite cancel {name} --reason 理由"},
		en: parts{"Invited, not joined", "{name} was invited and has not joined: there is no endorsement to withdraw", "{jurisdiction}",
			"to take back the invitation, run `xietong invite cancel {name} --reason TEXT`"},
	},
	{
		number: 463, code: NoInvitation, status: http.StatusConflict, params: []string{"name", "jurisdiction"},
		zh: parts{"没有待用邀请", "{name}没有待用的邀请：没有邀请过，或者已经用过、已经取消", "{jurisdiction}", "请用 xietong tree 查看；已经加入的，要断开请用 xietong withdraw"},
		en: parts{"No invitation waits", "no invitation of {name} waits: there was none, or it was used or taken back", "{jurisdiction}",
			"look with `xietong tree`; to cut off a child that has joined, use `xietong withdraw`"},
	},
	{
		number: 464, code: HostFirst, status: http.StatusConflict, params: []string{"name"},
		zh: parts{"不能停止承载", "{name}是本节点自己的行政区划，不是代上级承载的下级", "{name}",
			"不再使用本节点的，请由其上级执行 xietong withdraw {name} --reason 理由，再停止节点；数据目录请妥善保管"},
		en: parts{"Not hosted for another", "{name} is this node's own jurisdiction, not one that it hosts for its parent", "{name}",
			"to give the node up, have the parent run `xietong withdraw {name} --reason REASON`, and stop the node; keep its data directory"},
	},
	{
		number: 465, code: HostBelow, status: http.StatusConflict, params: []string{"name", "below"},
		zh: parts{"还有下级", "{name}还有已加入或受邀的下级：{below}", "{name}", "请先逐个处理这些下级：xietong host end、withdraw 或 invite cancel"},
		en: parts{"It has children", "places below {name} have joined or are invited: {below}", "{name}",
			"end those first, with `xietong host end`, `withdraw` or `invite cancel`"},
	},
	{
		number: 466, code: HostEnded, status: http.StatusConflict, params: []string{"name"},
		zh: parts{"刚停止承载", "本节点启动以来已停止承载{name}，它的账本在节点重启前仍打开着", "{name}", "请重启节点后再承载"},
		en: parts{"Hosted until a moment ago", "the hosting of {name} ended since this node began, and its ledger stays open until the node is started anew", "{name}",
			"restart the node, and then host it again"},
	},
	{
		number: 450, code: CutAlready, status: http.StatusConflict, params: []string{"name", "jurisdiction", "when", "entry"},
		zh: parts{"背书早已撤回", "{jurisdiction}已于 {when} 撤回对{name}的背书（存证条目 {entry}），不必再撤回", "{name}",
			"要恢复的，请执行 xietong invite {name}；由本节点承载的，执行 xietong host add {name}"},
		en: parts{"Withdrawn already", "{jurisdiction} withdrew its endorsement of {name} {when} (entry {entry}), so there is nothing to withdraw", "{name}",
			"to bring it back, run `xietong invite {name}`; where this node hosts it, `xietong host add {name}`"},
	},
}
