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
	HostOtherKeys Code = "host-other-keys"
	HostEndOver   Code = "host-end-over"
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
		number: 408, code: HostOtherKeys, status: http.StatusConflict, params: []string{"name", "jurisdiction"},
		zh: parts{"密钥不在本节点", "{name}加入时所用的密钥不在本节点：它有自己的机器，或者它在本节点的数据已被移走。在本节点承载它，要另做一套密钥：它自己的机器从此不再被采信，其中的数据不会过来，各地可能要等 72 小时才采信新密钥", "{jurisdiction}",
			"它有自己的机器的，请执行 xietong invite {name}，由它在原数据目录执行 xietong join TOKEN，密钥和数据都保留；它的机器和数据确已不在的，执行 xietong host add {name} --rekey"},
		en: parts{"Its keys are not here", "{name} joined with keys that are not on this node: it has a machine of its own, or its data here were taken away. Hosting it here would make other keys: nobody would believe its own machine any more, the data there would stay behind, and others may believe the new keys only in 72 hours", "{jurisdiction}",
			"if it has a machine of its own, run `xietong invite {name}`, and there `xietong join TOKEN` in the same data directory: keys and data stay; if that machine and its data are gone, run `xietong host add {name} --rekey`"},
	},
	{
		number: 409, code: HostEndOver, status: http.StatusConflict, params: []string{"name", "entry"},
		zh: parts{"早先的请求", "这个请求先前已经办理，背书已撤回（存证条目 {entry}），其后{name}又重新加入；没有作任何改动", "{name}",
			"确要再次停止承载的，请查看现在的影响后重新提出：xietong host end {name} --reason 理由"},
		en: parts{"A request from before", "this request was served before, by a withdrawal (entry {entry}), and {name} has joined anew since; nothing was changed", "{name}",
			"to end the hosting once more, see what it does now and ask anew: `xietong host end {name} --reason TEXT`"},
	},
	{
		number: 450, code: CutAlready, status: http.StatusConflict, params: []string{"name", "jurisdiction", "when", "entry"},
		zh: parts{"背书早已撤回", "{jurisdiction}已于 {when} 撤回对{name}的背书（存证条目 {entry}），不必再撤回", "{name}",
			"要恢复的，请执行 xietong invite {name}，对方在原数据目录执行 xietong join TOKEN；已重新邀请的，用那份邀请码即可"},
		en: parts{"Withdrawn already", "{jurisdiction} withdrew its endorsement of {name} {when} (entry {entry}), so there is nothing to withdraw", "{name}",
			"to bring it back, run `xietong invite {name}`, and there `xietong join TOKEN` in the same data directory; if it is invited anew already, that invitation will do"},
	},
}
