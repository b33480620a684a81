package text

// Sentences of what publishing a later version of a catalogue entry would do.
const (
	CLIFlagLeaveOut     Code = "cli.flag.leave-out"
	CLIPlanAsk          Code = "cli.plan.ask"
	CLIPlan             Code = "cli.plan"
	CLIPlanRows         Code = "cli.plan.rows"
	CLIPlanStay         Code = "cli.plan.stay"
	CLIPlanLeave        Code = "cli.plan.leave"
	CLIAlongDone        Code = "cli.along-done"
	CLIAlongProgress    Code = "cli.along-progress"
	CLIPlanVanish       Code = "cli.plan.vanish"
	CLIPlanReturn       Code = "cli.plan.return"
	CLIPlanUnfit        Code = "cli.plan.unfit"
	CLIPlanFault        Code = "cli.plan.fault"
	CLIPlanUnreadable   Code = "cli.plan.unreadable"
	CLIPlanEnding       Code = "cli.plan.ending"
	CLIPlanEnds         Code = "cli.plan.ends"
	CLIPlanCategory     Code = "cli.plan.category"
	CLIPlanCell         Code = "cli.plan.cell"
	CLIPlanFields       Code = "cli.plan.fields"
	CLIPlanNewFields    Code = "cli.plan.new-fields"
	CLIPlanOtherFields  Code = "cli.plan.other-fields"
	CLIPlanPurposes     Code = "cli.plan.purposes"
	CLIPlanNewPurposes  Code = "cli.plan.new-purposes"
	CLIPlanOpen         Code = "cli.plan.open"
	CLIPlanBeginning    Code = "cli.plan.beginning"
	CLIPlanBegins       Code = "cli.plan.begins"
	CLIPlanGiven        Code = "cli.plan.given"
	CLIPlanAbove        Code = "cli.plan.above"
	CLIPlanRest         Code = "cli.plan.rest"
	CLIPlanGone         Code = "cli.plan.gone"
	CLIPlanAdded        Code = "cli.plan.added"
	CLIPlanOtherwise    Code = "cli.plan.otherwise"
	CLIPlanSpelling     Code = "cli.plan.spelling"
	CLIPlanDropped      Code = "cli.plan.dropped"
	CLIPlanIndexed      Code = "cli.plan.indexed"
	CLIPlanGroups       Code = "cli.plan.groups"
	CLIPlanNewGroups    Code = "cli.plan.new-groups"
	CLIPlanMeasures     Code = "cli.plan.measures"
	CLIPlanNewMeasures  Code = "cli.plan.new-measures"
	CLIDatasetUnchanged Code = "cli.dataset.unchanged"
	CLIQueryUnfit       Code = "cli.query.unfit"
)

