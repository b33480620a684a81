package text

// Sentences of the verbs about the clock.
const (
	CLIShortClock       Code = "cli.short.clock"
	CLIShortClockShow   Code = "cli.short.clock-show"
	CLIShortClockAccept Code = "cli.short.clock-accept"
	CLILongClockAccept  Code = "cli.long.clock-accept"
	ClockNow            Code = "clock.now"
	ClockLedger         Code = "clock.ledger"
	ClockCorrectedAt    Code = "clock.corrected-at"
	ClockOffset         Code = "clock.offset"
	ClockBehind         Code = "clock.behind"
	ClockSame           Code = "clock.same"
	ClockByNobody       Code = "clock.by-nobody"
	ClockByStart        Code = "clock.by-start"
	ClockByReplica      Code = "clock.by-replica"
	ClockByNeighbour    Code = "clock.by-neighbour"
	ClockBySystem       Code = "clock.by-system"
	ClockByOperator     Code = "clock.by-operator"
	ClockAcceptedNow    Code = "clock.accepted-now"
)

var clockSentences = []sentence{
	{CLIShortClock, "本机时钟", "The machine's clock"},
	{CLIShortClockShow, "查看本机时钟、账本时间、由谁证实，以及与各上下级的偏差", "Tell the clock, ledger time, who vouches for it, and how far the neighbours' clocks are off"},
	{CLIShortClockAccept, "确认本机时钟无误（记入账本）", "Vouch for the machine's clock; the ledger records it"},
	{CLILongClockAccept, "本机时钟与账本最后的时间相差超过 72 小时，或在运行中跳变，且没有上下级或对时服务为其证实时，节点暂停写入。请先核对时钟（如对照电话报时或北京时间网站），确认无误后用本命令确认，理由记入账本。\n时钟不准的，请不要确认，而应校准：校准后节点自动继续写入",
		"Where the clock is more than 72 hours off the ledger's last time, or jumped while the node ran, and neither a neighbour nor a time service vouches for it, nothing is written.\nCompare the clock with another one first. If it is right, say so with this command; the ledger records the reason. If it is wrong, set it right instead: the node writes again by itself"},
	{ClockNow, "本机时钟：{now}（{by}）", "This machine's clock: {now} ({by})"},
	{ClockLedger, "账本时间：{ledger}", "Ledger time: {ledger}"},
	{ClockCorrectedAt, "账本时间曾超前，已于 {at} 按本机时钟校正；本机时钟到达 {ledger} 后恢复", "Ledger time ran ahead; corrected at {at}, and over when the clock reaches {ledger}"},
	{ClockOffset, "{name}的时钟超前本机：{offset}", "The clock of {name} is ahead of this one by {offset}"},
	{ClockBehind, "{name}的时钟落后本机：{offset}", "The clock of {name} is behind this one by {offset}"},
	{ClockSame, "{name}的时钟与本机一致", "The clock of {name} agrees with this one"},
	{ClockByNobody, "未予采信，暂停写入", "not believed: nothing is written"},
	{ClockByStart, "启动时与账本最后的时间相近，此后走时均匀", "it was near the ledger's last time at the start, and went on evenly"},
	{ClockByReplica, "另一副本的时钟与之一致，且已得到证实", "the clock of another replica agrees, for which somebody vouches"},
	{ClockByNeighbour, "{name}的时钟与之一致", "the clock of {name} agrees"},
	{ClockBySystem, "由系统的对时服务校准", "a time service of the system has set it"},
	{ClockByOperator, "经管理员确认", "an administrator vouches for it"},
	{ClockAcceptedNow, "已采信本机时钟，写入继续。条目：{entry}", "The clock is believed, and the node writes again. Entry: {entry}"},
}
