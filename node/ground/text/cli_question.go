package text

// Sentences of the verbs about saved questions.
const (
	CLIShortQuestion       Code = "cli.short.question"
	CLIShortQuestionSave   Code = "cli.short-question-save"
	CLIShortQuestionRun    Code = "cli.short-question-run"
	CLIShortQuestionList   Code = "cli.short-question-list"
	CLIShortQuestionShow   Code = "cli.short-question-show"
	CLIShortQuestionRemove Code = "cli.short-question-remove"
	CLILongQuestionSave    Code = "cli.long-question-save"
	CLILongQuestionRun     Code = "cli.long-question-run"
	CLIQuestionSaved       Code = "cli.question.saved"
	CLIQuestionSame        Code = "cli.question.same"
	CLIQuestionThere       Code = "cli.question.there"
	CLIQuestionAsk         Code = "cli.question.ask"
	CLIQuestionRemoved     Code = "cli.question.removed"
	CLIMeasuredBy          Code = "cli.measured-by"
	CLIQuestionKept        Code = "cli.question.kept"
	CLIQuestionFirst       Code = "cli.question.first"
	CLIQuestionSince       Code = "cli.question.since"
	CLIQuestionAmount      Code = "cli.question.amount"
	CLIQuestionGroup       Code = "cli.question.group"
	CLIQuestionCoverage    Code = "cli.question.coverage"
	CLIQuestionCame        Code = "cli.question.came"
	CLIQuestionGone        Code = "cli.question.gone"
	CLIQuestionUntold      Code = "cli.question.untold"
	CLIQuestionLeftOut     Code = "cli.question.left-out"
	CLIQuestionLeft        Code = "cli.question.left"
	CLIQuestionSmall       Code = "cli.question.small"
	CLIQuestionNotTold     Code = "cli.question.not-told"
	CLIQuestionEntries     Code = "cli.question.entries"
	CLIQuestionVersion     Code = "cli.question.version"
	CLIQuestionName        Code = "cli.question.name"
	CLIQuestionAt          Code = "cli.question.at"
	CLIQuestionMeasure     Code = "cli.question.measure"
	CLIQuestionMonths      Code = "cli.question.months"
	CLIQuestionWhere       Code = "cli.question.where"
	CLIQuestionFields      Code = "cli.question.fields"
	CLIQuestionDamaged     Code = "cli.question.damaged"
)