var planSentences = []sentence{
	{
		CLIFlagLeaveOut, "不符合新数据规范的记录不进入任何结果，每次结果均说明其条数",
		"records that do not fit the new schema are left out of every answer, which tells how many they are",
	},
	{CLIPlanAsk, "确定发布？请输入 y 或“是”", "publish? answer y or yes"},
	{CLIPlan, "在用目录为第 {version} 版；已核对全部 {records} 条记录。发布后：", "version {version} is in force; all {records} [record was|records were] checked. After publishing:"},
	{CLIPlanRows, "文件中的 {rows} 条记录与目录同时生效：新增 {new} 条，变更 {replaced} 条，内容不变 {unchanged} 条",
		"the {rows} [record|records] of the file [counts|count] together with the entry: {new} new, {replaced} changed, {unchanged} the same"},
	{CLIPlanStay, "{count} 条现有记录不在文件中，仍予保留；如需撤下，请加 --replace", "{count} [record is|records are] not in the file, and [stays|stay]; --replace takes [it|them] out"},
	{CLIPlanLeave, "{count} 条现有记录不在文件中，同时撤下", "{count} [record is|records are] not in the file, and [is|are] taken out at once"},
	{CLIAlongProgress, "正在写入（尚不生效）：已完成 {percent}%", "staging, which nobody sees yet: {percent} % done"},
	{CLIAlongDone, "文件中的 {rows} 条记录已与目录同时生效", "the {rows} [record|records] of the file [counts|count] from the same position"},
	{CLIPlanVanish, "数据项 {field} 不再提供（{count} 条记录有此项）", "{field} is given no more ({count} [record has|records have] it)"},
	{CLIPlanReturn, "数据项 {field} 重新提供（{count} 条记录原已有此项）", "{field} is given again ({count} [record has|records have] it from before)"},
	{CLIPlanUnfit, "{count} 条记录不符合新的数据规范，最前的几条：", "{count} [record does|records do] not fit the new schema[:|; the first of them:]"},
	{CLIPlanFault, "主键 {key}，数据项 {field}：{rule}", "key {key}, field {field}: {rule}"},
	{CLIPlanUnreadable, "{count} 条记录已损坏，无法核对", "{count} [record is|records are] damaged and could not be checked"},
	{CLIPlanEnding, "{count} 项现行共享权限不再有效，最前的几项：", "{count} [grant|grants] that [runs|run] now [permits|permit] nothing any more[:|; the first of them:]"},
	{CLIPlanEnds, "{consumer}，用途 {purpose}（{grant}）", "{consumer}, purpose {purpose} ({grant})"},
	{CLIPlanCategory, "共享属性由“{before}”改为“{after}”", "the category is {after}, and was {before}"},
	{CLIPlanCell, "最小分组由 {before} 条改为 {after} 条", "the smallest group told is {after}, and was {before}"},
	{CLIPlanFields, "删去的数据项：{names}", "fields taken out: {names}"},
	{CLIPlanNewFields, "新增的数据项：{names}", "fields added: {names}"},
	{CLIPlanOtherFields, "规范有变的数据项：{names}", "fields described otherwise: {names}"},
	{CLIPlanPurposes, "不再允许的用途：{names}", "purposes that are gone: {names}"},
	{CLIPlanNewPurposes, "新增的用途：{names}", "purposes added: {names}"},
	{CLIPlanOpen, "任何部门今后可按规则自动获得下列用途的共享权限：{names}", "any agency gets a grant by rule from now on for: {names}"},
	{CLIPlanBeginning, "{count} 项共享权限自此生效，最前的几项：", "{count} [grant begins|grants begin][:|; the first of them:]"},
	{CLIPlanBegins, "{consumer}，用途 {purpose}（{grant}）", "{consumer}, purpose {purpose} ({grant})"},
	{CLIPlanGiven, "随发布授予", "given by publishing"},
	{CLIPlanAbove, "所有上级辖区的部门，可对全部记录做统计，不设期限", "the agencies of all jurisdictions above, to measure all records, without end"},
	{CLIPlanRest, "目录的其他变化共 {count} 处：", "{count} other [difference|differences] of the entry:"},
	{CLIPlanGone, "删去 {at}：{before}", "{at}, taken out: {before}"},
	{CLIPlanAdded, "新增 {at}：{after}", "{at}, added: {after}"},
	{CLIPlanOtherwise, "{at} 由 {before} 改为 {after}", "{at}: {after}, and was {before}"},
	{CLIPlanSpelling, "内容没有变化，只有写法不同", "nothing changes: the entry is only written in another way"},
	{CLIPlanDropped, "取消索引：{names}", "no longer indexed: {names}"},
	{CLIPlanIndexed, "新增索引（自发布起；此前的记录逐条查找）：{names}", "indexed from now on (records from before are found by a scan): {names}"},
	{CLIPlanGroups, "不再可分组的数据项：{names}", "no longer told by: {names}"},
	{CLIPlanNewGroups, "新增可分组的数据项：{names}", "told by from now on: {names}"},
	{CLIPlanMeasures, "不再可统计：{names}", "no longer measured: {names}"},
	{CLIPlanNewMeasures, "新增可统计：{names}", "measured from now on: {names}"},
	{
		CLIDatasetUnchanged, "目录没有变化：{title}（{dataset}）仍为第 {version} 版，存证条目 {entry}",
		"unchanged: {title} ({dataset}) is version {version} as before, entry {entry}",
	},
	{CLIQueryUnfit, "另有 {count} 条记录与现行目录不符，未计入结果", "{count} more [record is|records are] not as the catalogue entry says, and are not in the answer"},
}
