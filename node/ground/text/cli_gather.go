package text

// Sentences about a question to many jurisdictions.
const (
	CLIFlagOfLevel       Code = "cli.flag.level-of"
	CLIFlagByLevel       Code = "cli.flag.by"
	CLIFlagWait          Code = "cli.flag.wait"
	CLIFlagAudit         Code = "cli.flag.audit"
	CLIRowsTotal         Code = "cli.rows-total"
	CLIFlagMeasure       Code = "cli.flag.measure"
	CLISum               Code = "cli.sum"
	CLIAverage           Code = "cli.average"
	CLIMinimum           Code = "cli.minimum"
	CLIMaximum           Code = "cli.maximum"
	CLIWith              Code = "cli.with"
	CLIMeasure           Code = "cli.measure"
	CLIMeasureNone       Code = "cli.measure-none"
	CLISmallestCell      Code = "cli.smallest-cell"
	CLIMeasures          Code = "cli.measures"
	CLIGatherTotal       Code = "cli.gather.total"
	CLIGatherAudited     Code = "cli.gather.audited"
	CLIGatherUnseen      Code = "cli.gather.unseen"
	CLIGatherLie         Code = "cli.gather.lie"
	CLIGatherSmall       Code = "cli.gather.small"
	CLIGroupNone         Code = "cli.gather.none"
	CLIGatherPlace       Code = "cli.gather.place"
	CLIGatherName        Code = "cli.gather.name"
	CLIGatherCount       Code = "cli.gather.count"
	CLIGatherNotOffered  Code = "cli.gather.not-offered"
	CLIGatherLeftOut     Code = "cli.gather.left-out"
	CLIGatherDamaged     Code = "cli.gather.damaged"
	CLIGatherPart        Code = "cli.gather.part"
	CLIGatherAndMore     Code = "cli.gather.and-more"
	CLIGatherUnreachable Code = "cli.gather.unreachable"
	CLIGatherLate        Code = "cli.gather.late"
	CLIGatherNotJoined   Code = "cli.gather.not-joined"
	CLIGatherItself      Code = "cli.gather.itself"
	CLIGatherWhy         Code = "cli.gather.why"
	CLIGatherAbsent      Code = "cli.gather.absent"
	CLIGatherAbsentMany  Code = "cli.gather.absent-many"
	CLIGatherHeard       Code = "cli.gather.heard"
	CLIGatherNamedHeard  Code = "cli.gather.named-heard"
	CLIGatherSeveral     Code = "cli.gather.several"
	CLIGatherSaid        Code = "cli.gather.said"
	CLIGatherBranch      Code = "cli.gather.branch"
	CLIGatherNotTaken    Code = "cli.gather.not-taken"
	CLIGatherLeaves      Code = "cli.gather.leaves"
	CLIGatherOthers      Code = "cli.gather.others"
	CLIGatherBeside      Code = "cli.gather.beside"
	CLIGatherUnproven    Code = "cli.gather.unproven"
	CLIGatherAgain       Code = "cli.gather.again"
	CLIShortAudits       Code = "cli.short.ledger-audits"
	CLIAuditsAsked       Code = "cli.audits.asked"
	CLIAuditsHop         Code = "cli.audits.hop"
	CLIAuditsFound       Code = "cli.audits.found"
	CLIAuditsAt          Code = "cli.audits.at"
	CLIAuditsNone        Code = "cli.audits.none"
	CLIAuditsOpen        Code = "cli.audits.open"
	CLIAuditsUnjudged    Code = "cli.audits.unjudged"
	CLIGatherUnbelieved  Code = "cli.gather.unbelieved"
	CLIAuditsAudited     Code = "cli.audits.audited"
	CLIAuditsLied        Code = "cli.audits.lied"
	CLIAuditsWithheld    Code = "cli.audits.withheld"
	CLIAuditsUnproven    Code = "cli.audits.unproven"
	CLIAuditsUnreached   Code = "cli.audits.unreached"
	CLIStatusAsOf        Code = "cli.status-as-of"
	CLIGatherNobodys     Code = "cli.gather.nobodys"
	CLIGatherThemselves  Code = "cli.gather.themselves"
	CLIAuditsSaid        Code = "cli.audits.said"
	CLIAuditsSaidOpen    Code = "cli.audits.said-open"
	CLIAuditsAnswered    Code = "cli.audits.answered"
	CLIAuditsGone        Code = "cli.audits.gone"
	CLIAuditsNotAsked    Code = "cli.audits.not-asked"
	CLIAuditsNotUp       Code = "cli.audits.not-up"
	CLIAuditsDeclined    Code = "cli.audits.declined"
	CLIAuditsItself      Code = "cli.audits.itself"
	CLIAuditsSilent      Code = "cli.audits.silent"
	CLIAuditsUnreachable Code = "cli.audits.unreachable"
)

