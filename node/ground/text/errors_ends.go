package text

import "net/http"

// Problems of what ends something, cuts it off or makes it permanent.
const (
	ConsentNeeded Code = "consent-needed"
	PlanMoved     Code = "plan-moved"
	InvitedOnly   Code = "invited-only"
	NoInvitation  Code = "no-invitation"
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
}