var questionSentences = []sentence{
	{CLIShortQuestion, "保存常用查询，按月比较", "Save questions, and compare them by month"},
	{CLIShortQuestionSave, "保存一项查询", "Save a question"},
	{CLIShortQuestionRun, "执行保存的查询，并与以前月份比较", "Ask a saved question, and compare it with an earlier month"},
	{CLIShortQuestionList, "列出本部门保存的查询", "List the questions that the agency saved"},
	{CLIShortQuestionShow, "查看一项保存的查询", "Show a saved question"},
	{CLIShortQuestionRemove, "删除一项保存的查询", "Remove a saved question"},
	{
		CLILongQuestionSave,
		"以 QUESTION 为名保存一项查询，连同其用途和申请。已有同名的，先询问；由新的代替后，以前的结果不再比较。",
		"Save a question under the name QUESTION, with its purpose and application. Where there is one of that name, you are\nasked first: the new one takes its place, and is not compared with its results.",
	},
	{
		CLILongQuestionRun,
		"按保存的内容查询一次。统计结果和覆盖情况每月留存一份（当月最后一次），并与最近一个以前的月份比较；覆盖情况或未计入的记录不同的不作比较。不留存任何记录。",
		"Ask a saved question. What a measure comes to and who answered is kept for each month (the last time of that month), and is\ncompared with the newest earlier month, unless the coverage differs or other records were left out. No record is kept.",
	},
	{CLIQuestionSaved, "已保存查询“{question}”，存证条目 {entry}", "saved the question {question}, entry {entry}"},
	{CLIQuestionSame, "没有变化：“{question}”已按此保存，存证条目 {entry}", "nothing changed: {question} is saved so already, entry {entry}"},
	{
		CLIQuestionThere, "本部门已有名为“{question}”的查询（{what}），将由新的代替；旧的已留存 {months} 个月的结果，不再与其比较",
		"there is a question {question} ({what}); the new one takes its place, and is not compared with the {months} [month|months] kept of it",
	},
	{CLIQuestionAsk, "确定代替？请输入 y 或“是”", "replace it? answer y or yes"},
	{CLIQuestionRemoved, "已删除保存的查询“{question}”及其留存的各月结果，存证条目 {entry}", "removed the saved question {question} with the months that were kept of it, entry {entry}"},
	{CLIMeasuredBy, "{what}，按 {by} 分组", "{what} by {by}"},
	{CLIQuestionKept, "本月结果已留存，存证条目 {entry}", "the numbers of this month are kept: entry {entry}"},
	{CLIQuestionFirst, "没有以前月份的结果可以比较", "there is no result of an earlier month to compare with"},
	{CLIQuestionSince, "与 {month} 相比，记录数由 {before} 变为 {now}（{change}）", "since {month}: records {before}, now {now} ({change})"},
	{CLIQuestionAmount, "与 {month} 相比，统计值由 {before} 变为 {now}（{change}）", "since {month}: {before}, now {now} ({change})"},
	{
		CLIQuestionLeftOut,
		"与 {month} 相比，未计入的记录不同（当时 {before} 条，本次 {now} 条未能比较、读取或不符合目录），结果不作比较：当时 {totalbefore} 条，本次 {total} 条",
		"not the same records were left out as in {month} ({before} then, {now} now could not be compared or read, or do not fit the\ncatalogue entry), so the numbers are not compared: {totalbefore} [record|records] then, {total} now",
	},
	{CLIQuestionLeft, "两次均有 {count} 条记录未计入", "both times {count} [record was|records were] left out"},
	{
		CLIQuestionSmall, "过小或未能单列的分组合计：当时 {before} 条，现为 {now} 条",
		"groups that are not told by themselves, together: {before} [record|records] then, {now} now",
	},
	{CLIQuestionNotTold, "未单列", "not told"},
	{
		CLIQuestionEntries, "各地自己的目录是否变更，此处不作比较", "whether those who answered have changed their own catalogue entries is not compared here",
	},
	{CLIQuestionGroup, "{group}：{before}，现为 {now}（{change}）", "{group}: {before}, now {now} ({change})"},
	{CLIQuestionUntold, "{group}：{before}，现为 {now}", "{group}: {before}, now {now}"},
	{
		CLIQuestionCoverage,
		"与 {month} 的覆盖情况不同（当时 {members} 个中 {answered} 个答复，本次 {membersnow} 个中 {answerednow} 个），结果不作比较",
		"the coverage is not that of {month} ({answered} of {members} answered then, {answerednow} of {membersnow} now), so the numbers are\nnot compared",
	},
	{CLIQuestionCame, "当时未答复、本次答复的：{names}", "answered now and not then: {names}"},
	{CLIQuestionGone, "当时答复、本次未答复的：{names}", "answered then and not now: {names}"},
	{CLIQuestionVersion, "注意：目录已由第 {before} 版改为第 {now} 版，口径可能不同", "note: the catalogue entry was version {before} then and is version {now} now, so what is counted may differ"},
	{CLIQuestionName, "名称", "question"},
	{CLIQuestionAt, "查询范围", "asked of"},
	{CLIQuestionMeasure, "统计", "measure"},
	{CLIQuestionMonths, "已留存月份", "months kept"},
	{CLIQuestionWhere, "条件", "where"},
	{CLIQuestionFields, "数据项", "fields"},
	{
		CLIQuestionDamaged,
		"注意：条目 {entry} 保存的一项查询已损坏，无法读取，未列入；请以原名重新保存，或者删除",
		"note: a question that entry {entry} saved is damaged and cannot be read, so it is not listed; save it again under its name, or remove it",
	},
}