var gatherSentences = []sentence{
	{CLIFlagOfLevel, "与 --at '**.NAME' 合用：只问这一层级 `LEVEL`，如 county 或县级", "with --at '**.NAME': ask those of this `LEVEL` alone, such as county"},
	{CLIFlagByLevel, "与 --count、--sum 等合用：按数据项 `FIELD` 的取值分别列出，最多两项，用逗号分隔；向多个查询时也可按层级，如 prefecture 或市级",
		"with --count, --sum and the like: tell it by the values of `FIELD`, of two at most, with a comma; of many also by the places of a level, such as prefecture"},
	{CLIFlagWait, "与 --at '**.NAME' 合用：等候答复的秒数 `SECONDS`，默认 10；与统计和 --all 合用：每页的秒数", "with --at '**.NAME': wait `SECONDS` for answers, 10 by default; with a measure and --all: of each page"},
	{CLIFlagAudit, "逐级核对汇总结果，而不只是抽查", "audit all that was added up, not a sample"},
	{CLIRowsTotal, "共 {rows} 条，覆盖 {members} 个中的 {answered} 个", "rows: {rows}, covers {answered} of {members}"},
	{CLIFlagMeasure, "数据项 `FIELD` 的{function}", "{function} of the field `FIELD`"},
	{CLISum, "合计", "sum"},
	{CLIAverage, "平均值", "average"},
	{CLIMinimum, "最小值", "minimum"},
	{CLIMaximum, "最大值", "maximum"},
	{CLIWith, "有值", "with value"},
	{CLIMeasure, "{field} 的{function}：{amount}（{with} 条有值，{without} 条无值）", "{function} of {field}: {amount} ({with} with a value, {without} without)"},
	{CLIMeasureNone, "{count} 条记录中，{field} 都没有值", "none of {count} [record|records] has a value of {field}"},
	{CLISmallestCell, "分组最小记录数", "smallest group"},
	{CLIMeasures, "可统计的数据项", "measures"},
	{CLIGatherTotal, "共 {total} 条，覆盖 {members} 个中的 {answered} 个", "records: {total}, covers {answered} of {members}"},
	{CLIGatherAudited, "已核对汇总：{hops}", "sums audited: {hops}"},
	{CLIGatherUnseen, "未能核对（未出示或不能证明）：{hops}", "NOT audited, because it was not shown or not proven: {hops}"},
	{CLIGatherLie, "汇总不实：{by}（{kind}）{about}", "WRONG SUM signed by {by} ({kind}) {about}"},
	{CLIGroupNone, "（无值）", "(no value)"},
	{CLIGatherSmall, "（过小的各组合计）", "(groups too small to tell)"},
	{CLIGatherPlace, "地区", "place"},
	{CLIGatherName, "名称", "name"},
	{CLIGatherCount, "条数", "records"},
	{CLIGatherNotOffered, "没有提供这项数据", "no such data there"},
	{
		CLIGatherLeftOut, "所查 {of} 条记录中，有 {count} 条无法比较（没有值、类型不符或计算量过大），未计入结果：{places}",
		"{count} of {of}: these records could not be compared (no value, another type, or too much work), and are not in the answer: {places}",
	},
	{
		CLIGatherDamaged, "所查 {of} 条记录中，有 {count} 条已损坏、无法读取，未计入结果：{places}",
		"{count} of {of}: these records are damaged where they are kept, and not in the answer: {places}",
	},
	{CLIGatherPart, "{name} {of} 条中的 {count} 条", "{name} {count} of {of}"},
	{CLIGatherAndMore, "另有 {count} 个地区（加 --json 列出）", "{count} more [place|places] (--json lists them)"},
	{CLIGatherUnreachable, "{by}联系不上它", "{by} does not reach it"},
	{CLIGatherLate, "未及时答复", "did not answer in time"},
	{CLIGatherNotJoined, "尚未加入", "has not joined"},
	{CLIGatherItself, "拒绝", "refused"},
	{CLIGatherWhy, "{state}：{why}", "{state}: {why}"},
	{CLIGatherAbsent, "尚未加入 {count} 个：{names}", "not joined, {count}: {names}"},
	{CLIGatherAbsentMany, "尚未加入 {count} 个（加 --json 列出）", "not joined: {count} (--json lists them)"},
	{CLIGatherSaid, "据{by}：{why}", "{by} says: {why}"},
	{CLIGatherNotTaken, "被拒绝，或其答复未予采信", "refused, or its answer was not taken"},
	{CLIGatherLeaves, "没有下级可汇总、只须核验签名的：{count} 个，均已核验", "have nobody below to add up, and their signatures were verified: {count}"},
	{CLIGatherOthers, "（{of}的其余各组合计）", "(other groups of {of})"},
	{CLIGatherBeside, "名录之外，不计入合计：{name} {records}", "not in the roster, in no total: {name} {records}"},
	{CLIGatherUnproven, "名录之外，不计入合计，且未能证明其得到背书：{name} {records}", "not in the roster, in no total, and no endorsement of it is found: {name} {records}"},
	{CLIGatherAgain, "将在 24 小时内再次索取：{hops}；结果见 {xietong} ledger audits {entry}", "asked again for 24 hours: {hops}; `{xietong} ledger audits {entry}` tells what comes of it"},
	{CLIStatusAsOf, "对方身份状态截至 {at}：此后未能向其上级核实", "status as of {at}: those who vouch for whoever answered could not be asked since"},
	{CLIGatherNobodys, "未能证明：{by}出示的{about}的答复，签名密钥不属于任何已知的密钥集", "NOT proven: {by} shows an answer of {about}, signed with a key that nobody is known to have"},
	{CLIGatherThemselves, "将直接询问被称未答复的地区：{who}；结果见 {xietong} ledger audits {entry}", "said not to have answered, and asked themselves: {who}; `{xietong} ledger audits {entry}` tells what they say"},
	{CLIAuditsSaid, "{by}称其{state}；{word}", "{by} says: {state}. {word}"},
	{CLIAuditsSaidOpen, "将直接询问其本身，至 {until}", "it is asked itself until {until}"},
	{CLIAuditsAnswered, "其出示了已签名的答复", "It shows the answer that it signed"},
	{CLIAuditsGone, "其称已答复，未出示", "It says that it answered, and shows no answer"},
	{CLIAuditsNotAsked, "其称链路正常，未收到查询", "It says that its link was up, and the question never came"},
	{CLIAuditsNotUp, "其称未收到查询，链路当时未通或情况不明", "It says that the question never came, and not that its link was up"},
	{CLIAuditsDeclined, "再次询问，其仍称没有作出答复", "Asked again, it says that it gave no answer"},
	{CLIAuditsItself, "其自称{state}；{word}", "It said itself: {state}. {word}"},
	{CLIAuditsSilent, "一天之内未得到其说明", "It said nothing for a day"},
	{CLIAuditsUnreachable, "联系不上", "not reached"},
	{CLIShortAudits, "查看分级查询事后核对的结果", "Tell what was audited after its question was answered"},
	{CLIAuditsAsked, "查询留痕", "question"},
	{CLIAuditsHop, "地区", "of whom"},
	{CLIAuditsFound, "结果", "found"},
	{CLIAuditsAt, "时间", "at"},
	{CLIAuditsNone, "没有待核对事项，也没有事后核对的结果", "nothing is open, and nothing was found"},
	{CLIAuditsOpen, "尚未出示，索取至 {until}", "not shown yet; asked again until {until}"},
	{CLIAuditsUnjudged, "已出示，本方尚不能证明：{why}；至 {until} 之前再核对", "shown, and not to be proven here yet: {why}; looked at again until {until}"},
	{CLIGatherUnbelieved, "新密钥尚未获采信：{why}（见 xietong tree）", "its new keys are not believed yet: {why} (see xietong tree)"},
	{CLIGatherBranch, "{name}及其下级共 {count} 个", "{name} and those below it, {count} in all"},
	{CLIAuditsAudited, "事后已核对，相符", "audited later, and right"},
	{CLIAuditsLied, "事后核对，汇总不实", "AUDITED LATER: WRONG"},
	{CLIAuditsWithheld, "一天之内未出示", "withheld: not shown for a day"},
	{CLIAuditsUnproven, "已出示，但签名密钥不属于任何已知的密钥集", "shown, but signed with a key that nobody is known to have"},
	{CLIAuditsUnreached, "一天之内未能联系上它", "could not be asked for a day"},
	{CLIGatherNamedHeard, "{name}（最后联系于 {at}）", "{name} (last heard {at})"},
	{CLIGatherSeveral, "{names}，另有 {more} 个（加 --json 列出）", "{names} and {more} more (--json lists them)"},
	{CLIGatherHeard, "{why}，最后联系于 {at}", "{why}, last heard {at}"},
}
