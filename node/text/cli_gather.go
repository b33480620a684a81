package text

// What the command line says of a question to many.
const (
	CLIFlagOfLevel       Code = "cli.flag.level-of"
	CLIFlagByLevel       Code = "cli.flag.by"
	CLIFlagWait          Code = "cli.flag.wait"
	CLIFlagAudit         Code = "cli.flag.audit"
	CLIRowsTotal         Code = "cli.rows-total"
	CLIGatherTotal       Code = "cli.gather.total"
	CLIGatherAudited     Code = "cli.gather.audited"
	CLIGatherUnseen      Code = "cli.gather.unseen"
	CLIGatherLie         Code = "cli.gather.lie"
	CLIGatherValue       Code = "cli.gather.value"
	CLIGatherSmall       Code = "cli.gather.small"
	CLIGatherPlace       Code = "cli.gather.place"
	CLIGatherName        Code = "cli.gather.name"
	CLIGatherCount       Code = "cli.gather.count"
	CLIGatherRefused     Code = "cli.gather.refused"
	CLIGatherNotOffered  Code = "cli.gather.not-offered"
	CLIGatherUnreachable Code = "cli.gather.unreachable"
	CLIGatherLate        Code = "cli.gather.late"
	CLIGatherNotJoined   Code = "cli.gather.not-joined"
	CLIGatherHeard       Code = "cli.gather.heard"
)

var gatherSentences = []sentence{
	{CLIFlagOfLevel, "与 --at '**.NAME' 合用：只问这一级 `LEVEL`，如 county", "with --at '**.NAME': ask those of this `LEVEL` alone, such as county"},
	{CLIFlagByLevel, "与 --count 合用：按数据项 `FIELD` 的取值分别列出；向多个查询时也可按级别，如 prefecture",
		"with --count: tell it by the values of this `FIELD`, or of many for each place of a level, such as prefecture"},
	{CLIFlagWait, "与 --at '**.NAME' 合用：等候答复的秒数 `SECONDS`，默认 10", "with --at '**.NAME': wait `SECONDS` for answers, 10 by default"},
	{CLIFlagAudit, "逐级核对汇总结果，而不只是抽查", "audit all that was added up, not a sample"},
	{CLIRowsTotal, "共 {rows} 条，覆盖 {members} 个中的 {answered} 个", "rows: {rows}, covers {answered} of {members}"},
	{CLIGatherTotal, "合计 {total}，覆盖 {members} 个中的 {answered} 个", "total {total}, covers {answered} of {members}"},
	{CLIGatherAudited, "已核对汇总：{hops}", "sums audited: {hops}"},
	{CLIGatherUnseen, "未能核对汇总：{hops}", "sums not audited, for want of an answer: {hops}"},
	{CLIGatherLie, "汇总不实：{by}（{kind}）{about}", "WRONG SUM signed by {by}: {kind} {about}"},
	{CLIGatherValue, "取值", "VALUE"},
	{CLIGatherSmall, "（过小的各组合计）", "(groups too small to tell)"},
	{CLIGatherPlace, "地区", "PLACE"},
	{CLIGatherName, "名称", "NAME"},
	{CLIGatherCount, "条数", "RECORDS"},
	{CLIGatherRefused, "{by}拒绝", "refused by {by}"},
	{CLIGatherNotOffered, "没有提供这项数据", "does not offer this"},
	{CLIGatherUnreachable, "{by}联系不上它", "{by} does not reach it"},
	{CLIGatherLate, "未及时答复", "did not answer in time"},
	{CLIGatherNotJoined, "尚未加入", "has not joined"},
	{CLIGatherHeard, "{why}，最后联系于 {at}", "{why}, last heard {at}"},
}
